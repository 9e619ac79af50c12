/**
 * @file A figure on the page: its panels, buttons for SVG and CSV with the numbers packed beside them, caption, what
 * the glossary explains, counterpart.
 */
import { zlibSync } from "fflate";
import { escapeText } from "../figures/escape.ts";
import type { Figure } from "../figures/figure.ts";
import { toBase64 } from "../figures/png.ts";
import { type TermName, termLinks } from "./glossary.ts";

/** A figure with its name for files and, where a section has several, what it is in words. */
export interface NamedFigure {
  readonly name: string;
  readonly words?: string;
  readonly figure: Figure;
}

/** One numbered figure of the report. Captions and counterpart are HTML. */
export interface FigureSection {
  readonly title: string;
  /** Why there is no picture, where there is none. */
  readonly missing?: string;
  readonly shown?: NamedFigure;
  /** Further ones, folded away. */
  readonly more?: readonly NamedFigure[];
  readonly caption: readonly string[];
  readonly counterpart?: string;
  /**
   * Whose figure the counterpart is, by its number on arXiv; by default that of the canonical representation
   * hypothesis.
   */
  readonly paper?: string;
  /** What the glossary explains of it. */
  readonly terms: readonly TermName[];
}

/** A section's picture, if there is one. */
export function shownAs(figure: Figure | undefined, name: string): { shown?: NamedFigure } {
  return figure ? { shown: { name, figure } } : {};
}

const buttons = `<div class="tools"><button type="button" data-save="svg" hidden>SVG</button><button type="button" data-save="csv" hidden>CSV</button></div>`;
const columnClass: Record<number, string> = { 1: " one", 3: " three" };

/** chosen: a single panel of more pixels has the width of the page. */
const maxNarrow = 600;

/** chosen: panels grow with their column by at most this factor, so that letters of all figures have about one size. */
const mostGrowth = 1.15;

/** The section as a figure element. */
export function renderFigure(section: FigureSection, number: number): string {
  const { title, shown, more = [], missing } = section;
  const heading = `<h3>Figure ${number}. ${escapeText(title)}</h3>`;
  const folded = more.map(
    (one) =>
      `<details data-screen><summary>${escapeText(one.words ?? one.name)}</summary><div class="block" ${blockData(one)}>${buttons}${pictures(one)}</div></details>`,
  );
  const body = shown
    ? `<div ${blockData(shown)}><div class="head">${heading}${buttons}</div>${pictures(shown)}</div>`
    : `<div class="head">${heading}</div><p class="missing">${escapeText(missing ?? "There is nothing to draw.")}</p>`;
  const { counterpart, paper = "2410.03006" } = section;
  const cited = (words: string) => (counterpart === undefined ? [] : [`${words} ${counterpart} of arXiv ${paper}.`]);
  const words = shown ? [...section.caption, ...cited("Cf.")] : cited("The counterpart is");
  const caption = words.map((text) => `<p>${text}</p>`).join("");
  const links = shown && section.terms.length > 0 ? `<p class="terms">${termLinks(section.terms)}</p>` : "";
  return `<figure id="figure-${number}"${shown && isSingle(shown.figure) ? ' class="single"' : ""}>${body}<figcaption>${caption}${links}</figcaption>${folded.join("")}</figure>`;
}

/**
 * A picture by itself, with its buttons beside a heading. @param heading HTML; @param csv whether its numbers stand
 * beside it
 */
export function renderPicture(one: NamedFigure, heading: string, { csv = true } = {}): string {
  return `<div class="block" ${blockData(one)}><div class="head">${heading}${buttons}</div>${pictures(one, csv)}</div>`;
}

/** One panel that leaves room beside it, where its caption then stands. */
function isSingle({ panels }: Figure): boolean {
  return panels.length === 1 && panelWidth(panels) <= maxNarrow;
}

function panelWidth(panels: readonly string[]): number {
  return Number(/ width="(\d+)"/.exec(panels[0] ?? "")?.[1]);
}

function blockData({ name, figure }: NamedFigure): string {
  return `data-name="${fileName(name)}" data-columns="${figure.columns}"`;
}

function pictures({ figure }: NamedFigure, csv = true): string {
  const count = figure.panels.length === 1 ? 1 : figure.columns;
  const legend = figure.legendParts.length > 0 ? `<div class="legend">${figure.legendParts.join("")}</div>` : "";
  const wide = count === 1 && panelWidth(figure.panels) > maxNarrow ? " full" : "";
  const most = Math.round(mostGrowth * panelWidth(figure.panels));
  return `${legend}<div class="panels${columnClass[count] ?? ""}${wide}" style="--most:${most}px">${figure.panels.join("")}</div>${csv ? packedCsv(figure.csv) : ""}`;
}

/** The table deflated, as base64 in an element that browsers do not run; the page's script unpacks it. */
export function packedCsv(csv: string): string {
  const packed = toBase64(zlibSync(new TextEncoder().encode(csv), { level: 9 }));
  return `<script type="text/plain" class="csv">${packed}</script>`;
}

/** The text as part of a file's name anywhere: letters, digits, dots and dashes. */
export function fileName(text: string): string {
  return text.replace(/[^A-Za-z0-9.-]+/g, "-").slice(0, 100);
}
