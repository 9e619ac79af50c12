/**
 * @file A figure on the page: panels, buttons for SVG and CSV with the packed numbers, caption, links to the glossary,
 * and the paper's counterpart.
 */
import { zlibSync } from "fflate";
import { escapeText } from "../figures/escape.ts";
import type { Figure } from "../figures/figure.ts";
import { toBase64 } from "../figures/png.ts";
import { type TermName, termLinks } from "./glossary.ts";

/** A figure with its file name and, where a section has several, a title. */
export interface NamedFigure {
  readonly name: string;
  readonly words?: string;
  readonly figure: Figure;
}

/** One numbered figure of the report. Captions and counterpart are HTML. */
export interface FigureSection {
  readonly title: string;
  /** Why there is no picture, if there is none. */
  readonly missing?: string;
  readonly shown?: NamedFigure;
  /** Further figures, folded. */
  readonly more?: readonly NamedFigure[];
  readonly caption: readonly string[];
  readonly counterpart?: string;
  /**
   * arXiv number of the paper that the counterpart is from. Default: the paper on the canonical representation
   * hypothesis.
   */
  readonly paper?: string;
  /** Terms that the glossary explains. */
  readonly terms: readonly TermName[];
}

/** The picture of a section, if there is one. */
export function shownAs(figure: Figure | undefined, name: string): { shown?: NamedFigure } {
  return figure ? { shown: { name, figure } } : {};
}

const buttons = `<div class="tools"><button type="button" data-save="svg" hidden>SVG</button><button type="button" data-save="csv" hidden>CSV</button></div>`;
const columnClass: Record<number, string> = { 1: " one", 3: " three" };

/** chosen: a single panel wider than this many pixels takes the width of the page. */
const maxNarrow = 600;

/**
 * chosen: panels grow with their column by at most this factor, so that text has about the same size in all figures.
 */
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
 * A picture alone, with its buttons beside a heading. @param heading HTML; @param csv whether to pack its numbers
 */
export function renderPicture(one: NamedFigure, heading: string, { csv = true } = {}): string {
  return `<div class="block" ${blockData(one)}><div class="head">${heading}${buttons}</div>${pictures(one, csv)}</div>`;
}

/** Whether a single panel leaves room for the caption beside it. */
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

/** The table, deflated and in base64, in an element that browsers do not run; the page's script unpacks it. */
export function packedCsv(csv: string): string {
  const packed = toBase64(zlibSync(new TextEncoder().encode(csv), { level: 9 }));
  return `<script type="text/plain" class="csv">${packed}</script>`;
}

/** The text as part of a file name on any system: letters, digits, dots and dashes. */
export function fileName(text: string): string {
  return text.replace(/[^A-Za-z0-9.-]+/g, "-").slice(0, 100);
}
