/** @file Study crh/8: the six relations of fc2 over weight decay, and which are strongest at small decay. */
import { plainNumber } from "../../figures/axes.ts";
import { type Chart, type Curve, charts } from "../../figures/charts.ts";
import { relationColour, relationFormula } from "../../figures/palette.ts";
import { allSixAtLargeDecay, oneOfEachSide, strongestAtSmallDecay } from "../../findings/claims/fullyConnected.ts";
import { isLargeDecay, isSmallDecay } from "../../findings/weightDecay.ts";
import { hiddenSides } from "../../measure/network/hiddenSides.ts";
import { type RelationName, relationNames } from "../../measure/phase/phaseTable.ts";
import { byNumber, numberOf } from "../byNumber.ts";
import { scored } from "../score.ts";
import type { ScoreRow, StudiedRun, Study } from "../study.ts";
import { alignmentOf, type Measured, measuredRuns, medianCurves, relationEntries, sixMedians } from "./hidden.ts";
import { judged, readRuns } from "./judged.ts";
import { fc2Runs } from "./runs.ts";
import { crhPaper } from "./source.ts";

const FIGURE = "Fig. 8";
const sides = { a: "backward (a)", b: "forward (b)" } as const;
const decayOf = (run: StudiedRun) => numberOf(run, "decay");
const x = { label: "weight decay", log: true };
const y = { label: "alignment", domain: [-0.03, 1.03] as const };

export const study8: Study = {
  name: "crh/8",
  title: "All six relations hold in a fully connected network with enough weight decay",
  source: crhPaper("Fig. 8, Eq. 10"),
  statement:
    "After a fully connected network (fc2) is trained, all six relations hold strongly at a large weight decay. At a " +
    "small one at least one forward and one backward relation holds, and the strongest are forward RWA and backward " +
    "GWA (Eq. 10).",
  runs: (size) => fc2Runs(size),
  evaluate(done) {
    const runs = measuredRuns(done);
    const groups = byNumber(runs, decayOf);
    const panels = (["a", "b"] as const).map(
      (side): Chart => ({ title: sides[side], x, y, curves: medianCurves(groups, side) }),
    );
    const ranges = (["a", "b"] as const).flatMap((side) =>
      relationNames.map(
        (name): Chart => ({
          ...{ title: `${name.toUpperCase()} ${relationFormula[name]}, ${sides[side]}`, x, y },
          curves: [rangeCurve(groups, side, name)],
        }),
      ),
    );
    return {
      figures: [
        {
          name: "medians",
          caption:
            "fc2 after training: median over its five hidden representations of each relation (paper's convention), " +
            "against weight decay. Mean over seeds, with the 95 % interval for three or more.",
          figure: charts(panels, { columns: 2, width: 460, height: 290, legend: relationEntries }),
        },
        {
          name: "layers",
          caption:
            "The same, relation by relation: lines as above, shaded from the smallest to the largest hidden " +
            "representation of any seed, as the paper shades the variation over layers.",
          figure: charts(ranges, { columns: 3, width: 310, height: 210 }),
        },
      ],
      claims: [...largeRows(done, runs), ...smallRows(done, runs)],
      notes: [
        "Hidden representations are side a of maps 1 to 5 and side b of maps 0 to 4, without data and output. The " +
          "caption's pairs of H_a with W^T W as forward and G_a with W W^T as backward have the wrong shapes: Eq. 10 " +
          "names forward RWA and backward GWA.",
        "The paper leaves open the variance of the teacher, the initial weights and phi. crh/choices shows their " +
          "effect; the teacher's scale here is the best of 16 that were tried, and the teacher is nearly linear.",
        "The paper's 'six-layer eight-head fully connected network' is read as five hidden layers and six maps.",
      ],
    };
  },
};

/** The median over layers, in a band over all layers and seeds. */
function rangeCurve(groups: readonly [number, Measured[]][], side: "a" | "b", name: RelationName): Curve {
  const [line] = medianCurves(groups, side).filter((_, i) => relationNames[i] === name);
  const points = line!.points.map((point) => {
    const own = groups.find(([decay]) => decay === point.x)![1];
    const all = own.flatMap(({ last }) =>
      (hiddenSides(last.layers)?.hidden ?? []).flatMap((one) =>
        one.side === side ? (alignmentOf(one.layer, side, name) ?? []) : [],
      ),
    );
    return all.length === 0 ? point : { ...point, low: Math.min(...all), high: Math.max(...all) };
  });
  return { ...line!, colour: relationColour[name], band: true, points };
}

function largeRows(done: readonly StudiedRun[], runs: readonly Measured[]): ScoreRow[] {
  const large = done.filter((run) => isLargeDecay(decayOf(run)));
  return [
    judged(
      { figure: FIGURE, name: "all six at large decay", statement: "all six relations hold strongly at a large decay" },
      readRuns(large),
      allSixAtLargeDecay,
    ),
    scored({
      ...{ figure: FIGURE, name: "least of the six medians" },
      statement: "all six relations are strong at a large weight decay",
      measured: "smallest of the six medians over hidden representations at the largest decay, paper's convention",
      values: runs.filter((run) => isLargeDecay(decayOf(run))).map((run) => leastOf(sixMedians(run))),
      least: 0.9,
      why: "what the paper calls strong",
    }),
  ];
}

function smallRows(done: readonly StudiedRun[], runs: readonly Measured[]): ScoreRow[] {
  const small = done.filter((run) => isSmallDecay(decayOf(run)));
  const decays = byNumber(small, decayOf);
  const lead = (side: "a" | "b", name: RelationName, other: string, figure: string, against = relationNames) => ({
    ...{ figure, name: `${sides[side]} ${name.toUpperCase()} leads` },
    statement: `at a small weight decay the strongest ${other} relation is ${name.toUpperCase()}`,
    measured: `median of ${name.toUpperCase()} minus the larger of the other two, at decays of at most 3e−6`,
    values: runs
      .filter((run) => isSmallDecay(decayOf(run)))
      .map(({ medians }) => {
        if (medians === undefined) return null;
        const others = against.filter((one) => one !== name).map((one) => medians[side][one]);
        const own = medians[side][name];
        return own === null || others.includes(null) ? null : own - Math.max(...others.map((value) => value!));
      }),
    least: 0,
    why: "it is the largest on its side",
  });
  return [
    ...decays.map(([decay, own]) =>
      judged(
        {
          ...{ figure: FIGURE, name: `one of each side, decay ${plainNumber(decay)}` },
          statement: "at least one forward and backward relation holds strongly",
        },
        readRuns(own),
        oneOfEachSide,
      ),
    ),
    ...decays.map(([decay, own]) =>
      judged(
        {
          ...{ figure: "Eq. 10", name: `Eq. 10, decay ${plainNumber(decay)}` },
          statement: "at a small weight decay the strongest relations are forward RWA and backward GWA",
        },
        readRuns(own),
        strongestAtSmallDecay,
      ),
    ),
    scored(lead("b", "rwa", "forward", "Eq. 10")),
    scored(lead("a", "gwa", "backward", "Eq. 10")),
    scored(lead("a", "rga", "backward (by the paper's section 6, against its Eq. 10)", "section 6")),
  ];
}

const leastOf = (values: readonly number[] | null) => (values === null ? null : Math.min(...values));
