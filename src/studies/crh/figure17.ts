/** @file Study crh/17: RGA of fc1 over width, weight decay and batch size, trained by Adam. */
import { scored } from "../score.ts";
import type { Study } from "../study.ts";
import { measuredRuns } from "./hidden.ts";
import { fc1Smaller } from "./runs.ts";
import { crhPaper } from "./source.ts";
import {
  depthFigure,
  firstHidden,
  lastHidden,
  paired,
  sweepNotes,
  sweepRows,
  sweepRuns,
  swept,
  sweptTo,
} from "./sweeps.ts";

const FIGURE = "Fig. 17";

export const study17: Study = {
  name: "crh/17",
  title: "Width, weight decay and batch size under Adam",
  source: crhPaper("Fig. 17 and section 6"),
  statement:
    "Fig. 16 with Adam: weight decay and batch size have the same effects as under SGD; in a wide network, early " +
    "layers align worse and later ones better.",
  runs: (size) => sweepRuns(size, "adam"),
  evaluate(done, { size }) {
    const runs = measuredRuns(done);
    const { values } = swept.width;
    const [wide, thin] = [sweptTo(runs, "width", values[2]), sweptTo(runs, "width", values[0])];
    const smaller = fc1Smaller(size);
    return {
      figures: [depthFigure(runs, "adam")],
      claims: [
        ...sweepRows(FIGURE, runs, size),
        scored({
          ...{ figure: FIGURE, name: "width, early layers" },
          statement: "for Adam early layers have worse alignment for a large width",
          measured: "backward RGA of the first hidden layer at the largest width minus that at the smallest",
          values: paired(wide, thin, firstHidden),
          ...{ most: 0, why: "any fall counts", smaller },
        }),
        scored({
          ...{ figure: FIGURE, name: "width, later layers" },
          statement: "for Adam later layers have better alignment for a large width",
          measured: "backward RGA of the last hidden layer at the largest width minus that at the smallest",
          values: paired(wide, thin, lastHidden),
          ...{ least: 0, why: "any rise counts", smaller },
        }),
      ],
      notes: [
        ...sweepNotes(size),
        "Adam's rate is torch's default of 1e−3; its decay is added to the gradient, as torch.optim.Adam has it, before it is " +
          "normalised.",
      ],
    };
  },
};
