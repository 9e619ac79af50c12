/**
 * @file The strip: one cell for each relation of each layer, with value, chance, start and whether it holds. Few
 * layers, or a narrow screen, make it run down the page; many layers make it run across. The style sheet decides, so
 * that both share one piece of HTML.
 */
import { sides } from "../figures/alignmentSeries.ts";
import { escapeText } from "../figures/escape.ts";
import { type LayerGroup, layerGroups, sharedParts } from "../figures/layerGroups.ts";
import { relationFormula, relations } from "../figures/palette.ts";
import { fixed, grouped } from "../findings/numbers.ts";
import { type Finding, holds } from "../findings/relationFindings.ts";
import { byWords, errorText } from "../findings/sentences.ts";
import { statusWords } from "../findings/statusWords.ts";
import { verdictWord } from "../findings/vocabulary.ts";
import { attentionNames, attentionOf, layerNames } from "../measure/network/layerNames.ts";
import type { LayerSnapshot } from "../measure/snapshot.ts";
import { isMap } from "../moments/moments.ts";
import { layerAnchor } from "./layerAnchor.ts";

/** chosen: up to this many layers run down the page with room for numbers and bars; more run across. */
export const fewLayers = 12;
/**
 * chosen: most layers across one strip with numbers, and across one without, used where there would be more than three
 * of the former.
 */
const acrossWithNumbers = 36;
const acrossBare = 75;

const sideWords = { a: "backward (a)", b: "forward (b)" } as const;

/** The strip of a single layer. */
export function renderLayerStrip(own: readonly Finding[]): string {
  const [first] = own;
  if (!first) return "";
  const { layer } = first;
  if (!isMap(layer))
    return `<div class="strip alone" role="table" aria-label="The relation of the layer"><div class="row" role="row">${cell(first, "--l:1;--r:1", "rga", true)}</div></div>`;
  return strip([{ title: "", layers: [{ name: layer.name, short: "" }] }], own, "few alone");
}

/** The strips of heads and blocks, which have one relation each; "" where there are none. */
export function renderOtherStrips(found: readonly Finding[]): string {
  return oneRelation("attention heads", "head", found) + oneRelation("blocks", "block", found);
}

/** The strips of the linear maps; "" where there are none. */
export function renderMapStrips(found: readonly Finding[]): string {
  const maps = [...new Set(found.map(({ layer }) => layer))].filter(isMap);
  if (maps.length === 0) return "";
  const groups = layerGroups(maps.map(({ name }) => name));
  if (maps.length <= fewLayers) return strip(groups, found, "few");
  const bare = isBare(maps.length);
  return chunked(groups, bare ? acrossBare : acrossWithNumbers)
    .map((part) => strip(part, found, bare ? "across bare" : "across"))
    .join("");
}

/** Whether this many maps are drawn without numbers. */
export function isBare(maps: number): boolean {
  return maps > 3 * acrossWithNumbers;
}

/** Splits groups into strips: whole groups as long as there is room; a group too long for one strip is cut. */
function chunked(groups: readonly LayerGroup[], room: number): LayerGroup[][] {
  const chunks: LayerGroup[][] = [[]];
  let used = 0;
  for (const { title, layers } of groups)
    for (let at = 0; at < layers.length; at += room) {
      const part = { title, layers: layers.slice(at, at + room) };
      if (used > 0 && used + part.layers.length > room) {
        chunks.push([]);
        used = 0;
      }
      chunks.at(-1)!.push(part);
      used += part.layers.length;
    }
  return chunks;
}

/**
 * Tracks along the relations: group, name, three of side a, a gap, three of side b. Tracks along the layers: side,
 * relation, then groups and layers.
 */
function strip(groups: readonly LayerGroup[], found: readonly Finding[], kind: string): string {
  const parts = [headings(kind.includes("bare"))];
  const titles = briefTitles(groups.map(({ title }) => title));
  const columns: string[] = [];
  let at = 3;
  for (const { title, layers } of groups) {
    if (title !== "")
      parts.push(
        `<div class="group" title="${escapeText(title)}" style="--l:${at};--n:${layers.length + 1}" role="presentation"><span>${escapeText(titles.get(title) ?? title)}</span></div>`,
      );
    columns.push(`${at === 3 ? 4 : 10}px repeat(${layers.length},minmax(0,1fr))`);
    at++;
    for (const { name, short } of layers) {
      const own = found.filter(({ layer }) => layer.name === name);
      parts.push(layerCells(name, short, own, at, !kind.includes("bare")));
      at++;
    }
  }
  return `<div class="strip ${kind}" role="table" aria-label="The six relations of every layer" style="--cols:${columns.join(" ")}">${parts.join("")}</div>`;
}

/**
 * Titles of blocks without their common prefix except its last part, where a title is long: "model.layers.3" becomes
 * "layers.3".
 */
function briefTitles(titles: readonly string[]): Map<string, string> {
  const named = titles.filter((title) => title !== "");
  if (!named.some((title) => title.length > 12)) return new Map();
  const shared = sharedParts(named);
  const kept = /[^./]*[./]$/.exec(shared)?.[0] ?? "";
  return new Map(named.map((title) => [title, kept + title.slice(shared.length)]));
}

function headings(bare: boolean): string {
  const titles = sides.map(
    (side, i) =>
      `<div class="side" style="--r:${3 + 4 * i}" role="presentation"><span>${bare ? side : sideWords[side]}</span></div>`,
  );
  const names = sides.flatMap((side, i) =>
    relations.map(
      (relation, k) =>
        `<div class="relation ${relation}" style="--r:${3 + 4 * i + k}" role="columnheader" aria-label="${sideWords[side]} ${relation.toUpperCase()}"><b class="${relation}">${relation.toUpperCase()}</b> <small>${relationFormula[relation]}</small></div>`,
    ),
  );
  return `${titles.join("")}<div class="row" role="row"><div class="corner" role="columnheader">layer</div>${names.join("")}</div>`;
}

function layerCells(name: string, short: string, own: readonly Finding[], at: number, numbers: boolean): string {
  const cells = sides.flatMap((side, i) =>
    relations.map((relation, k) => {
      const one = own.find((finding) => finding.side === side && finding.relation === relation);
      return cell(one, `--l:${at};--r:${3 + 4 * i + k}`, relation, numbers);
    }),
  );
  const label = // the only layer of a strip has its name above it
    short === ""
      ? ""
      : `<div class="row" role="rowheader"><a class="name" style="--l:${at}" href="#${layerAnchor(name)}" title="${escapeText(name)}"><span>${escapeText(short)}</span></a></div>`;
  return `<div class="row" role="row">${label}${cells.join("")}</div>`;
}

function cell(
  finding: Finding | undefined,
  place: string,
  relation: string,
  numbers: boolean,
  names: ReadonlyMap<string, string> = new Map(),
): string {
  const value = finding?.last.value ?? null;
  if (!finding || value === null)
    return `<div class="cell none" role="cell" style="${place}"${finding ? ` data-tip="${tip(finding, names)}"` : ""}>–</div>`;
  const held = holds(finding);
  const shade = Math.round(100 * Math.max(0, Math.min(1, value)));
  const text = numbers
    ? `<span class="value">${fixed(value, 2)}</span>${held ? '<span class="tick" aria-hidden="true">✓</span>' : ""}${bar(finding)}`
    : "";
  return `<div class="cell ${relation}${held ? " holds" : ""}" role="cell" style="${place};--v:${shade}" data-tip="${tip(finding, names)}" aria-label="${fixed(value, 2)}${held ? ", holds" : ""}">${text}</div>`;
}

function bar({ last, first }: Finding): string {
  const mark = (kind: string, value: number | null | undefined) =>
    value == null ? "" : `<i class="${kind}" style="left:${fixed(Math.max(0, Math.min(1, value)) * 100, 0)}%"></i>`;
  return `<span class="scale" aria-hidden="true"><i class="fill"></i>${mark("null", last.null)}${mark("start", first?.value)}</span>`;
}

/** The lines shown for the cell under the pointer; escaped. */
function tip(
  { layer, side, relation, convention, last, first, verdict }: Finding,
  names: ReadonlyMap<string, string>,
): string {
  const title = `${names.get(layer.name) ?? layer.name} · ${sideWords[side]} ${relation.toUpperCase()}, ${relationFormula[relation]}`;
  const compared = [
    ...(last.null === null ? [] : [`chance ${fixed(last.null, 2)}`]),
    ...(first?.value == null ? [] : [`start ${fixed(first.value, 2)}`]),
    `${grouped(last.n)} samples`,
  ];
  const lines =
    last.value === null
      ? [title, statusWords(last.status)]
      : [
          title,
          `${fixed(last.value)}${last.noise === null ? "" : ` ± ${errorText(last.noise)}`} ${byWords(convention)}: ${verdictWord[verdict]}`,
          compared.join(", "),
        ];
  return lines.map(escapeText).join("&#10;");
}

/** chosen: most lines of heads in one column; more are set in two columns, where the screen has room. */
const linesInColumn = 3;

/** The heads' numbers, above their cells. */
function headNumbers(count: number, named: boolean): string {
  const step = count <= 24 ? 1 : 4;
  const cells = Array.from({ length: count }, (_, i) => `<span>${i % step === 0 ? i : ""}</span>`);
  return `<div class="line" aria-hidden="true"><span class="lineName">${named ? "head" : ""}</span><div class="lineCells numbers">${cells.join("")}</div></div>`;
}

/**
 * The strip of layers that have only the RGA of their output: a row per attention layer with its heads, or one row of
 * blocks.
 */
function oneRelation(words: string, kind: LayerSnapshot["kind"], found: readonly Finding[]): string {
  const own = found.filter(({ layer }) => layer.kind === kind);
  if (own.length === 0) return "";
  const groups = new Map<string, Finding[]>();
  for (const finding of own) {
    const name = attentionOf(finding.layer.name);
    const key = kind === "head" ? name : "";
    groups.set(key, [...(groups.get(key) ?? []), finding]);
  }
  const names = attentionNames([...groups.keys()]);
  const called = layerNames(own.map(({ layer }) => layer));
  const rows = [...groups].map(([name, members], index) => {
    const cells = members.map((finding, k) => cell(finding, `--l:1;--r:${k + 1}`, "rga", members.length <= 24, called));
    return `<div class="line" role="row"><span class="lineName" role="rowheader" title="${escapeText(name)}">${escapeText(name === "" ? words : names[index]!)}</span><div class="lineCells">${cells.join("")}</div></div>`;
  });
  const most = Math.max(...[...groups.values()].map((members) => members.length));
  const numbers = kind === "head" ? headNumbers(most, groups.size > 1) : "";
  return `<div class="strip lines${groups.size > linesInColumn ? " two" : ""}" role="group" aria-label="RGA of ${words}"><p class="soft"><b class="rga">RGA</b> of ${words} (output)</p><div class="columns" role="table" aria-label="RGA of ${words}">${rows
    .map((row, i) =>
      numbers !== "" && (i === 0 || (groups.size > linesInColumn && i === Math.ceil(rows.length / 2)))
        ? `<div class="keep">${numbers}${row}</div>`
        : row,
    )
    .join("")}</div></div>`;
}
