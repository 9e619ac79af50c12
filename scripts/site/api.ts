/** @file The page of the public API: every export of src/index.ts and src/browser.ts under the titles that they have there. */
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { type Declaration, declarationOf, fileComment, passedOnFrom } from "./declarations.ts";
import { type Body, escaped, type Heading } from "./markdown.ts";
import { linkEquations } from "./references.ts";

export interface Export {
  readonly name: string;
  /** The file that declares it, from src/. */
  readonly file: string;
  readonly group: string;
}

/** Exports that a file lists by name, with the titles above them. @param text of src/index.ts or src/browser.ts */
export function exportsOf(text: string): Export[] {
  const found: Export[] = [];
  let group = "";
  for (const { 1: title, 2: names, 3: file } of text.matchAll(
    /^\/\/ (.*)$|^export (?:type )?\{([^}]*)\} from "\.\/(.*)\.ts";$/gm,
  )) {
    if (title !== undefined) group = title;
    for (const name of (names ?? "").split(",").map((one) => one.trim().replace(/^type /, "")))
      if (name !== "") found.push({ name, file: file!, group });
  }
  return found;
}

/**
 * @param root the repository, compiled
 * @throws Error where an export is not declared in the file that it is listed from
 */
export function apiBody(root: string, equations: ReadonlySet<number>): Body {
  const read = (name: string): string => readFileSync(join(root, "src", name), "utf8");
  const [index, browser] = [read("index.ts"), read("browser.ts")];
  const inBrowser = exportsOf(browser);
  const all = [...inBrowser, ...exportsOf(index)];
  const groups = [...new Set([...exportsOf(index), ...inBrowser].map(({ group }) => group))];
  const headings: Heading[] = [];
  const sections = groups.map((group) => {
    const id = group.toLowerCase().replaceAll(/\W+/g, "-");
    headings.push({ level: 2, id, text: escaped(group) });
    const entries = all
      .filter((one) => one.group === group)
      .sort((one, other) => one.name.localeCompare(other.name, "en"))
      .map((one) => {
        headings.push({ level: 3, id: one.name, text: `<code>${one.name}</code>` });
        return entry(root, one, inBrowser.includes(one));
      });
    return `<h2 id="${id}">${escaped(group)}</h2>\n${entries.join("\n")}`;
  });
  const intro = [index, browser].map((text) => paragraphs(fileComment(text))).join("\n");
  const html = `<h1 id="api">API</h1>\n${intro}\n${sections.join("\n")}`;
  return { html: linkEquations(html, equations, false), headings };
}

function entry(root: string, { name, file }: Export, isInBrowser: boolean): string {
  const { text, path } = declaring(root, file, name);
  const { kind, signature, comment } = declarationOf(text, name, path);
  const entrances = isInBrowser ? "crh-lab, crh-lab/browser" : "crh-lab";
  return `<section class="export">
<h3 id="${name}"><code>${name}</code> <small>${kind} of ${entrances}</small></h3>
<pre><code>${withSoftComments(signature)}</code></pre>
${described(comment === "" && isAlone(text, kind) ? fileComment(text) : comment)}
</section>`;
}

/** The declarations of the file that a name comes from. */
function declaring(root: string, file: string, name: string): { text: string; path: string } {
  const text = readFileSync(join(root, "dist", `${file}.d.ts`), "utf8");
  const other = passedOnFrom(text, name);
  return other === undefined ? { text, path: `src/${file}.ts` } : declaring(root, join(dirname(file), other), name);
}

/** Whether a file is about one thing, so that what it says of itself is said of that. */
function isAlone(text: string, kind: Declaration["kind"]): boolean {
  return kind !== "const" && [...text.matchAll(/^export /gm)].length === 1;
}

function withSoftComments(code: string): string {
  return escaped(code).replaceAll(/\/\*\*[\s\S]*?\*\//g, (comment) => `<i>${comment}</i>`);
}

/** A comment as HTML: what it says, then parameters, result and errors as a list. */
export function described(comment: string): string {
  const [text = "", ...tags] = comment.split(/(?:^|\s)(?=@(?:param|returns|throws)\b)/);
  const rows = tags.map((tag) => {
    const [, word = "", said = ""] = /^@(\w+)\s*([\s\S]*)$/.exec(tag)!;
    // paragraphs behind the tags speak of the whole
    const [first = "", ...rest] = said.trim().split(/\n\s*\n/);
    const [, name, meaning] = word === "param" ? (/^(\S+)\s*(?:- )?([\s\S]*)$/.exec(first) ?? []) : [];
    const term = word === "param" ? `<code>${escaped(name ?? "")}</code>` : word;
    return { row: `<dt>${term}</dt><dd>${inline(meaning ?? first)}</dd>`, rest: rest.join("\n\n") };
  });
  const list = rows.length === 0 ? "" : `<dl>${rows.map(({ row }) => row).join("")}</dl>`;
  return paragraphs(text) + list + paragraphs(rows.map(({ rest }) => rest).join("\n\n"));
}

function paragraphs(text: string): string {
  return text
    .split(/\n\s*\n/)
    .filter((one) => one.trim() !== "")
    .map((one) => `<p>${inline(one.trim())}</p>`)
    .join("\n");
}

function inline(text: string): string {
  return escaped(text).replaceAll(/`([^`]+)`/g, "<code>$1</code>");
}
