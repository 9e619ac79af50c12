/** @file Ranks of H, G and Z of every layer at every measurement (theory.md Eqs. 14 to 16). */
import type { LayerSnapshot, RankValue } from "../measure/snapshot.ts";
import { conventions } from "../moments/moments.ts";
import { type Cell, columnsOf, finite, type TableOfMeasurements } from "./table.ts";

export const ranksTable: TableOfMeasurements = {
  name: "ranks",
  meaning: "the ranks of one matrix of a layer at a measurement; of Z without side and convention",
  columns: columnsOf({
    ...{ step: "integer", layer: "text", kind: "text", side: "text", matrix: "text", convention: "text" },
    ...{ numerical: "integer", threshold: "number", stable: "number", participation: "number" },
    ...{ dimension: "integer", n: "integer", status: "text" },
  } as const),
  measured: () =>
    function* ({ step, layers }) {
      for (const layer of layers) yield* layerRows(step, layer);
    },
};

function* layerRows(step: number, { name, kind, ranks }: LayerSnapshot): Generator<Cell[]> {
  if (!ranks) return;
  for (const convention of conventions)
    for (const side of ["a", "b"] as const)
      for (const matrix of ["H", "G"] as const) {
        const found = ranks[convention]?.[side]?.[matrix];
        if (found) yield [step, name, kind, side, matrix, convention, ...valuesOf(found)];
      }
  if (ranks.weights) yield [step, name, kind, null, "Z", null, ...valuesOf(ranks.weights)];
}

function valuesOf({ numerical, threshold, stable, participation, dimension, n, status }: RankValue): Cell[] {
  return [...[numerical, threshold, stable, participation, dimension, n].map(finite), status ?? null];
}
