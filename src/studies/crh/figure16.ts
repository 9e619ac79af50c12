/** @file Study crh/16: RGA of fc1 over width, weight decay and batch size, trained by SGD. */
import { scored } from "../score.ts";
import type { Study } from "../study.ts";
import { measuredRuns, medianRga } from "./hidden.ts";
import { fc1Smaller } from "./runs.ts";
import { crhPaper } from "./source.ts";
import { depthFigure, paired, sweepNotes, sweepRows, sweepRuns, swept, sweptTo } from "./sweeps.ts";

const FIGURE = "Fig. 16";

export const study16: Study = {
  name: "crh/16",
  title: "Width, weight decay and batch size under SGD",
  source: crhPaper("Fig. 16 and section 6"),
  statement:
    "In a fully connected network (fc1) trained by SGD, larger weight decay always leads to better alignment. With " +
    "larger batches, earlier layers align worse and later ones better. Wider networks have a similar level of " +
    "alignment.",
  runs: (size) => sweepRuns(size, "sgd"),
  evaluate(done, { size }) {
    const runs = measuredRuns(done);
    const { values } = swept.width;
    return {
      figures: [depthFigure(runs, "sgd")],
      claims: [
        ...sweepRows(FIGURE, runs, size),
        scored({
          ...{ figure: FIGURE, name: "width" },
          statement: "wider networks have a similar level of alignment as thinner ones for SGD",
          measured: "median RGA over hidden representations at the largest width minus that at the smallest",
          values: paired(sweptTo(runs, "width", values[2]), sweptTo(runs, "width", values[0]), medianRga),
          ...{ least: -0.1, most: 0.1, why: "chosen: the two look alike in a figure" },
          smaller: fc1Smaller(size),
        }),
      ],
      notes: sweepNotes(size),
    };
  },
};
