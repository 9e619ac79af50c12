/** @file A Markdown document of the repository as the body of a page, with the places in it that a list may lead to. */
import { dirname, join, normalize } from "node:path/posix";
import { Marked, type Tokens } from "marked";
import { inText, linkEquations, linkFiles } from "./references.ts";
import { isTable, typesetBlock, typesetSentence } from "./typeset.ts";

export interface Heading {
  readonly level: number;
  readonly id: string;
  /** HTML without links. */
  readonly text: string;
}

export interface Body {
  readonly html: string;
  readonly headings: readonly Heading[];
}

export interface DocumentOptions {
  /** Path in the repository, which its links are relative to. */
  readonly path: string;
  /** The address of a path in the repository, as the page asks for it. */
  readonly addressOf: (path: string, from: string) => string;
  /** Whether indented blocks are formulas. */
  readonly hasFormulas: boolean;
  /** Numbers that docs/theory.md has. */
  readonly equations: ReadonlySet<number>;
}

/** @throws Error where a link leads nowhere, or HTML stands among the text: nothing may be lost */
export function documentBody(markdown: string, options: DocumentOptions): Body {
  const { path, addressOf, hasFormulas, equations } = options;
  const headings: Heading[] = [];
  const known = new Set<string>();
  const address = (target: string): string => {
    if (/^https?:/.test(target)) return target;
    if (target.startsWith("#")) return target;
    return addressOf(normalize(join(dirname(path), target)), path);
  };
  const marked = new Marked({
    gfm: true,
    renderer: {
      heading({ tokens, depth, text }: Tokens.Heading) {
        const id = placeOf(text, known);
        const html = this.parser.parseInline(tokens);
        headings.push({ level: depth, id, text: html.replaceAll(/<\/?a\b[^>]*>/g, "") });
        const number = hasFormulas ? /^Eq\. (\d+):/.exec(text)?.[1] : undefined;
        const mark = number === undefined ? "" : `<span id="eq-${number}"></span>`;
        return `<h${depth} id="${id}">${mark}${html}</h${depth}>\n`;
      },
      code({ text, codeBlockStyle }: Tokens.Code) {
        if (hasFormulas && codeBlockStyle === "indented" && !isTable(text)) return `${typesetBlock(text)}\n`;
        return `<pre tabindex="0"><code>${escaped(text)}</code></pre>\n`;
      },
      table(token: Tokens.Table) {
        const row = (cells: Tokens.TableCell[], tag: string): string =>
          `<tr>${cells.map((cell) => `<${tag}${cell.align === "right" ? ' class="right"' : ""}>${this.parser.parseInline(cell.tokens)}</${tag}>`).join("")}</tr>`;
        const body = token.rows.map((cells) => row(cells, "td")).join("\n");
        return `<div class="wide" tabindex="0"><table><thead>${row(token.header, "th")}</thead><tbody>${body}</tbody></table></div>\n`;
      },
      link({ href, tokens }: Tokens.Link) {
        return `<a href="${escaped(address(href))}">${this.parser.parseInline(tokens)}</a>`;
      },
      image({ href, text }: Tokens.Image) {
        return `<img class="raster" loading="lazy" src="${escaped(address(href))}" alt="${escaped(text)}">`;
      },
      html({ text }: Tokens.HTML | Tokens.Tag) {
        throw new Error(
          `site: expected Markdown in ${path}, got the HTML ${JSON.stringify(text.slice(0, 60))}; put it between \`\``,
        );
      },
    },
    tokenizer: {
      del: () => undefined, // W~ is a letter with a tilde
      // x_i) and x_j is no emphasis; false leaves the rest to marked
      emStrong: (source) => (source.startsWith("_") ? undefined : false),
    },
  });
  const html = marked.parse(markdown, { async: false });
  const set = hasFormulas ? inText(html, (text) => typesetSentence(unescaped(text))) : html;
  return { html: linkFiles(linkEquations(set, equations, hasFormulas), path, addressOf), headings };
}

/** The name of a place as GitHub makes it from a heading, so that links hold there and here. */
export function placeOf(heading: string, known: Set<string>): string {
  const name = heading
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}\s_-]/gu, "")
    .replaceAll(/\s/g, "-");
  let id = name;
  for (let i = 1; known.has(id); i++) id = `${name}-${i}`;
  known.add(id);
  return id;
}

export function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");
}

/** What marked escapes. */
function unescaped(html: string): string {
  const signs: Readonly<Record<string, string>> = { lt: "<", gt: ">", quot: '"', "#39": "'", amp: "&" };
  return html.replaceAll(/&(lt|gt|quot|#39|amp);/g, (_, name: string) => signs[name]!);
}
