/**
 * @file Equations that a page cites. Every citation becomes a link, and the page includes the equations, so that a
 * reader needs no other file.
 */
import { escapeText } from "../figures/escape.ts";
import { counted } from "../findings/numbers.ts";
import { theoryEquations } from "./theoryEquations.ts";

/** Matches whole elements whose text stays as it is, and single tags; everything between the matches is text. */
const markup = /<(script|style|svg|math|a|pre|code|title|button|select)\b[\s\S]*?<\/\1>|<[^>]*>/g;

/** Matches "Eq. 53", "Eqs. 33 to 37, 86" and the like, but not equations of a paper. */
const citation = /(?<!paper(?:'s|&#39;s)? )\bEqs?\. \d+(?:(?:, | and | to )\d+)*/g;

/** Applies `change` to the text between tags. */
function changeText(html: string, change: (text: string) => string): string {
  const parts: string[] = [];
  let at = 0;
  for (const { 0: found, index } of html.matchAll(markup)) {
    parts.push(change(html.slice(at, index)), found);
    at = index + found.length;
  }
  return parts.join("") + change(html.slice(at));
}

/** Numbers of the equations that a page cites, ascending, with ranges expanded. */
export function citedEquations(html: string): number[] {
  const found = new Set<number>();
  changeText(html, (text) => {
    for (const [words] of text.matchAll(citation))
      for (const [, from, to = from] of words.matchAll(/(\d+)(?: to (\d+))?/g))
        for (let number = Number(from); number <= Number(to); number++) found.add(number);
    return text;
  });
  return [...found].filter((number) => theoryEquations[number] !== undefined).sort((x, y) => x - y);
}

/** The page with its citations as links. @param anchorOf the anchor of an equation, if the page has it */
export function linkEquations(html: string, anchorOf: (number: number) => string | undefined): string {
  const link = (number: string) => {
    const anchor = anchorOf(Number(number));
    return anchor === undefined ? number : `<a class="eq" href="#${anchor}">${number}</a>`;
  };
  return changeText(html, (text) => text.replace(citation, (words) => words.replace(/\d+/g, link)));
}

/** Anchor of an equation in the page's list of equations. */
export function equationAnchor(number: number): string {
  return `eq-${number}`;
}

/** The equations as a list, "" for none. */
export function renderEquations(numbers: readonly number[]): string {
  if (numbers.length === 0) return "";
  const items = numbers.map((number) => {
    const { title, lead, formula, letters } = theoryEquations[number]!;
    const words = (text: string) => (text === "" ? "" : `<p>${inline(text)}</p>`);
    return `<div id="${equationAnchor(number)}"><dt>${escapeText(title)}</dt><dd>${words(lead)}<pre>${multiline(formula)}</pre>${words(letters)}</dd></div>`;
  });
  return (
    `<section id="equations"><h2>Equations</h2><p class="soft">Equations cited on this page that the glossary does not show. docs/theory.md of crh-lab derives them.</p>` +
    `<details class="table"><summary>${counted(numbers.length, "equation")}</summary><dl class="cited">${items.join("")}</dl></details></section>`
  );
}

/** Markdown's code and emphasis as HTML. */
function inline(text: string): string {
  return escapeText(text)
    .replace(/`([^`]+)`/g, "<code>$1</code>")
    .replace(/\*([^*\s][^*]*)\*/g, "<em>$1</em>");
}

function multiline(text: string): string {
  return text.split("\n").map(escapeText).join("\n");
}
