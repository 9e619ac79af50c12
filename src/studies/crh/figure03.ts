/** @file Study crh/3: power laws between the eigenvalues of H and G of attention heads, layer by layer. */
import { type Chart, type Curve, charts } from "../../figures/charts.ts";
import { depthColour } from "../../figures/palette.ts";
import { median } from "../../measure/median.ts";
import type { LayerSnapshot, Snapshot } from "../../measure/snapshot.ts";
import { percentOf, scored } from "../score.ts";
import type { Study } from "../study.ts";
import { type HeadLayer, headLayers } from "./heads.ts";
import { llmNotes, llmRuns } from "./runs.ts";
import { crhPaper } from "./source.ts";

const FIGURE = "Fig. 3";
const guides = [1, 2, 3] as const;
/** The range of positive exponents by the paper's Theorem 2. */
const RANGE = [1 / 3, 3] as const;
/** chosen: halfway to the neighbouring whole exponents. */
const expected = [
  { least: 2.5, most: 3.5, is: 3 },
  { least: 1.5, most: 2.5, is: 2 },
  { least: 0.5, most: 1.5, is: 1 },
] as const;

export const study3: Study = {
  name: "crh/3",
  title: "Power laws between activations and gradients of attention heads",
  source: crhPaper("Fig. 3"),
  statement:
    "The eigenvalues of H and G of the heads of a transformer (llm) follow power laws λ_h ∝ λ_g^α, with α = 3 in the " +
    "first layer, 2 in the second and 1 in all later ones; positive exponents lie between 1/3 and 3.",
  needsData: "text",
  runs: llmRuns,
  evaluate(done, { size }) {
    const all = done.map((run) => headLayers(run.snapshot()));
    const [first] = all;
    const smaller = size === "small" ? "four layers of 128 values, 3,000 steps" : undefined;
    const ordinal = ["first", "second"];
    return {
      figures: [
        {
          name: "powers",
          caption:
            "Eigenvalues of H against those of G for each head, both sorted, as the paper pairs them, relative to " +
            "the largest (covariances of normalised rows, above the noise floor). One colour per head.",
          figure: charts((first ?? []).map(panel), {
            ...{ columns: 2, width: 440, height: 270 },
            legend: [
              { text: "a head, first to last", colour: "currentColor", samples: ["ramp"] },
              { text: "slopes 1, 2 and, steepest, 3", colour: "currentColor", samples: ["dashed"] },
            ],
          }),
        },
      ],
      claims: [
        ...expected.map(({ least, most, is }, i) =>
          scored({
            ...{ figure: FIGURE, name: `${ordinal[i] ?? "later"}: ${is}` },
            statement:
              i < 2
                ? `the ${ordinal[i]} layer has an exponent of ${is}`
                : "all the layers after the second have an exponent of 1",
            measured:
              "slope of log λ_h over log λ_g, sorted; median over the heads of a layer; of several layers, the one farthest from 1",
            values: all.map((layers) =>
              i < 2 ? slopeOf(layers[i]) : farthest(layers.slice(2).map((layer) => slopeOf(layer))),
            ),
            ...{ least, most, why: "nearer to it than to any other whole number", smaller },
          }),
        ),
        scored({
          ...{ figure: FIGURE, name: "falls with depth" },
          statement: "exponents fall from layer to layer towards 1",
          measured: "slope of the first layer minus that of the last",
          values: all.map((layers) => {
            const [start, end] = [slopeOf(layers[0]), slopeOf(layers.at(-1))];
            return start === null || end === null ? null : start - end;
          }),
          ...{ least: 0.5, why: "chosen: a quarter of what the paper shows", smaller },
        }),
        scored({
          ...{ figure: FIGURE, name: "within the predicted range" },
          statement: "positive exponents are almost always within [1/3, 3]",
          measured: "share of heads whose slope of sorted eigenvalues lies in the range",
          values: all.map((layers) => {
            const slopes = layers.flatMap(({ heads }) => heads.flatMap((head) => sortedSlope(head) ?? []));
            const inside = slopes.filter((slope) => slope >= RANGE[0] && slope <= RANGE[1]);
            return slopes.length === 0 ? null : inside.length / slopes.length;
          }),
          ...{ least: 0.9, why: "chosen: almost always", format: percentOf, smaller },
        }),
      ],
      notes: [
        ...llmNotes(size),
        "Any two sorted spectra have a positive slope: two independent Wishart matrices give 0.9 to 1 with R² near " +
          "1. The claims follow the paper's reading; slopes along common eigenvectors are given below.",
        "The caption of Fig. 3 names phases 5, 8 and 6 for exponents 3, 2 and 1; by the paper's own table they are " +
          "6, 8 and 5. A head is not a map, so the table applies only by analogy.",
        ...(first === undefined ? [] : [alongWords(first)]),
      ],
    };
  },
};

const sortedSlope = ({ exponents }: LayerSnapshot): number | null => exponents?.paper.b.hg.sorted ?? null;
const slopeOf = (layer: HeadLayer | undefined): number | null => median((layer?.heads ?? []).map(sortedSlope));

function farthest(slopes: readonly (number | null)[]): number | null {
  const known = slopes.filter((slope) => slope !== null);
  return known.length === 0
    ? null
    : known.reduce((far, slope) => (Math.abs(slope - 1) > Math.abs(far - 1) ? slope : far));
}

function alongWords(layers: readonly HeadLayer[]): string {
  const words = layers.map(({ called, heads }) => {
    const read = heads.map(({ exponents }) => exponents?.paper.b.hg.value ?? null);
    const known = read.filter((value) => value !== null);
    const middle = median(known);
    const sorted = median(heads.map(sortedSlope));
    const along =
      middle === null ? "none can be read" : `${middle.toFixed(2)} (${known.length} of ${heads.length} heads)`;
    return `${called}: sorted ${sorted === null ? "none" : sorted.toFixed(2)}, along eigenvectors ${along}`;
  });
  return `Exponents of H ~ G^α, medians over heads. ${words.join("; ")}.`;
}

function panel({ called, heads }: HeadLayer): Chart {
  const curves = heads.map((head, i): Curve => {
    const found = head.spectra?.paper.b;
    return {
      ...{ name: `head ${i}`, colour: depthColour(i, heads.length).fill, line: "none", dots: "full" },
      points: found === undefined || found === null ? [] : sortedPoints(found),
    };
  });
  const low = Math.min(0.1, ...curves.flatMap(({ points }) => points.map(({ x }) => x)));
  const floor = Math.min(0.1, ...curves.flatMap(({ points }) => points.map(({ y }) => y)));
  const lines = guides.map((slope): Curve => {
    const from = Math.max(low, floor ** (1 / slope));
    const ends = [from, 1].map((x) => ({ x, y: x ** slope }));
    return { name: `slope ${slope}`, colour: "currentColor", line: "dashed", points: ends };
  });
  return {
    title: called,
    x: { label: "λ_g / largest", log: true },
    y: { label: "λ_h / largest", log: true },
    curves: [...lines, ...curves],
  };
}

type Spectra = NonNullable<NonNullable<Snapshot["layers"][number]["spectra"]>["paper"]["b"]>;

/** Pairs above both noise floors. */
function sortedPoints({ H, G }: Spectra): { x: number; y: number }[] {
  const count = Math.min(H.values.length, G.values.length);
  return Array.from({ length: count }, (_, i) => i).flatMap((i) => {
    const [h, g] = [H.values[i]!, G.values[i]!];
    return h > (H.floor ?? 0) && g > (G.floor ?? 0) ? [{ x: g / G.values[0]!, y: h / H.values[0]! }] : [];
  });
}
