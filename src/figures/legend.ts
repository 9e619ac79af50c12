/**
 * @file Legends: samples of marks with their names, wrapped to a width. The width of a name is estimated from a mean
 * width per character, because no font is available here.
 */
import { escapeText } from "./escape.ts";
import type { Panel } from "./figure.ts";
import { depthColour } from "./palette.ts";

export type Sample =
  | "line"
  | "thick"
  | "dashed"
  | "band"
  | "whisker"
  | "tick"
  | "circle"
  | "ring"
  | "square"
  | "triangle"
  | "dot"
  | "ramp";

export interface LegendEntry {
  readonly text: string;
  readonly colour: string;
  readonly samples: readonly Sample[];
}

const rowHeight = 20;
const sampleWidth = 24;
const characterWidth = 6.6; // chosen: mean of system-ui fonts at 12 px
const wideCharacter = 7.6; // chosen: for capitals, where an entry is cropped at its own edge

/** The legend as a panel `width` wide and as high as its rows need, and as single entries. */
export function legendPanel(entries: readonly LegendEntry[], width = 520): Panel {
  const content: string[] = [];
  let x = 0;
  let row = 0;
  for (const entry of entries) {
    const needed = entryWidth(entry);
    if (x > 0 && x + needed > width) {
      x = 0;
      row++;
    }
    content.push(drawEntry(entry, x, row * rowHeight + rowHeight / 2));
    x += needed + 12;
  }
  const label = `Legend: ${entries.map((entry) => entry.text).join("; ")}`;
  const parts = entries.map((entry) => ({
    width: Math.ceil(entryWidth(entry, wideCharacter)),
    height: rowHeight,
    label: entry.text,
    content: drawEntry(entry, 0, rowHeight / 2),
  }));
  return { width, height: (row + 1) * rowHeight, label, content: content.join(""), parts };
}

function entryWidth({ text }: LegendEntry, character = characterWidth): number {
  return sampleWidth + 6 + [...text].length * character;
}

function drawEntry({ text, colour, samples }: LegendEntry, x: number, y: number): string {
  const drawn = samples.map((sample) => drawSample(sample, x, y, colour)).join("");
  return `${drawn}<text x="${round(x + sampleWidth + 6)}" y="${y}" dy="0.32em" text-anchor="start">${escapeText(text)}</text>`;
}

function drawSample(sample: Sample, x: number, y: number, colour: string): string {
  const middle = round(x + sampleWidth / 2);
  switch (sample) {
    case "line":
      return `<path d="M${round(x)},${y}h${sampleWidth}" stroke="${colour}" stroke-width="2" fill="none"/>`;
    case "thick":
      return `<path d="M${round(x)},${y}h${sampleWidth}" stroke="${colour}" stroke-width="5" stroke-opacity="0.5" fill="none"/>`;
    case "dashed":
      return `<path d="M${round(x)},${y}h${sampleWidth}" stroke="${colour}" stroke-width="1.5" stroke-dasharray="4,3" fill="none"/>`;
    case "band":
      return `<rect x="${round(x)}" y="${y - 6}" width="${sampleWidth}" height="12" fill="${colour}" fill-opacity="0.2"/>`;
    case "whisker":
      return `<path d="M${round(x + 3)},${y}h${sampleWidth - 6}" stroke="${colour}" stroke-width="3.4" stroke-opacity="0.35" fill="none"/>`;
    case "tick":
      return `<path d="M${middle},${y - 5}v10" stroke="${colour}" stroke-width="1.6" fill="none"/>`;
    case "dot":
      return `<circle cx="${middle}" cy="${y}" r="2.5" fill="${colour}"/>`;
    case "ramp":
      return [0, 1, 2, 3, 4]
        .map(
          (k) => `<rect x="${round(x + k * 5)}" y="${y - 5}" width="5" height="10" fill="${depthColour(k, 5).fill}"/>`,
        )
        .join("");
    case "circle":
      return `<circle cx="${middle}" cy="${y}" r="4" fill="${colour}"/>`;
    case "ring":
      return `<circle cx="${middle}" cy="${y}" r="4" stroke="${colour}" stroke-width="1.6" fill="none"/>`;
    case "square":
      return `<rect x="${round(x + sampleWidth / 2 - 3.5)}" y="${y - 3.5}" width="7" height="7" fill="${colour}"/>`;
    case "triangle":
      return `<path d="M${middle},${y - 5}l4.6,8h-9.2z" fill="${colour}"/>`;
  }
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
