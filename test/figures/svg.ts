/**
 * @file What the tests read from a figure: its texts, its table, and a check that it is clean.
 */
import { parseHTML } from "linkedom";
import { expect } from "vitest";
import type { Figure } from "../../src/figures/figure.ts";

/** All texts of the picture in order. */
export function textsOf(svg: string): string[] {
  const { document } = parseHTML(`<body>${svg}</body>`);
  return [...document.querySelectorAll("text")].map((text) => text.textContent ?? "");
}

/** Rows of the table as records. */
export function rowsOf(csv: string): Record<string, string>[] {
  const [header, ...lines] = csv.trimEnd().split("\n");
  const names = header!.split(",");
  return lines.map((line) => Object.fromEntries(line.split(",").map((value, i) => [names[i]!, value])));
}

/** Nothing that could leak into a page or differ between two calls, and no number that is not one. */
export function expectClean(figure: Figure): void {
  for (const svg of [figure.svg, figure.legend ?? "", ...figure.panels]) {
    expect(svg).not.toMatch(/<style|<script|\sid="|\sclass="plot|clip-path|NaN|Infinity|undefined/);
    expect(svg.match(/<svg/g)?.length).toBe(svg.match(/<\/svg>/g)?.length);
  }
}
