/**
 * @file Reads terminal, report and explain as a reader would: what each says of which relation, by which convention.
 */
import { parseHTML } from "linkedom";
import { renderAlignmentTable } from "../../src/cli/alignmentTable.ts";
import { explainLayer } from "../../src/findings/explain/explainLayer.ts";
import { conventionWord, relationFormula, verdictShort, verdictWord } from "../../src/findings/vocabulary.ts";
import type { Verdict } from "../../src/measure/alignment/judge.ts";
import { layerNames } from "../../src/measure/network/layerNames.ts";
import type { RelationName } from "../../src/measure/phase/phaseTable.ts";
import type { Convention } from "../../src/measure/snapshot.ts";
import type { Side } from "../../src/moments/moments.ts";
import { isMap } from "../../src/moments/moments.ts";
import { renderReport } from "../../src/report/report.ts";
import type { Planted } from "./plantedVerdicts.ts";

/** What one sentence or cell says; a field is there only where the face says it. */
export interface Said {
  layer: string;
  side: Side;
  relation: RelationName;
  convention: Convention;
  holds?: boolean;
  verdict?: Verdict | undefined;
  value?: string | undefined;
  error?: string | undefined;
  chance?: string | undefined;
  start?: string | undefined;
  tone?: string;
}

/** How many relations are said to hold, of how many. */
export interface Counted {
  convention: Convention;
  holding: number;
  of: number;
}

export interface Read {
  said: Said[];
  counted: Counted[];
}

const sideOf = { backward: "a", forward: "b" } as const;
const conventions = Object.keys(conventionWord) as Convention[];
const conventionNamed = (text: string): Convention =>
  conventions.find((one) => text.replace(/^the /, "") === conventionWord[one])!;
const verdictOf = (words: Record<Verdict, string>, text: string): Verdict => {
  const found = (Object.keys(words) as Verdict[]).find((verdict) => words[verdict] === text);
  if (!found) throw new Error(`test: expected the words of a verdict, got "${text}"`);
  return found;
};
const byWords = "the paper's convention|covariances|plain second moments";

/**
 * "Backward RGA (H_a ∝ G_a) holds, and rose in training: 0.974 ± 0.004 by the paper's convention (chance 0.19; ..)."
 */
function sentence(layer: string, text: string): Said {
  const head = /^(Backward|Forward) (RGA|RWA|GWA) \((.*?)\) (.+)\.$/.exec(text);
  if (!head) throw new Error(`test: expected a sentence on a relation, got "${text}"`);
  const side = sideOf[head[1]!.toLowerCase() as "backward" | "forward"];
  const relation = head[2]!.toLowerCase() as RelationName;
  if (head[3] !== relationFormula(side, relation)) throw new Error(`test: the formula is of another relation: ${text}`);
  const numbers = new RegExp(`^(.+?): (−?\\d\\.\\d{3})(?: ± (\\S+))? by (${byWords}) \\((.+)\\)$`).exec(head[4]!);
  if (numbers) {
    const [, words, value, error, by, rest] = numbers;
    const verdict = verdictOf(verdictWord, words!);
    const convention = conventionNamed(by!);
    const chance = /chance (−?\d\.\d\d)/.exec(rest!)?.[1];
    const start = /(−?\d\.\d\d) before training/.exec(rest!)?.[1];
    return { layer, side, relation, convention, verdict, value, error, chance, start };
  }
  const [, words, by] = new RegExp(`^(.+?) by (${byWords})$`).exec(head[4]!) ?? [];
  if (!by) throw new Error(`test: the sentence names no convention: ${text}`);
  return { layer, side, relation, convention: conventionNamed(by), verdict: verdictOf(verdictWord, words!) };
}

function counts(text: string): Counted[] {
  return [...text.matchAll(new RegExp(`(\\d+) of (\\d+) relations? holds? by (${byWords})`, "g"))].map(
    ([, holding, of, by]) => ({ holding: Number(holding), of: Number(of), convention: conventionNamed(by!) }),
  );
}

/**
 * Cells of the table of `crh run` and `crh analyze`, with their tone; the convention stands above and below the table.
 */
export function readTerminal({ final, initial }: Planted, convention: Convention): Read {
  const options = { initial, convention, width: 100 };
  const lines = renderAlignmentTable(final, options).split("\n");
  // A tone in place of each text that is painted, as wide as it.
  const paint = (tone: string, text: string) => tone.slice(0, text.length).padEnd(text.length);
  const toned = renderAlignmentTable(final, { ...options, paint }).split("\n");
  const header = lines.findIndex((line) => line.startsWith("layer"));
  const outputs = lines.findIndex((line) => /^(head|block)\b/.test(line));
  const called = layerNames(final.layers);
  const said = final.layers.flatMap((layer): Said[] => {
    const { name } = layer;
    const from = isMap(layer) ? header : outputs;
    const row = lines.findIndex((line, i) => i > from && line.startsWith(`${called.get(name) ?? name} `));
    return [...lines[from]!.matchAll(/ ([ab])\.(rga|rwa|gwa)/g)].flatMap(({ index, 1: side, 2: relation }): Said[] => {
      const cell = (from: string[], line: number) => from[line]!.slice(index, index + 14);
      const about = { layer: name, side: side as Side, relation: relation as RelationName, convention };
      const [, star, value, error] = /^ *(\*?)(-?\d\.\d{3})(?: ±(\S+))? *$/.exec(cell(lines, row)) ?? [];
      const text = cell(lines, row).trim();
      if (text === "–") return [];
      const tone = cell(toned, row).trim();
      if (value === undefined) return [{ ...about, holds: false, tone: tone === text ? "" : tone }];
      const [, chance, start] = /^ *(-?\d\.\d\d)(?: · *(-?\d\.\d\d))?/.exec(
        isMap(layer) ? cell(lines, row + 1) : lines[row]!.slice(index + 14, index + 28),
      )!;
      const untoned = /±|\d/.test(tone);
      return [{ ...about, holds: star === "*", value, error, chance, start, tone: untoned ? "" : tone }];
    });
  });
  return { said, counted: counts(lines.slice(0, header).join(" ")) };
}

/** Sentences of `crh explain`, and the relations that its summary names. */
export function readExplain({ final, initial }: Planted): Read & { named: { layer: string; holding: string[] }[] } {
  const explained = final.layers.map((layer) =>
    explainLayer(
      layer,
      initial?.layers.find(({ name }) => name === layer.name),
    ),
  );
  const said = explained.flatMap(({ layer, relations }) => relations.map((text) => sentence(layer, text)));
  const named = explained.map(({ layer, summary }) => {
    if (/is dead|Dead|dead:/.test(summary)) return { layer, holding: [] };
    const every = /all six relations hold by the paper's convention/.test(summary);
    const found = /(?:of its \d+ relations (.*)|none of its relations) holds? by the paper's convention/.exec(summary);
    if (!every && !found) throw new Error(`test: the summary names no convention: ${summary}`);
    const six = ["backward", "forward"].flatMap((side) => ["RGA", "RWA", "GWA"].map((one) => `${side} ${one}`));
    return { layer, holding: every ? six : (found![1]?.split(", ") ?? []) };
  });
  return { said, counted: [], named };
}

/** Strips, tables with their titles, and sentences of the page. */
export function readReport({ data }: Planted): {
  strips: Read;
  tables: Read;
  summary: Read;
  /** How many relations do not hold for each reason, where they are too many to be told. */
  verdicts: { verdict: Verdict; count: number }[];
  finding: number;
} {
  const { document } = parseHTML(renderReport(data));
  const finding = /^(None|\d+) of \d+/.exec(document.querySelector(".finding")!.textContent!)?.[1];
  const strips = [...document.querySelectorAll(".cell[data-tip]")].map((cell) =>
    tip(cell.getAttribute("data-tip")!, cell.classList.contains("holds")),
  );
  let convention: Convention = "paper"; // a table stands below the title of its convention; attention heads' own section has the paper's
  const tables = [...document.querySelectorAll("#heads table.alignments, #alignments h3, #alignments table")].flatMap(
    (node) => {
      const named = { As: "paper", Covariances: "covariance", Plain: "raw" }[/^\w+/.exec(node.textContent!)?.[0] ?? ""];
      if (node.localName === "h3") convention = named as Convention;
      if (node.localName === "h3") return [];
      return [...node.querySelectorAll("tbody tr")].flatMap((row) =>
        [...row.querySelectorAll("td")].flatMap((cell) => tableCell(row, cell, convention)),
      );
    },
  );
  const text = document.querySelector("#summary")!.textContent!;
  const items = [...document.querySelectorAll("#summary li, #summary p")].map(({ textContent }) => textContent!);
  return {
    finding: finding === "None" ? 0 : Number(finding),
    strips: { said: strips, counted: [] },
    tables: { said: tables, counted: [] },
    summary: { said: items.flatMap(notHolding), counted: counts(text) },
    verdicts: items.flatMap(verdictCounts),
  };
}

/** "layers.1 · backward (a) RGA, H ∝ G", value with verdict, chance with start. */
function tip(text: string, holds: boolean): Said {
  const [title, words, compared = ""] = text.split("\n");
  const [, layer, side, relation] = /^(\S+) · (backward|forward) \([ab]\) (RGA|RWA|GWA)/.exec(title!)!;
  const about = {
    layer: layer!,
    side: sideOf[side as "backward" | "forward"],
    relation: relation!.toLowerCase() as RelationName,
    holds,
  };
  const found = new RegExp(`^(−?\\d\\.\\d{3})(?: ± (\\S+))? by (${byWords}): (.+)$`).exec(words!);
  if (!found) return { ...about, convention: "paper" };
  const [, value, error, by, verdict] = found;
  const chance = /chance (−?\d\.\d\d)/.exec(compared)?.[1];
  const start = /start (−?\d\.\d\d)/.exec(compared)?.[1];
  return {
    ...about,
    convention: conventionNamed(by!),
    verdict: verdictOf(verdictWord, verdict!),
    value,
    error,
    chance,
    start,
  };
}

type Queried = NonNullable<ReturnType<ReturnType<typeof parseHTML>["document"]["querySelector"]>>;

/** A cell in the table of one convention, and the sentence in its title, which have to agree on everything. */
function tableCell(row: Queried, cell: Queried, convention: Convention): Said[] {
  const [side, name] = cell.getAttribute("data-label")!.split(" ");
  if (!name || !["RGA", "RWA", "GWA"].includes(name)) return [];
  const layer = (row.querySelector("code") ?? row.querySelector("th span, th a"))!.getAttribute("title")!;
  const about = { layer, side: sideOf[side as "backward" | "forward"], relation: name.toLowerCase() as RelationName };
  const holds = cell.classList.contains("holds");
  const value = cell.querySelector(".value")?.textContent ?? undefined;
  if (value === undefined) return [{ ...about, convention, holds }];
  const error = cell.querySelector(".pm")?.textContent?.replace(" ± ", "");
  const below = cell.querySelector("small")!.textContent!;
  const chance = /null (−?\d\.\d\d)/.exec(below)?.[1];
  const start = /start (−?\d\.\d\d)/.exec(below)?.[1];
  return [{ ...about, convention, holds, value, error, chance, start }, sentence(layer, cell.getAttribute("title")!)];
}

/** "Not holding: layers.1 backward RGA 0.500 (rose, was 0.10); .." */
function notHolding(text: string): Said[] {
  const all = /^Not holding: (.+ (?:RGA|RWA|GWA) −?\d.+)\.$/.exec(text.trim())?.[1];
  return (all?.split("; ") ?? []).map((part) => {
    const found = /^(\S+) (backward|forward) (RGA|RWA|GWA) (−?\d\.\d{3}) \((.+?)(?:, was (−?\d\.\d\d))?\)$/.exec(part);
    if (!found) throw new Error(`test: expected a relation that does not hold, got "${part}"`);
    const [, layer, side, relation, value, words, start] = found;
    return {
      layer: layer!,
      side: sideOf[side as "backward" | "forward"],
      relation: relation!.toLowerCase() as RelationName,
      convention: "paper",
      verdict: verdictOf(verdictShort, words!),
      value,
      start,
    };
  });
}

/** "Of the 12 that do not hold (only by chance: 7; weak: 5) .." */
function verdictCounts(text: string): { verdict: Verdict; count: number }[] {
  const all = /^Of the [\d,]+ that do not hold \((.+?)\) each is a cell/.exec(text.trim())?.[1];
  return (all?.split("; ") ?? []).map((part) => {
    const [, words, count] = /^(.+): ([\d,]+)$/.exec(part)!;
    return { verdict: verdictOf(verdictShort, words!), count: Number(count!.replace(",", "")) };
  });
}
