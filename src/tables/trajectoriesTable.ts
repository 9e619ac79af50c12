/** @file Distances of followed points over steps (docs/formats.md, trajectories.csv). */
import { columnsOf, type TableOfRun } from "./table.ts";

export const trajectoriesTable: TableOfRun = {
  name: "trajectories",
  meaning: "two followed points at one hidden layer before a step",
  columns: columnsOf({
    ...{ step: "integer", pair: "text", layer: "text" },
    ...{ dh2: "number", dy2: "number", w: "number", loss: "number" },
  } as const),
  *rows(run) {
    for (const { step, pair, layer, dh2, dy2, w, loss } of run.trajectories())
      yield [step, pair, layer, dh2, dy2, w, loss];
  },
};
