/** @file Study twopoint/depth: the theory fitted to each of 20 layers (the authors' notebook on depth). */
import { charts } from "../../figures/charts.ts";
import { depthColour } from "../../figures/palette.ts";
import { fitWatched, watchedPairs } from "../fits.ts";
import { scored } from "../score.ts";
import { overEach, seeds } from "../seeds.ts";
import type { StudiedRun, Study, StudyFigure } from "../study.ts";
import { paper } from "./source.ts";

const SOURCE = "depth";

export const depthStudy: Study = {
  name: "twopoint/depth",
  title: "The theory at every layer",
  source: paper("the authors' notebook on depth"),
  statement:
    "The equations hold best in the middle of a deep network: the cost of the fit falls over the first " +
    "layers and rises again over the last.",
  runs: (size) =>
    overEach(
      { label: "20x500", setting: "twopoint", parameters: { lr: 0.01, steps: 3000 } },
      seeds(size, { small: 2, paper: 5 }),
    ),
  evaluate(done) {
    const all = done.map((run) => ({ run, layers: layersOf(run) })).filter(({ layers }) => layers.length > 2);
    const least = all.map(({ layers }) => leastLayer(layers));
    const ratio = (pick: (costs: readonly number[]) => number) =>
      all.map(({ layers }) => pick(layers.map(({ cost }) => cost)) / Math.min(...layers.map(({ cost }) => cost)));
    return {
      figures: [depthFigure(all)],
      claims: [
        scored({
          figure: SOURCE,
          name: "layer of the best fit",
          statement: "the equations hold best in a middle layer",
          measured: "hidden layer, from 0, with the lowest cost of the fit",
          values: least,
          least: 9,
          most: 14,
          why: "the authors' costs are lowest at layer 12 of 20, those of an independent implementation at 11 and 12",
        }),
        scored({
          figure: SOURCE,
          name: "cost falls at first",
          statement: "the cost of the fit falls over the first layers",
          measured: "cost at layer 0 over the lowest",
          values: ratio((costs) => costs[0]!),
          least: 2,
          why: "chosen: a factor of two; the authors' costs fall by a factor of hundreds",
        }),
        scored({
          figure: SOURCE,
          name: "cost rises at the end",
          statement: "the cost of the fit rises over the last layers",
          measured: "cost at the last hidden layer over the lowest",
          values: ratio((costs) => costs.at(-1)!),
          least: 2,
          why: "chosen: a factor of two; the authors' costs rise tenfold and more",
        }),
      ],
      notes: ["Trained at the table's full rate for its number of steps, as in the authors' notebook on depth."],
    };
  },
};

/** A run with the fit at each of its layers. */
interface Fitted {
  readonly run: StudiedRun;
  readonly layers: readonly Layer[];
}

/** Cost of the fit and the two rates over depth. */
function depthFigure(all: readonly Fitted[]): StudyFigure {
  const curves = (value: (layer: Layer) => number) =>
    all.map(({ run, layers }, i) => ({
      name: run.label,
      colour: depthColour(i, all.length).fill,
      dots: "full" as const,
      points: layers.map((layer, l) => ({ x: l, y: value(layer) })),
    }));
  const layer = { label: "hidden layer, from 0" };
  return {
    name: "depth",
    caption: "Cost of the fit (Eq. 98) and the two effective rates over depth; one line per seed.",
    figure: charts(
      [
        {
          title: "cost of the fit",
          x: layer,
          y: { label: "cost", log: true },
          curves: curves(({ cost }) => cost),
        },
        {
          title: "rate of the representation",
          x: layer,
          y: { label: "etaH per step", log: true },
          curves: curves(({ etaH }) => etaH),
        },
        {
          title: "rate of what follows",
          x: layer,
          y: { label: "etaY per step", log: true },
          curves: curves(({ etaY }) => etaY),
        },
      ],
      { columns: 3 },
    ),
  };
}

interface Layer {
  readonly cost: number;
  readonly etaH: number;
  readonly etaY: number;
}

/** The layers in order of depth; a layer without a fit has an infinite cost. */
function layersOf(run: StudiedRun): Layer[] {
  return watchedPairs(run, [...(run.followed?.layers ?? [])]).map((seen) => {
    const { cost, etaH, etaY } = fitWatched(seen);
    return { cost: cost?.normalised ?? Infinity, etaH: etaH.value ?? Number.NaN, etaY: etaY.value ?? Number.NaN };
  });
}

function leastLayer(layers: readonly Layer[]): number {
  const costs = layers.map(({ cost }) => cost);
  return costs.indexOf(Math.min(...costs));
}
