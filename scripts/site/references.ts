/** @file Equations and documents that a text names without a link, as links. */
import { pages } from "./pages.ts";

/** Those of papers, not of docs/theory.md. */
const OF_A_PAPER = /(?:paper(?:'s|&#39;s)?,?(?: below| between)?|\bits|memo) $/i;

/** `Eq. 11`, `Eqs. 93 to 99` as links to docs/theory.md. @param isTheory whether the page is that document itself */
export function linkEquations(html: string, equations: ReadonlySet<number>, isTheory: boolean): string {
  const page = isTheory ? "" : "theory.html";
  return inText(html, (text, before) =>
    text.replaceAll(
      /\b(Eqs?\. )(\d+)((?:(?:, | and | to |, and |-)\d+)*)/g,
      (whole, word: string, first: string, rest: string, at: number) => {
        if (OF_A_PAPER.test(before + text.slice(0, at))) return whole;
        const link = (number: string, shown: string): string =>
          equations.has(Number(number)) ? `<a class="eq" href="${page}#eq-${number}">${shown}</a>` : shown;
        const others = word === "Eqs. " ? rest.replaceAll(/\d+/g, (number) => link(number, number)) : rest;
        return link(first, word + first) + others;
      },
    ),
  );
}

/** `docs/formats.md` and `theory.md` in a text as links. */
export function linkFiles(html: string, path: string, addressOf: (path: string, from: string) => string): string {
  return inText(html, (text) =>
    text.replaceAll(/(?<![\w/])(?:docs\/)?(\w+\.md)\b/g, (shown, name: string) => {
      const source = pages.find((page) => page.source === `docs/${name}` || page.source === shown)?.source;
      return source === undefined || source === path ? shown : `<a href="${addressOf(source, path)}">${shown}</a>`;
    }),
  );
}

/** Changes the text outside links, code and headings; `before` is what stands before it in its paragraph. */
export function inText(html: string, change: (text: string, before: string) => string): string {
  let closed = ""; // the end tag that is waited for
  let before = "";
  return html
    .split(/(<[^>]+>)/)
    .map((piece) => {
      if (piece.startsWith("<")) {
        const [, slash, name = ""] = /^<(\/?)(\w+)/.exec(piece) ?? [];
        if (closed === "" && slash === "" && /^(?:a|code|pre|h[1-6])$/.test(name)) closed = name;
        else if (slash === "/" && name === closed) closed = "";
        if (/^(?:p|li|td|th|h[1-6])$/.test(name)) before = "";
        return piece;
      }
      const changed = closed === "" ? change(piece, before) : piece;
      before += piece;
      return changed;
    })
    .join("");
}
