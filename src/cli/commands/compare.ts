/**
 * @file `crh compare`: several runs side by side: the median alignments of each, and how the gradient noise of their layers goes with
 * weight decay (theory.md Eq. 63).
 */
import { isDeepStrictEqual } from "node:util";
import { median } from "../../figures/median.ts";
import { type DecayScaling, decayScaling } from "../../measure/acrossRuns.ts";
import type { LayerSnapshot, Snapshot } from "../../measure/snapshot.ts";
import { findRun } from "../../runs/listRuns.ts";
import { UsageError } from "../errors.ts";
import { formatCount, formatDecimals, formatQuantity } from "../format.ts";
import { hasColour, type Io, widthOf } from "../io.ts";
import { type Column, dimmer, printable, renderTable, wrap } from "../table.ts";

export interface CompareOptions {
  readonly in: string;
  readonly json?: boolean;
}

const sides = ["a", "b"] as const;
const relations = ["rga", "rwa", "gwa"] as const;
type Medians = Record<(typeof sides)[number], Record<(typeof relations)[number], number | null>>;

/** One run at its last measurement. */
export interface ComparedRun {
  readonly run: string;
  readonly setting: string;
  readonly step: number;
  readonly loss: number | null;
  /** Samples and layers at the last measurement, and the largest split-half noise of an alignment of theirs (theory.md Eq. 18). */
  readonly samples: number;
  readonly layers: number;
  readonly noise: number | null;
  /** lr decay step / (1 - momentum) at the full rate: weights forget their start as exp(-this); null without decay or by another rule than SGD. */
  readonly decayTimes: number | null;
  /** The parameters in which the runs differ, with the values of this one. */
  readonly differing: Readonly<Record<string, unknown>>;
  /** Median alignment over layers in the paper's convention, and the same at the first measurement where there was an earlier one. */
  readonly medians: Medians;
  readonly initial: Medians | null;
}

/** z_a z_b / |W|^2 of one layer over the runs, and its power of the decay. */
export interface LayerScaling extends DecayScaling {
  readonly layer: string;
  readonly points: readonly { readonly run: string; readonly decay: number; readonly noise: number }[];
}

export interface Comparison {
  readonly runs: readonly ComparedRun[];
  readonly scaling: { readonly layers: readonly LayerScaling[]; readonly median: number | null };
}

/** chosen: parameters that get a column; more are named below the table. */
const MOST_COLUMNS = 3;

export async function compareCommand(which: readonly string[], options: CompareOptions, io: Io): Promise<void> {
  if (which.length < 2)
    throw new UsageError(
      "crh compare: expected two runs or more, got one; crh runs lists them, crh explain tells of one",
    );
  const runs = which.map((name) => loaded(options.in, name));
  const ids = runs.map(({ id }) => id);
  const twice = ids.find((id, i) => ids.indexOf(id) !== i);
  if (twice !== undefined)
    throw new UsageError(`crh compare: expected different runs, got ${twice} twice; name each of them once`);
  const found = compared(runs);
  if (options.json === true) io.stdout.write(`${JSON.stringify(found)}\n`);
  else io.stdout.write(rendered(found, widthOf(io.stdout), dimmer(hasColour(io.stdout, io.env))));
}

interface Run {
  readonly id: string;
  readonly config: Readonly<Record<string, unknown>>;
  readonly first: Snapshot;
  readonly last: Snapshot;
}

function loaded(root: string, which: string): Run {
  const run = findRun(root, which);
  const all = run.snapshots();
  const [first, last] = [all[0], all.at(-1)];
  if (first === undefined || last === undefined)
    throw new Error(`compare: expected runs with a measurement, got none in ${run.dir}; let it run on with crh resume`);
  const { run: _, smaller: __, ...config } = run.config();
  return { id: run.info().id, config, first, last };
}

/** The runs beside each other, in the order given. */
export function compared(runs: readonly Run[]): Comparison {
  const keys = [...new Set(runs.flatMap(({ config }) => Object.keys(config)))].filter((key) =>
    runs.some(({ config }) => !isDeepStrictEqual(config[key], runs[0]!.config[key])),
  );
  const layers = scalings(runs);
  return {
    runs: runs.map(({ id, config, first, last }) => ({
      run: id,
      setting: String(config.setting),
      step: last.step,
      loss: last.loss.mean,
      samples: last.samples,
      layers: last.layers.length,
      noise: largestNoise(last),
      decayTimes: decayTimes(config, last.step),
      differing: Object.fromEntries(keys.map((key) => [key, config[key] ?? null])),
      medians: mediansOf(last),
      initial: first.step < last.step ? mediansOf(first) : null,
    })),
    scaling: { layers, median: median(layers.map(({ value }) => value)) },
  };
}

function largestNoise({ layers }: Snapshot): number | null {
  const all = layers.flatMap(({ alignment }) =>
    sides.flatMap((side) => relations.flatMap((name) => alignment.paper[side]?.[name].noise ?? [])),
  );
  return all.length === 0 ? null : Math.max(...all);
}

function decayTimes({ optimizer, lr, decay, momentum }: Run["config"], step: number): number | null {
  const times = (Number(lr) * Number(decay) * step) / (1 - Number(momentum));
  return optimizer === "sgd" && times > 0 && Number.isFinite(times) ? times : null;
}

function mediansOf({ layers }: Snapshot): Medians {
  const of = (side: (typeof sides)[number]) =>
    Object.fromEntries(
      relations.map((name) => [
        name,
        median(layers.map(({ alignment }) => alignment.paper[side]?.[name].value ?? null)),
      ]),
    ) as Medians["a"];
  return { a: of("a"), b: of("b") };
}

/** Every layer of the runs that has the noise of its gradients at a known decay in one of them: gamma^2 rho (Eqs. 58, 63). */
function scalings(runs: readonly Run[]): LayerScaling[] {
  const names = [...new Set(runs.flatMap(({ last }) => last.layers.map(({ name }) => name)))];
  return names.flatMap((layer) => {
    const points = runs.flatMap(({ id, config, last }) => {
      const decay = Number(config.decay);
      const rho = last.layers.find(({ name }: LayerSnapshot) => name === layer)?.residuals?.rho;
      return decay > 0 && rho != null ? [{ run: id, decay, noise: rho * decay ** 2 }] : [];
    });
    return points.length > 0 ? [{ layer, points, ...decayScaling(points) }] : [];
  });
}

function rendered(found: Comparison, width: number, dim: (text: string) => string): string {
  const { runs } = found;
  const keys = Object.keys(runs[0]!.differing);
  const notes = [
    "median alignment over layers at the last measurement, paper convention; below it that at the first",
    measuredOn(runs),
    ...(keys.length > MOST_COLUMNS ? [`the runs differ in ${keys.map(printable).join(", ")}`] : []),
    ...(keys.length === 0 ? ["the runs have the same parameters"] : []),
  ];
  return [
    alignmentTable(runs, keys.slice(0, MOST_COLUMNS), width, dim),
    ...notes.flatMap((line) => wrap(line, width)).map((line) => `${dim(line)}\n`),
    "\n",
    scalingPart(found, keys, width, dim),
  ].join("");
}

function alignmentTable(
  runs: readonly ComparedRun[],
  keys: readonly string[],
  width: number,
  dim: (text: string) => string,
): string {
  const columns: Column[] = [
    { header: "run", shrinkTo: 12 },
    ...keys.map((header): Column => ({ header, align: "right" })),
    { header: "step", align: "right" },
    { header: "loss", align: "right" },
    ...sides.flatMap((side) => relations.map((name): Column => ({ header: `${side}.${name}`, align: "right" }))),
  ];
  const values = (medians: Medians) => sides.flatMap((side) => relations.map((name) => fixed(medians[side][name], 3)));
  const rows = runs.flatMap(({ run, differing, step, loss, medians, initial }) => [
    [
      run,
      ...keys.map((key) => plain(differing[key])),
      formatCount(step),
      loss === null ? "–" : formatQuantity(loss),
      ...values(medians),
    ],
    ...(initial === null ? [] : [["", ...keys.map(() => ""), "first", "", ...values(initial)]]),
  ]);
  return renderTable(columns, rows, { width, dim });
}

/** "4 layers on 3,000 samples; split-half noise of one alignment up to 0.012". */
function measuredOn(runs: readonly ComparedRun[]): string {
  const range = (of: (run: ComparedRun) => number) => {
    const [low, high] = [Math.min(...runs.map(of)), Math.max(...runs.map(of))];
    return low === high ? formatCount(low) : `${formatCount(low)} to ${formatCount(high)}`;
  };
  const noises = runs.flatMap(({ noise }) => noise ?? []);
  const noise = noises.length === 0 ? "not known" : `up to ${fixed(Math.max(...noises), 3)}`;
  return `${range(({ layers }) => layers)} layers on ${range(({ samples }) => samples)} samples; split-half noise of one alignment ${noise}`;
}

function scalingPart(
  { runs: compared, scaling: { layers, median: middle } }: Comparison,
  keys: readonly string[],
  width: number,
  dim: (text: string) => string,
): string {
  const stated = layers.filter(({ value }) => value !== null);
  const lines = (words: string) => wrap(words, width).map((line) => `${dim(line)}\n`);
  if (stated.length === 0)
    return lines(
      "z_a z_b / |W|² against weight decay (theory.md Eq. 63) needs runs at two decays or more, trained by SGD with the residuals measured",
    ).join("");
  const columns: Column[] = [
    { header: "layer", shrinkTo: 12 },
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
  const others = keys.filter((key) => key !== "decay" && key !== "seed");
  const early = compared.filter((run) => run.decayTimes !== null && run.decayTimes < 1);
  return [
    renderTable(columns, rows, { width, dim }),
    ...lines(
      `median p ${fixed(middle, 2)}; the paper's first order in the decay has 2 (theory.md Eq. 63). The interval is from the scatter of runs about a line`,
    ),
    ...(others.length === 0
      ? []
      : lines(`doubt: the runs differ in ${others.map(printable).join(", ")} as well, so p is not the decay's alone`)),
    ...(early.length === 0
      ? []
      : lines(
          `doubt: in ${early.length} of ${compared.length} runs the decay had no time to act, so their weights are not stationary, as Eq. 63 has them: lr decay steps / (1 - momentum) is ${early.map((run) => formatQuantity(run.decayTimes!)).join(", ")}`,
        )),
  ].join("");
}

function fixed(value: number | null, digits: number): string {
  return value === null ? "–" : formatDecimals(value, digits);
}

function plain(value: unknown): string {
  return typeof value === "string" ? value : (JSON.stringify(value) ?? "");
}
