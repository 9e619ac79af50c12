/**
 * @file A given report as a page that can be shown inside this one: its text and figures, without anything that runs,
 * loads or leads elsewhere.
 */

const REMOVED = "script, iframe, object, embed, base, link, meta[http-equiv], form";

/** @throws Error in one line if the file is not a report of this project */
export function reportPage(html: string): string {
  const page = new DOMParser().parseFromString(html, "text/html");
  if (!page.title.endsWith("· crh-lab") || page.body.dataset.run === undefined)
    throw new Error(
      "open: expected a report of crh-lab, got another page; crh run and crh analyze --out write reports (report.html)",
    );
  for (const element of page.querySelectorAll(REMOVED)) element.remove();
  for (const element of page.querySelectorAll("*"))
    for (const { name, value } of [...element.attributes])
      if (/^on/i.test(name) || (/^(href|src|xlink:href)$/i.test(name) && !/^(#|data:image\/)/i.test(value)))
        element.removeAttribute(name);
  return `<!doctype html>${page.documentElement.outerHTML}`;
}
