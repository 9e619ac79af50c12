/** @file Power laws and phases of every layer, if measured (theory.md Eqs. 33 to 37, 50 to 52, 83, 87). */
import type { LayerSnapshot } from "../measure/snapshot.ts";
import { conventions } from "../moments/moments.ts";
import { type Cell, columnsOf, finite, type TableOfMeasurements } from "./table.ts";

export const exponentsTable: TableOfMeasurements = {
  name: "exponents",
  meaning: "a power law of one side of a layer in one convention: hg is H ~ G^value, hz H ~ Z^value, gz G ~ Z^value",
  columns: columnsOf({
    ...{ step: "integer", layer: "text", side: "text", law: "text", convention: "text" },
    ...{ value: "number", low: "number", high: "number", r2: "number", decades: "number" },
    ...{ directions: "integer", status: "text" },
  } as const),
  measured: () =>
    function* ({ step, layers }) {
      for (const layer of layers) yield* exponentRows(step, layer);
    },
};

function* exponentRows(step: number, { name, exponents }: LayerSnapshot): Generator<Cell[]> {
  for (const convention of conventions)
    for (const side of ["a", "b"] as const)
      for (const law of ["hg", "hz", "gz"] as const) {
        const found = exponents?.[convention]?.[side]?.[law];
        if (!found) continue;
        const { value, interval, r2, decades, directions, status } = found;
        const numbers = [value, interval?.[0], interval?.[1], r2, decades, directions].map(finite);
        yield [step, name, side, law, convention, ...numbers, status ?? null];
      }
}

export const phasesTable: TableOfMeasurements = {
  name: "phases",
  meaning: "the row of the table of phases that a layer is in by one convention at a measurement",
  columns: columnsOf({
    ...{ step: "integer", layer: "text", convention: "text", phase: "text", relations: "text", share: "number" },
  } as const),
  measured: () =>
    function* ({ step, layers }) {
      for (const layer of layers) yield* phaseRows(step, layer);
    },
};

/** `relations` are those that hold on the live subspace; `share` of the draws that are in that row. */
function* phaseRows(step: number, { name, phase }: LayerSnapshot): Generator<Cell[]> {
  if (!phase) return;
  const readings = [
    { convention: phase.convention, found: phase, weights: phase.weights },
    ...(phase.paper ? [{ convention: "paper", found: phase.paper, weights: phase.paperWeights }] : []),
    ...(phase.raw && phase.convention !== "raw" ? [{ convention: "raw", found: phase.raw, weights: undefined }] : []),
  ];
  for (const { convention, found, weights } of readings) {
    const share = (weights as Readonly<Record<string, number>> | undefined)?.[found.label];
    yield [step, name, convention ?? null, found.label, found.strong?.join(" ") ?? null, finite(share)];
  }
}
