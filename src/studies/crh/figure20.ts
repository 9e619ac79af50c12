/** @file Study crh/20: power laws between H, G and Z of a fully connected tanh network. */
import { type Chart, type Curve, charts } from "../../figures/charts.ts";
import { type Relation, relationColour, relations } from "../../figures/palette.ts";
import { powerLaws } from "../../figures/powerLaws.ts";
import type { Exponent, SideExponents } from "../../measure/snapshot.ts";
import { percentOf, scored } from "../score.ts";
import type { StudiedRun, Study, StudyFigure } from "../study.ts";
import { type Measured, measuredRuns } from "./hidden.ts";
import { fc1Runs, fc1Smaller } from "./runs.ts";
import { crhPaper } from "./source.ts";

const FIGURE = "Fig. 20";
const RANGE = [1 / 3, 3] as const;
const pairs = {
  hg: { of: "H ~ G", relation: "rga" },
  hz: { of: "H ~ Z", relation: "rwa" },
  gz: { of: "G ~ Z", relation: "gwa" },
} as const;
const pairNames = Object.keys(pairs) as (keyof SideExponents)[];

interface Read {
  readonly map: number;
  readonly side: "a" | "b";
  readonly pair: keyof SideExponents;
  readonly exponent: Exponent;
}

export const study20: Study = {
  name: "crh/20",
  title: "Power laws in fully connected networks",
  source: crhPaper("Fig. 20 and appendix C.8"),
  statement:
    "In a fully connected network with four hidden tanh layers, the spectra of H, G and Z follow power laws with " +
    "exponents between 1/3 and 3.",
  runs: (size) => fc1Runs(size, "tanh", { activation: "tanh" }),
  evaluate(done, { size }) {
    const runs = measuredRuns(done);
    const smaller = fc1Smaller(size);
    const inside = (values: readonly number[]) => {
      const positive = values.filter((value) => value > 0);
      return positive.length === 0
        ? null
        : positive.filter((value) => value >= RANGE[0] && value <= RANGE[1]).length / positive.length;
    };
    const row = (key: "sorted" | "value", name: string, how: string) =>
      scored({
        ...{ figure: FIGURE, name },
        statement: "almost all positive exponents are within the range [1/3, 3]",
        measured: `share of the positive slopes ${how}, of H ~ G, H ~ Z and G ~ Z over hidden representations, covariances`,
        values: runs.map((run) => inside(readsOf(run).flatMap(({ exponent }) => exponent[key] ?? []))),
        ...{ least: 0.9, why: "chosen: almost all", format: percentOf, smaller },
      });
    return {
      figures: [...figureOf(runs), ...powersOf(done)],
      claims: [
        row("sorted", "sorted eigenvalues", "between sorted eigenvalues, the paper's reading"),
        row("value", "along eigenvectors", "along common eigenvectors, where they can be read"),
        scored({
          ...{ figure: FIGURE, name: "can be read" },
          statement: "H, Z and G are polynomially related",
          measured:
            "share of the pairs whose slope can be read: a decade of spectrum, common eigenvectors beyond chance",
          values: runs.map((run) => {
            const all = readsOf(run);
            return all.length === 0 ? null : all.filter(({ exponent }) => exponent.value !== null).length / all.length;
          }),
          ...{ least: 0.9, why: "chosen: broadly", format: percentOf, smaller },
        }),
      ],
      notes: [
        "Slopes between sorted eigenvalues are positive for any two spectra, so it says little that they lie within " +
          "[1/3, 3]. Slopes along common eigenvectors may be negative, and are stated where the two matrices share " +
          "eigenvectors (Eqs. 33 to 37).",
        "Exponents are of covariances, for which the paper's table holds with a bias. The network is fc1 with tanh.",
        ...(smaller === undefined ? [] : [`Size small: ${smaller}, where the loss still falls.`]),
      ],
    };
  },
};

/** Hidden representations: side a of every map but the first, side b of every map but the last. */
function readsOf({ last: { layers } }: Measured): Read[] {
  return layers.flatMap(({ exponents }, map) =>
    (["a", "b"] as const).flatMap((side) => {
      const found = exponents?.covariance?.[side];
      const hidden = side === "a" ? map > 0 : map < layers.length - 1;
      return found && hidden ? pairNames.map((pair): Read => ({ map, side, pair, exponent: found[pair] })) : [];
    }),
  );
}

function figureOf(runs: readonly Measured[]): StudyFigure[] {
  const [first] = runs;
  if (first === undefined) return [];
  const reads = readsOf(first);
  const last = first.last.layers.length - 1;
  const guide = (slope: number): Curve => ({
    ...{ name: `${slope}`, colour: "currentColor", line: "dashed" },
    points: [0, last].map((x) => ({ x, y: slope })),
  });
  const panels = (["a", "b"] as const).map(
    (side): Chart => ({
      title: side === "a" ? "backward (a)" : "forward (b)",
      x: { label: "map" },
      y: { label: "exponent", domain: [-1, 5] },
      curves: [
        ...[1 / 3, 3].map(guide),
        ...relations.flatMap((relation, k) =>
          curvesOf(
            relation,
            reads.filter((one) => one.side === side),
            0.12 * (k - 1),
          ),
        ),
      ],
    }),
  );
  const caption =
    "Exponents of power laws between H, G and Z of hidden representations, seed of the first run. Full dots: along " +
    "common eigenvectors, with the 95 % interval, where they can be read. Hollow dots: between sorted eigenvalues, " +
    "the paper's reading. Dashed: 1/3 and 3. Values above 5 are drawn at the upper edge; the table has them.";
  return [
    {
      ...{ name: "exponents", caption },
      figure: charts(panels, {
        ...{ columns: 2, width: 440, height: 290 },
        legend: [
          ...relations.map((relation: Relation) => ({
            text: pairs[pairNames.find((one) => pairs[one].relation === relation)!].of,
            colour: relationColour[relation],
            samples: ["dot"] as const,
          })),
          { text: "sorted", colour: "currentColor", samples: ["ring"] as const },
        ],
      }),
    },
  ];
}

/** Exponents of a relation by map: along eigenvectors with their intervals, and sorted; beside the map by a shift. */
function curvesOf(relation: Relation, reads: readonly Read[], shift: number): Curve[] {
  const pair = pairNames.find((one) => pairs[one].relation === relation)!;
  const own = reads.filter((one) => one.pair === pair);
  const style = { colour: relationColour[relation], line: "none" } as const;
  return [
    {
      ...{ ...style, name: `${pairs[pair].of}, along eigenvectors`, dots: "full" },
      points: own.map(({ map, exponent: { value, interval } }) => ({
        ...{ x: map + shift, y: value ?? Number.NaN },
        ...(interval && { low: interval[0], high: interval[1] }),
      })),
    },
    {
      ...{ ...style, name: `${pairs[pair].of}, sorted`, dots: "hollow" },
      points: own.map(({ map, exponent: { sorted } }) => ({ x: map + shift, y: sorted ?? Number.NaN })),
    },
  ];
}

/** Scatter plots of every hidden layer of the first seed, as in the paper. */
function powersOf(done: readonly StudiedRun[]): StudyFigure[] {
  const run = done.find(({ seed }) => seed === 0);
  const measured = run?.snapshot()?.layers ?? [];
  return (run?.moments()?.layers ?? []).slice(1, -1).flatMap((layer, i): StudyFigure[] => {
    const figure = powerLaws(layer, measured.find(({ name }) => name === layer.name)?.exponents);
    const caption = `${layer.name}, seed 0: one matrix against the other, with guides at 1/3, 1/2, 1, 2 and 3.`;
    return figure === undefined ? [] : [{ name: `layer-${i + 1}`, caption, figure }];
  });
}
