/** @file The documents as web pages, as a folder of files. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { apiBody } from "./api.ts";
import { framed } from "./frame.ts";
import { type Body, documentBody, escaped, type Heading } from "./markdown.ts";
import { API, addressOf, EXAMPLES, files, type Page, pages } from "./pages.ts";

/**
 * Every file of docs/ of the site, by name.
 *
 * @param root the repository, compiled to dist/
 * @throws Error in one line where a link leads nowhere or an export is not declared
 */
export function documents(root: string): Map<string, string> {
  const read = (path: string): string => readFileSync(join(root, path), "utf8");
  const equations = new Set(
    [...read("docs/theory.md").matchAll(/^### Eq\. (\d+):/gm)].map(([, number]) => Number(number)),
  );
  const icon = /rel="icon" href="([^"]+)"/.exec(read("src/web/index.html"))![1]!;
  const bodyOf = ({ source, address }: Page): Body => {
    if (address === API.address) return apiBody(root, equations);
    if (source === undefined) return examplesBody(root);
    const hasFormulas = source === "docs/theory.md";
    return documentBody(read(source), { path: source, addressOf, hasFormulas, equations });
  };
  const made = new Map<string, string>();
  for (const page of pages) {
    const { html, headings } = bodyOf(page);
    made.set(page.address, framed(page, html, headings, icon));
  }
  for (const [source, name] of Object.entries(files)) made.set(name, read(source));
  const style = join("scripts", "site", "docs.css");
  const shared = ["tokens.css", "code.css"].map((name) => read(join("src", "web", name)));
  return made.set("docs.css", [...shared, read(style)].join("\n"));
}

function examplesBody(root: string): Body {
  const headings: Heading[] = [];
  const sections = readdirSync(join(root, "examples"))
    .filter((name) => name.endsWith(".mjs"))
    .sort()
    .map((name) => {
      const id = name.replace(/\.mjs$/, "");
      const title = id.replaceAll("-", " ").replace(/^(\d+) (.)/, (_, n, first) => `${n}. ${first.toUpperCase()}`);
      headings.push({ level: 2, id, text: title });
      const code = readFileSync(join(root, "examples", name), "utf8");
      return `<h2 id="${id}">${title}</h2>\n<pre tabindex="0"><code>${escaped(code)}</code></pre>`;
    });
  const html = `<h1 id="examples">${EXAMPLES.title}</h1>
<p>Programs that use the library: <code>node examples/1-train-and-measure.mjs</code> runs the first.</p>
${sections.join("\n")}\n`;
  return { html, headings };
}
