/** @file Symmetric pairs of neighbouring maps at every measurement (theory.md Eqs. 105, 107, 122 to 124). */
import type { PairSnapshot } from "../measure/network/pairs.ts";
import { type Cell, columnsOf, finite, type TableOfMeasurements } from "./table.ts";

export const pairsTable: TableOfMeasurements = {
  name: "pairs",
  meaning: "a symmetric pair of neighbouring maps at a measurement: its imbalance and the balance of its noise",
  columns: columnsOf({
    ...{ step: "integer", first: "text", second: "text", through: "text", symmetry: "text", head: "integer" },
    ...{ shared: "integer", imbalance: "number", alignment: "number", alignmentError: "number", cosine: "number" },
    ...{ ratio: "number", ratioError: "number", residual: "number", chance: "number", n: "integer" },
    ...{ noiseStatus: "text", status: "text" },
  } as const),
  measured: () =>
    function* ({ step, pairs = [] }) {
      for (const pair of pairs) yield row(step, pair);
    },
};

function row(step: number, pair: PairSnapshot): Cell[] {
  const { noiseBalance: noise } = pair;
  return [
    ...[step, pair.first, pair.second, pair.through, pair.symmetry, pair.head ?? null, pair.width],
    ...[pair.imbalance, noise.alignment, noise.alignmentError, noise.cosine, noise.ratio, noise.ratioError].map(finite),
    ...[noise.residual, noise.null, noise.n].map(finite),
    ...[noise.status, pair.status],
  ];
}
