/** @file Measures of a layer as a whole: its sizes, its means, its dropped rows, its collapse. */
import type { LayerSnapshot } from "../measure/snapshot.ts";
import { type Cell, columnsOf, finite, type TableOfMeasurements } from "./table.ts";

export const layersTable: TableOfMeasurements = {
  name: "layers",
  meaning: "a layer at a measurement: sizes, shares of the mean, dropped rows, irrelevant shares, neural collapse",
  columns: columnsOf({
    ...{ step: "integer", layer: "text", kind: "text", dIn: "integer", dOut: "integer", n: "integer", dead: "text" },
    ...{ meanRatioHa: "number", meanRatioGa: "number", meanRatioHb: "number", meanRatioGb: "number" },
    ...{ droppedRowsA: "integer", droppedRowsB: "integer", effectiveRowsH: "number", effectiveRowsG: "number" },
    ...{ irrelevantA: "number", irrelevantB: "number", clustersA: "integer", clustersB: "integer" },
    ...{ nc1: "number", nc2: "number", nc3: "number", nc4: "number", withinShare: "number" },
  } as const),
  measured: () =>
    function* ({ step, layers }) {
      for (const layer of layers) yield row(step, layer);
    },
};

/** nc1 is `collapse.nc1.trace`, nc2 the deviation of the means from equal angles, nc3 `selfDuality`. */
function row(step: number, layer: LayerSnapshot): Cell[] {
  const { meanRatio, droppedRows, effectiveRows, irrelevant, clusters, collapse } = layer;
  const numbers = [
    ...[meanRatio?.a?.h.value, meanRatio?.a?.g.value, meanRatio?.b?.h.value, meanRatio?.b?.g.value],
    ...[droppedRows?.a, droppedRows?.b, effectiveRows?.h, effectiveRows?.g],
    ...[irrelevant?.a?.share, irrelevant?.b?.share, clusters?.a?.count, clusters?.b?.count],
    ...[collapse?.nc1.trace, collapse?.nc2.means.equiangular, collapse?.nc3?.selfDuality, collapse?.nc4],
    collapse?.premises?.withinShare,
  ];
  return [
    ...[step, layer.name, layer.kind, layer.dIn, layer.dOut, layer.samples, layer.dead?.join(" ") ?? null],
    ...numbers.map(finite),
  ];
}
