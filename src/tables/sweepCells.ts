/**
 * @file One measure of many runs over their parameters: runs with equal values of the requested parameters form a group
 * with median and quartiles. Runs are added one at a time; only their number is stored, or the reason why there is
 * none.
 */

import { type RunMeasure, type WholeValue, wholeValue } from "./measures.ts";
import { allMetrics } from "./metricsTable.ts";
import { parametersOf } from "./parameterColumns.ts";
import { type Quartiles, quartiles } from "./quartiles.ts";
import type { Cell, RunHead, RunSource } from "./table.ts";

/** Value of an axis that distinguishes layers instead of a parameter. */
export const BY_LAYER = "layer";

/** The parameters on the axes. */
export interface SweepAxes {
  readonly x: string;
  /** One curve per value: a parameter, or "layer". */
  readonly by?: string | undefined;
  /** One panel per value. */
  readonly group?: string | undefined;
  /** The second parameter of a heat map. */
  readonly heat?: string | undefined;
}

/** The step used: a number, or the last of each finished run. */
export type AtStep = number | "last";

/** Runs that agree in the parameters of the axes. */
export interface SweepCell extends Quartiles {
  readonly group: Cell;
  readonly by: Cell;
  readonly heat: Cell;
  readonly x: Cell;
  readonly runs: readonly string[];
  /** Number of different seeds; fewer than runs if runs were repeated. */
  readonly seeds: number;
}

/** Why a run is left out. */
export type LeftOutReason = "failed" | "unfinished" | "no measurement" | "no value" | "no parameter" | "unreadable";

export interface LeftOut {
  readonly run: string;
  readonly reason: LeftOutReason;
  /** Details, in a few words. */
  readonly detail: string;
}

/** A parameter that differs between runs but is on no axis, with some of its values. */
export interface Differing {
  readonly parameter: string;
  readonly values: readonly Cell[];
}

export interface Sweep {
  readonly cells: readonly SweepCell[];
  /** Number of runs in cells. */
  readonly runs: number;
  readonly leftOut: readonly LeftOut[];
  readonly differing: readonly Differing[];
  /** Smallest and largest step used; null if there is none. */
  readonly steps: readonly [number, number] | null;
  /** What the number of a run is a median over; null if it is not a median over layers. */
  readonly over: WholeValue["over"] | "both" | null;
  /** Runs with a value although they failed or are unfinished, from an earlier step. */
  readonly unfinished: number;
  /** Number of layers, of all runs in cells, that have no number and are left out. */
  readonly missing: number;
}

/** A parameter of a run by name; setting, seed and steps are in run.json. Undefined if it has no such parameter. */
export function parameterOf({ info, config }: Pick<RunSource, "info" | "config">, name: string): Cell | undefined {
  if (name === "setting" || name === "seed" || name === "steps") return info[name];
  const found = parametersOf(config).get(name);
  return found === null ? undefined : found;
}

/** chosen: most different values of a parameter that are stored. */
const MOST_VALUES = 8;

/** A cell while runs are added. */
interface Gathered {
  readonly key: readonly Cell[];
  readonly values: number[];
  readonly runs: string[];
  readonly seeds: Set<number>;
}

/** Groups runs as they are added. */
export class SweepGathering {
  readonly #measure: RunMeasure;
  readonly #axes: SweepAxes;
  readonly #at: AtStep;
  readonly #cells = new Map<string, Gathered>();
  readonly #leftOut: LeftOut[] = [];
  readonly #values = new Map<string, Set<Cell>>();
  readonly #layers: string[] = [];
  readonly #over = new Set<WholeValue["over"]>();
  #steps: [number, number] | null = null;
  #runs = 0;
  #unfinished = 0;
  #missing = 0;

  constructor(measure: RunMeasure, axes: SweepAxes, at: AtStep) {
    this.#measure = measure;
    this.#axes = axes;
    this.#at = at;
  }

  unreadable(run: string, detail: string): void {
    this.#leftOut.push({ run, reason: "unreadable", detail });
  }

  add(run: RunSource): void {
    const { info } = run;
    const leave = (reason: LeftOutReason, detail: string) => this.#leftOut.push({ run: info.id, reason, detail });
    if (this.#at === "last" && info.status !== "finished") {
      if (info.status === "failed") leave("failed", info.error ?? "no reason known");
      else leave("unfinished", `${info.status} at step ${info.step} of ${info.steps}`);
      return;
    }
    const missing = this.#parameters().find((name) => parameterOf(run, name) === undefined);
    if (missing !== undefined) {
      leave("no parameter", `no ${missing}, setting ${info.setting}`);
      return;
    }
    const found = this.#read(run);
    if ("reason" in found) {
      leave(found.reason, found.detail);
      return;
    }
    this.#keep(run, found);
  }

  /** The result for all runs added. */
  finish(): Sweep {
    const cells = [...this.#cells.values()].map(({ key, values, runs, seeds }): SweepCell => {
      const [group = null, by = null, heat = null, x = null] = key;
      return { group, by, heat, x, ...quartiles(values), runs, seeds: seeds.size };
    });
    const place = new Map(this.#layers.map((layer, i) => [layer, i]));
    const byOrder = (x: Cell, y: Cell) =>
      this.#axes.by === BY_LAYER ? place.get(String(x))! - place.get(String(y))! : compareCells(x, y);
    cells.sort(
      (p, q) =>
        compareCells(p.group, q.group) || byOrder(p.by, q.by) || compareCells(p.heat, q.heat) || compareCells(p.x, q.x),
    );
    const differing = [...this.#values].filter(([, values]) => values.size > 1);
    const over = [...this.#over];
    return {
      cells,
      runs: this.#runs,
      leftOut: this.#leftOut,
      differing: differing.map(([parameter, values]) => ({ parameter, values: [...values].sort(compareCells) })),
      steps: this.#steps,
      over: over.length > 1 ? "both" : (over[0] ?? null),
      unfinished: this.#unfinished,
      missing: this.#missing,
    };
  }

  /** The parameters on the axes. */
  #parameters(): string[] {
    const { x, by, group, heat } = this.#axes;
    return [x, by, group, heat].filter((name): name is string => name !== undefined && name !== BY_LAYER);
  }

  #read(run: RunSource): ReadValues | { readonly reason: LeftOutReason; readonly detail: string } {
    return this.#measure.kind === "metric"
      ? readMetric(run, this.#measure.name, this.#at)
      : readLayers(run, this.#measure, { at: this.#at, isByLayer: this.#axes.by === BY_LAYER });
  }

  #keep(run: RunSource, { step, values, layers, missing, over }: ReadValues): void {
    const { x, by, group, heat } = this.#axes;
    this.#runs++;
    this.#missing += missing;
    if (run.info.status !== "finished") this.#unfinished++;
    this.#steps = this.#steps ? [Math.min(this.#steps[0], step), Math.max(this.#steps[1], step)] : [step, step];
    if (over) this.#over.add(over);
    const ofRun = (name: string | undefined) => (name === undefined ? null : (parameterOf(run, name) ?? null));
    for (const layer of layers) if (!this.#layers.includes(layer)) this.#layers.push(layer);
    for (const { layer, value } of values) {
      const key = [ofRun(group), by === BY_LAYER ? layer : ofRun(by), ofRun(heat), ofRun(x)];
      const name = JSON.stringify(key);
      const cell = this.#cells.get(name) ?? { key, values: [], runs: [], seeds: new Set() };
      cell.seeds.add(run.info.seed);
      cell.values.push(value);
      cell.runs.push(run.info.id);
      this.#cells.set(name, cell);
    }
    this.#look(run);
  }

  /** Records the parameters that are on no axis. */
  #look({ info, config }: RunSource): void {
    const own = new Map<string, Cell>([...head(info), ...parametersOf(config)]);
    const axes = this.#parameters();
    for (const name of new Set([...own.keys(), ...this.#values.keys()])) {
      if (name === "seed" || axes.includes(name)) continue;
      const before = this.#values.get(name) ?? new Set(this.#runs > 1 ? [null] : []); // earlier runs lacked it
      if (before.size < MOST_VALUES) before.add(own.get(name) ?? null);
      this.#values.set(name, before);
    }
  }
}

const head = ({ setting, steps }: RunHead): [string, Cell][] => [
  ["setting", setting],
  ["steps", steps],
];

/** The numbers of one run at one step. */
interface ReadValues {
  readonly step: number;
  readonly values: readonly { readonly layer: string | null; readonly value: number }[];
  /** All layers in order, with or without a number. */
  readonly layers: readonly string[];
  /** Number of layers without a number. */
  readonly missing: number;
  readonly over?: WholeValue["over"];
}

function readMetric(run: RunSource, name: string, at: AtStep): ReturnType<typeof none> | ReadValues {
  let last: { step: number; value: number } | undefined;
  for (const row of allMetrics(run)) if (row.name === name && (at === "last" || row.step === at)) last = row;
  if (last === undefined) return none("no value", at === "last" ? `no ${name}` : `no ${name} at step ${at}`);
  return { step: last.step, values: [{ layer: null, value: last.value }], layers: [], missing: 0 };
}

function readLayers(
  run: RunSource,
  measure: RunMeasure & { kind: "layers" },
  { at, isByLayer }: { at: AtStep; isByLayer: boolean },
): ReturnType<typeof none> | ReadValues {
  const step = at === "last" ? run.snapshotSteps().at(-1) : at;
  const snapshot = step === undefined ? undefined : run.snapshot(step);
  if (snapshot === undefined || step === undefined)
    return none("no measurement", at === "last" ? "nothing was measured" : unmeasured(at, run.snapshotSteps()));
  const all = measure.read(snapshot);
  const whole = isByLayer ? undefined : wholeValue(measure, snapshot);
  const values = isByLayer
    ? all.flatMap(({ layer, value }) => (value === null ? [] : [{ layer, value }]))
    : whole!.value === null
      ? []
      : [{ layer: null, value: whole!.value }];
  const missing = all.filter(({ value }) => value === null).length;
  const layers = all.map(({ layer }) => layer);
  if (values.length > 0) return { step, values, layers, missing, ...(whole && { over: whole.over }) };
  const status = all.find((one) => one.status !== undefined && one.status !== "ok")?.status;
  return none("no value", status ?? `no ${measure.name} in its layers`);
}

/** "not measured at step 100, but at 98". */
function unmeasured(step: number, steps: readonly number[]): string {
  const distance = (one: number) => Math.abs(one - step);
  const [nearest] = steps.toSorted((x, y) => distance(x) - distance(y));
  return `not measured at step ${step}${nearest === undefined ? "" : `, but at ${nearest}`}`;
}

const none = (reason: LeftOutReason, detail: string) => ({ reason, detail });

/** Numbers ascending, then texts alphabetically, then missing values. */
export function compareCells(x: Cell, y: Cell): number {
  if (typeof x === "number" && typeof y === "number") return x - y;
  const rank = (value: Cell) => (typeof value === "number" ? 0 : value === null ? 2 : 1);
  if (rank(x) !== rank(y)) return rank(x) - rank(y);
  const [textX, textY] = [String(x), String(y)];
  return textX < textY ? -1 : textX > textY ? 1 : 0;
}
