/**
 * @file A comparison of runs in tables that fit the terminal: medians of each run, its layers, and the exponent in
 * weight decay. Shortened names keep setting and digits; columns that do not fit are listed below.
 */

import { printable } from "../formats/printable.ts";
import { formatCount, formatDecimals, formatQuantity } from "../formats/quantities.ts";
import { layerNames } from "../measure/network/layerNames.ts";
import { leastDecays } from "../measure/training/decayScaling.ts";
import { isMap } from "../moments/moments.ts";
import {
  type ComparedLayer,
  type ComparedRun,
  type Comparison,
  type Medians,
  type Relation,
  type Relations,
  relations,
  type Sides,
  sides,
} from "../runner/records/comparison.ts";
import { isAnalysisRun } from "../runs/analysisRecord.ts";
import { shortenRunName, undatedRunName } from "./shortRunName.ts";
import { type Column, renderTable, wrap } from "./table.ts";

/** Line width, and the style of dim text. */
interface Layout {
  readonly width: number;
  readonly dim: (text: string) => string;
}

/** chosen: most parameters with a column; further ones are listed below the table. */
const MOST_COLUMNS = 3;

/** chosen: most rows of the table of layers; the JSON has all. */
const MOST_ROWS = 60;

const RUN: Column = { header: "run", shrinkTo: 11, isName: true, shorten: shortenRunName };
const RELATIONS = sides.flatMap((side) =>
  relations.map((name): Column => ({ header: `${side}.${name}`, align: "right" })),
);

/** The relations in the order of the columns. */
const RELATION_KEYS: readonly Relation[] = sides.flatMap((side) =>
  relations.map((name): Relation => `${side}.${name}`),
);

/** All tables with their notes; ends with a newline. */
export function renderComparison(found: Comparison, width: number, dim: (text: string) => string): string {
  const { runs, layers } = found;
  const layout = { width, dim };
  const keys = Object.keys(runs[0]!.differing);
  const columns = keys
    .filter((key) => isColumn(key, runs))
    .sort((x, y) => Number(y === "decay") - Number(x === "decay"))
    .slice(0, MOST_COLUMNS);
  const medians = medianTable(runs, columns, layout);
  const shown = columns.filter((key) => medians.split("\n")[0]!.includes(` ${key} `));
  return [
    medians,
    ...[...medianNotes(runs, keys), ...parameterNotes(runs, keys, shown)].map((line) => note(line, layout)),
    "\n",
    layerTable(layers, layout),
    "\n",
    scalingPart(found, keys, layout),
  ].join("");
}

/**
 * Whether a parameter gets a column: one that every setting has, and the setting if names do not show it. Steps have
 * their own column.
 */
function isColumn(key: string, runs: readonly ComparedRun[]): boolean {
  if (key === "steps") return false;
  if (key === "setting") return runs.some((one) => !isAnalysisRun(one) && !one.run.includes(`-${one.setting}-`));
  return runs.every(({ differing }) => differing[key] !== null);
}

function note(words: string, { width, dim }: Layout): string {
  return wrap(words, width)
    .map((line) => `${dim(line)}\n`)
    .join("");
}

const cellsOf = ({ a, b }: Sides): string[] => [a, b].flatMap(cells);
const cells = (values: Relations | null): string[] => relations.map((name) => fixed(values?.[name] ?? null, 3));

/**
 * A run's medians, over hidden representations if the network is a chain of maps; below them its two ends, and the
 * medians at the first measurement.
 */
function medianTable(runs: readonly ComparedRun[], keys: readonly string[], layout: Layout): string {
  const columns: Column[] = [
    RUN,
    ...keys.map((header, k): Column => ({ header, align: "right", dispensable: k + 1 })),
    { header: "step", align: "right" },
    { header: "loss", align: "right" },
    ...RELATIONS,
  ];
  const below = (label: string, values: Sides) => ["", ...keys.map(() => ""), label, "", ...cellsOf(values)];
  const rows = runs.flatMap((run) => {
    const { hidden, initialHidden } = run;
    const initial: Medians | null = initialHidden?.medians ?? run.initial;
    return [
      [
        run.run,
        ...keys.map((key) => plain(run.differing[key])),
        run.step === 0 && isAnalysisRun(run) ? "–" : formatCount(run.step),
        run.loss === null ? "–" : formatQuantity(run.loss),
        ...cellsOf(hidden?.medians ?? run.medians),
      ],
      ...(run.status === "finished" ? [] : [[run.status, ...Array(columns.length - 1).fill("")]]),
      ...(initial === null ? [] : [below("first", initial)]),
      ...(hidden === null ? [] : [below("ends", { a: hidden.data, b: hidden.output })]),
    ];
  });
  return relationsTable(columns, rows, layout);
}

/** chosen: narrower terminals have no room for names and six relations side by side. */
const NARROW = 76;

/** A table whose last columns are the six relations; if too wide, one table per side, one below the other. */
function relationsTable(columns: readonly Column[], rows: readonly (readonly string[])[], layout: Layout): string {
  if (layout.width >= NARROW) return renderTable(columns, rows, layout);
  const [first, second] = [columns.length - RELATIONS.length, columns.length - RELATIONS.length / 2];
  const part = <T>(list: readonly T[], from: number, to: number) => [...list.slice(0, first), ...list.slice(from, to)];
  const of = (from: number, to: number) =>
    renderTable(
      part(columns, from, to),
      rows.map((row) => part(row, from, to)),
      layout,
    );
  return `${of(first, second)}\n${of(second, columns.length)}`;
}

function medianNotes(runs: readonly ComparedRun[], keys: readonly string[]): string[] {
  const chains = runs.filter(({ hidden }) => hidden !== null);
  const others = runs.filter(({ hidden }) => hidden === null).map(({ run }) => printable(run));
  const over =
    chains.length === 0
      ? "over all layers"
      : "over hidden representations (side a of all maps but the first, side b of all but the last)";
  return [
    `median alignment ${over} at the last measurement, paper convention; "first": at the first`,
    ...(chains.length === 0 ? [] : ['"ends": side a of the first map, the data, and side b of the last, the output']),
    ...(chains.length > 0 && others.length > 0
      ? [`over all layers, since the network is not a chain of maps: ${others.join(", ")}`]
      : []),
    measuredOn(runs, keys),
    ...runs
      .filter(({ status }) => status === "failed")
      .map(
        ({ run, error }) =>
          `failed: ${printable(run)}, ${printable(error ?? "no reason known")}; these values were measured before`,
      ),
  ];
}

/** Differences between the runs beyond the columns shown. */
function parameterNotes(runs: readonly ComparedRun[], keys: readonly string[], shown: readonly string[]): string[] {
  const settings = [...new Set(runs.map(({ setting }) => printable(setting)))];
  const common = keys.filter((key) => key !== "setting" && runs.every(({ differing }) => differing[key] !== null));
  const others = keys.filter((key) => key !== "setting" && !common.includes(key));
  const valued = (key: string) => `${printable(key)} (${runs.map((run) => plain(run.differing[key])).join(", ")})`;
  const isMixed = new Set(runs.map(isAnalysisRun)).size > 1;
  return [
    ...(isMixed ? ["training runs and analyses of models: parameters are not compared"] : []),
    ...(settings.length > 1 && !isMixed
      ? [
          `runs of different settings: ${settings.join(", ")}${others.length === 0 ? "" : `; not all of them have ${others.map(printable).join(", ")}`}`,
        ]
      : []),
    ...(common.some((key) => !shown.includes(key)) ? [`the runs differ in ${common.map(valued).join(", ")}`] : []),
    ...(keys.length === 0 ? ["the runs have the same parameters"] : []),
  ];
}

/** "4 layers on 3,000 samples; standard error of one alignment up to 0.012". */
function measuredOn(runs: readonly ComparedRun[], keys: readonly string[]): string {
  const range = (of: (run: ComparedRun) => number) => {
    const [low, high] = [Math.min(...runs.map(of)), Math.max(...runs.map(of))];
    return low === high ? formatCount(low) : `${formatCount(low)} to ${formatCount(high)}`;
  };
  const noises = runs.flatMap(({ noise }) => noise ?? []);
  const noise = noises.length === 0 ? "not known" : `up to ${fixed(Math.max(...noises), 3)}`;
  const what = keys.includes("layers") ? "measured maps and heads" : "layers"; // a parameter of llm has that name
  return `${range(({ layers }) => layers)} ${what} on ${range(({ samples }) => samples)} samples; standard error of one alignment ${noise}`;
}

/**
 * The six alignments of each layer, one row for each run that has it, by its short name, so that layers get the width.
 */
function layerTable(layers: readonly ComparedLayer[], layout: Layout): string {
  const called = layerNames(layers.map(({ layer, kind }) => ({ name: layer, kind })));
  const rowsOf = (own: readonly ComparedLayer[], keys: readonly Relation[]) =>
    own.flatMap(({ layer, runs }) =>
      runs.map(({ run, holds, ...found }, i) => {
        const cells = cellsOf(found);
        const shown = keys.map((key) => `${holds.includes(key) ? "*" : ""}${cells[RELATION_KEYS.indexOf(key)]!}`);
        return [i === 0 ? (called.get(layer) ?? layer) : "", undatedRunName(run), ...shown];
      }),
    );
  const [maps, outputs] = [layers.filter(isMap), layers.filter((one) => !isMap(one))];
  const rows = { maps: rowsOf(maps, RELATION_KEYS), outputs: rowsOf(outputs, ["b.rga"]) };
  const [shownMaps, shownOutputs] = [rows.maps.slice(0, MOST_ROWS), rows.outputs.slice(0, MOST_ROWS)];
  const rest = rows.maps.length + rows.outputs.length - shownMaps.length - shownOutputs.length;
  const name = (header: string): Column => ({ header, shrinkTo: 14, isName: true });
  const kinds = [...new Set(outputs.map(({ kind }) => kind))].join(" or ");
  return [
    ...(maps.length > 0 ? [relationsTable([name("layer"), RUN, ...RELATIONS], shownMaps, layout)] : []),
    ...(outputs.length > 0
      ? [renderTable([name(kinds), RUN, { header: "b.rga", align: "right" }], shownOutputs, layout)]
      : []),
    note("each layer at the last measurement, paper convention; * where the relation holds (theory.md Eq. 85)", layout),
    ...(rest > 0 ? [note(`${formatCount(rest)} more rows are in --json`, layout)] : []),
  ].join("");
}

function scalingPart(
  { runs: compared, scaling: { layers, median: middle } }: Comparison,
  keys: readonly string[],
  layout: Layout,
): string {
  const stated = layers.filter(({ value }) => value !== null);
  const settings = new Set(compared.map(({ setting }) => setting));
  if (compared.some(isAnalysisRun)) return "";
  if (settings.size > 1)
    return note("no exponent in weight decay (theory.md Eq. 63): the runs are of different settings", layout);
  if (stated.length === 0) {
    const decays = Math.max(0, ...layers.map((layer) => layer.decays));
    const got = decays === 0 ? "" : `; here ${decays === 1 ? "is one" : `are ${decays}`}`;
    return note(
      `no exponent of z_a z_b / |W|² in weight decay (theory.md Eq. 63): it needs runs at ${leastDecays} decays or more, for an interval, trained by SGD with the residuals measured${got}`,
      layout,
    );
  }
  const columns: Column[] = [
    { header: "layer", shrinkTo: 12, isName: true },
    { header: "p of decay^p", align: "right" },
    { header: "95 % interval", align: "right" },
    { header: "runs", align: "right" },
    { header: "z_a z_b / |W|², by ascending decay", shrinkTo: 24 },
  ];
  const rows = stated.map(({ layer, value, interval, runs, points }) => [
    layer,
    fixed(value, 2),
    interval === null ? "–" : `[${fixed(interval[0], 2)}, ${fixed(interval[1], 2)}]`,
    String(runs),
    points
      .toSorted((x, y) => x.decay - y.decay)
      .map(({ noise }) => noise.toExponential(1))
      .join(" "),
  ]);
  return [
    renderTable(columns, rows, layout),
    ...scalingNotes(compared, keys, middle).map((line) => note(line, layout)),
  ].join("");
}

function scalingNotes(compared: readonly ComparedRun[], keys: readonly string[], middle: number | null): string[] {
  const others = keys.filter((key) => key !== "decay" && key !== "seed");
  const early = compared.filter((run) => run.decayTimes !== null && run.decayTimes < 1);
  return [
    `median p ${fixed(middle, 2)}; the paper's first order in the decay has 2 (theory.md Eq. 63). The interval is from the scatter of runs about a line`,
    ...(others.length === 0
      ? []
      : [`doubt: the runs differ in ${others.map(printable).join(", ")} as well, so p is not the decay's alone`]),
    ...(early.length === 0
      ? []
      : [
          `doubt: in ${early.length} of ${compared.length} runs the decay had no time to act, so their weights are not stationary, as Eq. 63 assumes: lr decay steps / (1 - momentum) is ${early.map((run) => formatQuantity(run.decayTimes!)).join(", ")}`,
        ]),
  ];
}

function fixed(value: number | null, digits: number): string {
  return value === null ? "–" : formatDecimals(value, digits);
}

/** A parameter's value; "–" if the run does not have it, never "null". */
function plain(value: unknown): string {
  if (value === null || value === undefined) return "–";
  return printable(typeof value === "string" ? value : JSON.stringify(value));
}
