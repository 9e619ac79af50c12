/**
 * @file Runs made from captures (`crh ingest`) of a setting that another program trained: whether they can replace a
 * planned run, and what a score card says of them. They are taken whole or not at all, so that no claim is judged by a
 * part of the layers that it speaks of.
 */
import { isDeepStrictEqual } from "node:util";
import type { MetricPoint } from "../../findings/lastHalf.ts";
import { counted, listed } from "../../findings/numbers.ts";
import type { LayerSnapshot, Snapshot } from "../../measure/snapshot.ts";
import { type CapturedSetting, checkedCapturedSetting } from "../../runs/capturedSetting.ts";
import type { RunFolder } from "../../runs/runFolder.ts";
import type { RunInfo } from "../../runs/runInfo.ts";
import type { Evaluation } from "../../studies/study.ts";
import { type ScheduleOptions, schedule } from "../../train/schedule.ts";
import type { Existing, Found, Planned } from "./found.ts";

/** Layers of a network by kind. */
type Kinds = Readonly<Partial<Record<LayerSnapshot["kind"], number>>>;

const resnet: Kinds = { conv: 20, block: 4, linear: 2 };
/** Layers that `crh run` measures of the settings whose captures are taken. */
const networks: Readonly<Record<string, (parameters: CapturedSetting["parameters"]) => Kinds>> = {
  res1: () => resnet,
  res2: () => resnet,
  llm: ({ layers, heads }) => ({ linear: 4 * Number(layers) + 1, head: Number(layers) * Number(heads) }),
};

const kindWords: Readonly<Record<LayerSnapshot["kind"], string>> = {
  linear: "linear map",
  conv: "convolution",
  head: "attention head",
  block: "block",
};

/** What config.json says of captures; undefined of other runs, and where it is damaged. */
export function capturedOf(config: Readonly<Record<string, unknown>>): CapturedSetting | undefined {
  if (config.captured === undefined) return undefined;
  try {
    return checkedCapturedSetting(config.captured, "config.json");
  } catch {
    return undefined;
  }
}

/** A run of captures beside what was planned. */
export interface CapturedRun {
  readonly captured: CapturedSetting;
  readonly folder: RunFolder;
  readonly info: RunInfo;
}

/** Why a run of captures does not answer for a planned one of its setting, part by part; none where it does. */
export function misfitsOf({ run, setting, parameters }: Planned, { captured, folder, info }: CapturedRun): string[] {
  const found = Object.entries(parameters).flatMap(([key, value]) =>
    isDeepStrictEqual(captured.parameters[key], value) ? [] : [`${key} is ${captured.parameters[key]}, not ${value}`],
  );
  const every = run.measured === "often" ? "log" : run.measured;
  if (every !== undefined && captured.every !== every)
    found.push(`captured ${spacing(captured.every)}, not ${spacing(every)}`);
  if (run.follow !== undefined || run.followEvery !== undefined) found.push("no samples are followed in captures");
  if (found.length > 0) return found;
  const steps = folder.snapshotSteps();
  if (info.status !== "finished") return [`it is ${info.status}`];
  if (steps[0] !== 0 || steps.at(-1) !== parameters.steps)
    return [`its captures are of steps ${steps[0]} to ${steps.at(-1)}, not 0 to ${parameters.steps}`];
  if (run.keepsMoments && !folder.momentSteps().includes(parameters.steps as number))
    return ["its last moments were not kept, being too many for one file"];
  return wrongLayers(networks[setting.name]?.(captured.parameters), folder.snapshot(steps.at(-1)!));
}

const spacing = (every: number | "log"): string =>
  every === "log" ? "at logarithmic spacing" : `every ${every} steps`;

function wrongLayers(wanted: Kinds | undefined, snapshot: Snapshot | undefined): string[] {
  if (wanted === undefined) return ["captures of this setting are not taken"];
  const layers = snapshot?.layers ?? [];
  const kinds = Object.keys(kindWords) as LayerSnapshot["kind"][];
  return kinds.flatMap((kind) => {
    const [expected, found] = [wanted[kind] ?? 0, layers.filter((layer) => layer.kind === kind).length];
    return expected === found ? [] : [`it has ${counted(found, kindWords[kind])}, not ${expected}`];
  });
}

/** Runs of captures of the settings of a study that answer for none of its runs, and why, a sentence each. */
export function untakenWords(found: readonly Found[], existing: Existing): string[] {
  const taken = new Set(found.map(({ folder }) => folder?.dir));
  return existing.flatMap(({ captured, folder, info }) => {
    if (captured === undefined || taken.has(folder.dir)) return [];
    const misfits = found
      .filter(({ planned }) => planned.setting.name === captured.setting)
      .map(({ planned }) => misfitsOf(planned, { captured, folder, info }))
      .sort((x, y) => x.length - y.length)[0];
    if (misfits === undefined || misfits.length === 0) return [];
    return [`Captures in ${info.id} (${captured.setting}, ${captured.program}) are not taken: ${listed(misfits)}.`];
  });
}

/** The learning rates that the parameters state, at measured steps, which captures do not hold. */
export function statedRates({ parameters }: CapturedSetting, steps: readonly number[]): MetricPoint[] {
  const { schedule: kind, ...options } = parameters;
  const rate = schedule({ ...options, kind } as unknown as ScheduleOptions);
  return steps.filter((step) => step > 0).map((step) => ({ step, name: "lr", value: rate(step - 1) }));
}

/** Says of an evaluation which runs were captured, what they lack, and which claims cannot be told for that. */
export function withCapturedNotes(evaluation: Evaluation, found: readonly Found[]): Evaluation {
  const own = found.filter(({ captured, state }) => captured !== undefined && state === "done");
  if (own.length === 0) return evaluation;
  const economical = own.filter(({ folder }) => folder!.config().cost === "economy");
  const reason =
    economical.length === 0
      ? "no capture has the number"
      : `measured at cost economy, without spectra and laws: ${listed(economical.map(({ info }) => info!.id))}; crh ingest measures them by default`;
  return {
    ...evaluation,
    claims: evaluation.claims.map((claim) =>
      claim.value === null ? { ...claim, because: `cannot be told from these captures: ${reason}` } : claim,
    ),
    notes: [...evaluation.notes, ...programs(own)],
  };
}

/** A sentence for each program with the runs that it trained and what it did otherwise. */
function programs(own: readonly Found[]): string[] {
  const labels = new Map<string, string[]>();
  for (const { planned, captured } of own) {
    const { program, differences } = captured!;
    const words = [
      `with ${program}. It has no accuracy; learning rates are those that its parameters state.`,
      ...differences,
    ].join(" ");
    labels.set(words, [...(labels.get(words) ?? []), planned.run.label]);
  }
  return [...labels].map(([words, of]) => `Captured, not trained here: ${listed([...new Set(of)])}, ${words}`);
}
