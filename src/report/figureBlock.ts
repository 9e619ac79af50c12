/**
 * @file A figure on the page: its panels, buttons for SVG and CSV with the numbers packed beside them, caption, equation, counterpart.
 */
import { zlibSync } from "fflate";
import { escapeText } from "../figures/escape.ts";
import type { Figure } from "../figures/figure.ts";
import { toBase64 } from "../figures/png.ts";

/** A figure with its name for files and, where a section has several, the layer that it shows or what it is in words. */
export interface NamedFigure {
  readonly name: string;
  readonly title?: string;
  readonly words?: string;
  readonly figure: Figure;
}

/** One numbered figure of the report. Captions, counterpart and equations are HTML. */
export interface FigureSection {
  readonly title: string;
  /** Why there is no picture, where there is none. */
  readonly missing?: string;
  readonly shown?: NamedFigure;
  /** Further ones, folded away. */
  readonly more?: readonly NamedFigure[];
  readonly caption: readonly string[];
  /** HTML after the caption that is more than a paragraph. */
  readonly below?: string;
  readonly counterpart: string;
  readonly equations: readonly string[];
}

/** A section's picture, if there is one. */
export function shownAs(figure: Figure | undefined, name: string): { shown?: NamedFigure } {
  return figure ? { shown: { name, figure } } : {};
}

const buttons = `<div class="tools"><button type="button" data-save="svg" hidden>SVG</button><button type="button" data-save="csv" hidden>CSV</button></div>`;
const columnClass: Record<number, string> = { 1: " one", 3: " three" };

/** chosen: a single panel of more pixels has the width of the page. */
const maxNarrow = 600;

/** The section as a figure element. */
export function renderFigure(section: FigureSection, number: number): string {
  const { title, shown, more = [], missing } = section;
  const heading = `<h3>Figure ${number}. ${escapeText(title)}</h3>`;
  const folded = more.map(
    (one) =>
      `<details><summary>${one.words ? escapeText(one.words) : `<code>${escapeText(one.title ?? one.name)}</code>`}</summary><div class="block" ${blockData(one)}>${buttons}${pictures(one)}</div></details>`,
  );
  const body = shown
    ? `<div ${blockData(shown)}><div class="head">${heading}${buttons}</div>${shown.title ? `<p class="soft layer">Layer <code>${escapeText(shown.title)}</code></p>` : ""}${pictures(shown)}</div>`
    : `<div class="head">${heading}</div><p class="missing">${escapeText(missing ?? "There is nothing to draw.")}</p>`;
  const words = shown
    ? [...section.caption, `Cf. ${section.counterpart} of arXiv 2410.03006.`]
    : [`The counterpart is ${section.counterpart} of arXiv 2410.03006.`];
  const caption = words.map((text) => `<p>${text}</p>`).join("");
  const equations =
    shown && section.equations.some(Boolean) ? `<div class="equations">${section.equations.join("")}</div>` : "";
  return `<figure id="figure-${number}">${body}${folded.join("")}<figcaption>${caption}${shown ? (section.below ?? "") : ""}${equations}</figcaption></figure>`;
}

/** A picture by itself, with its buttons beside a heading. @param heading HTML */
export function renderPicture(one: NamedFigure, heading: string): string {
  return `<div class="block" ${blockData(one)}><div class="head">${heading}${buttons}</div>${pictures(one)}</div>`;
}

function blockData({ name, figure }: NamedFigure): string {
  return `data-name="${fileName(name)}" data-columns="${figure.columns}"`;
}

function pictures({ figure }: NamedFigure): string {
  const count = figure.panels.length === 1 ? 1 : figure.columns;
  const legend = figure.legendParts.length > 0 ? `<div class="legend">${figure.legendParts.join("")}</div>` : "";
  const width = Number(/width="(\d+)"/.exec(figure.panels[0] ?? "")?.[1]);
  const wide = count === 1 && width > maxNarrow ? " full" : "";
  return `${legend}<div class="panels${columnClass[count] ?? ""}${wide}">${figure.panels.join("")}</div>${packedCsv(figure.csv)}`;
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
