/** @file `crh explain`: what was found about the layers of a run, or of a snapshot that `crh analyze --json` printed, in words. */
import { existsSync, statSync } from "node:fs";
import { completed } from "../../measure/earlierRecords.ts";
import type { Snapshot } from "../../measure/snapshot.ts";
import { suggestion } from "../../parameters/suggest.ts";
import { findRun } from "../../runs/listRuns.ts";
import { type Explanation, explainLayer, thresholds } from "../explainLayer.ts";
import { formatCount } from "../format.ts";
import { hasColour, type Io, widthOf } from "../io.ts";
import { readBytes } from "../readBytes.ts";
import { runMeasurements } from "../runMeasurements.ts";
import { dimmer, printable, wrap } from "../table.ts";

export interface ExplainOptions {
  readonly in: string;
  readonly json?: boolean;
}

export async function explainCommand(
  which: string,
  layer: string | undefined,
  options: ExplainOptions,
  io: Io,
): Promise<void> {
  const { final, initial, decay } = measurements(which, options.in);
  const names = final.layers.map(({ name }) => name);
  if (names.length === 0) throw new Error("explain: expected a measured layer, got none; measure the model first");
  if (layer !== undefined && !names.includes(layer))
    throw new Error(`explain: expected a layer of the measurement, got "${layer}"${suggestion(layer, names)}`);
  const explained = final.layers
    .filter(({ name }) => layer === undefined || name === layer)
    .map((one) =>
      explainLayer(
        one,
        initial?.layers.find(({ name }) => name === one.name),
        decay,
      ),
    );
  if (options.json === true) {
    io.stdout.write(`${JSON.stringify({ step: final.step, layers: explained })}\n`);
    return;
  }
  const width = widthOf(io.stdout);
  const dim = dimmer(hasColour(io.stdout, io.env));
  const head = `step ${formatCount(final.step)}, ${formatCount(final.samples)} samples; relations by the paper's convention and by covariances, laws by covariances`;
  const lines = [
    ...wrap(head, width).map(dim),
    "",
    ...explained.flatMap((one) => [...(layer === undefined ? brief(one, width) : whole(one, width)), ""]),
    ...wrap(thresholds, width).map(dim),
    ...(layer === undefined ? wrap(`crh explain ${which} <layer> says more about one`, width).map(dim) : []),
  ];
  io.stdout.write(`${lines.join("\n")}\n`);
}

/** The last and, where there is another, the first measurement of a run or a snapshot file. */
function measurements(which: string, root: string): { final: Snapshot; initial?: Snapshot; decay?: unknown } {
  if (existsSync(which) && statSync(which).isFile()) return snapshotIn(which);
  const run = findRun(root, which);
  const all = runMeasurements(run);
  const [first, last] = [all[0], all.at(-1)];
  if (first === undefined || last === undefined)
    throw new Error(
      `explain: expected a run with a measurement, got none in ${run.dir}; let it run on with crh resume`,
    );
  const { decay } = run.config();
  return first === last ? { final: last, decay } : { final: last, initial: first, decay };
}

function snapshotIn(path: string): { final: Snapshot; initial?: Snapshot } {
  let value: Partial<Snapshot> & { final?: Snapshot; initial?: Snapshot };
  try {
    value = JSON.parse(new TextDecoder().decode(readBytes(path))) as typeof value;
  } catch {
    value = {};
  }
  const { final, initial, ...rest } = value;
  const found = final ?? rest;
  if (![found, initial ?? found].every((one) => one.schema === "crh-lab/snapshot@1" && Array.isArray(one.layers)))
    throw new Error(
      `explain: expected a run or the JSON of a measurement (crh analyze .. --json), got "${path}", which is neither`,
    );
  return { final: completed(found as Snapshot), ...(initial ? { initial: completed(initial) } : {}) };
}

function brief({ summary, doubts }: Explanation, width: number): string[] {
  return [...wrap(printable(summary), width), ...doubts.flatMap((line) => indented(line, width))];
}

function whole(found: Explanation, width: number): string[] {
  const part = (title: string, lines: readonly string[]) =>
    lines.length === 0 ? [] : ["", title, ...lines.flatMap((line) => indented(line, width))];
  return [
    ...wrap(printable(found.summary), width),
    ...part("Relations", found.relations),
    ...part("Laws between spectra", found.laws),
    ...part("Phase", found.phase),
    ...part("Beside other heads", found.baselines),
    ...part("Neural collapse", found.collapse),
    ...part("Feature ansatz", found.ansatz),
    ...part("Training", found.training),
    ...part("Doubts", found.doubts),
  ];
}

function indented(line: string, width: number): string[] {
  return wrap(line, width - 4).map((text, i) => `${i === 0 ? "  - " : "    "}${text}`);
}
