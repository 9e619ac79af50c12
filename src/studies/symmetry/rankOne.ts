/**
 * @file Study symmetry/rank-one: a rate that is too large at the start, but not after noise has lowered the sharpness.
 */
import { type Curve, charts } from "../../figures/charts.ts";
import { GREEN, GREY } from "../colours.ts";
import { familyOf, grouped } from "../fits.ts";
import { percentOf, scored } from "../score.ts";
import { overEach, seeds } from "../seeds.ts";
import type { DivergedRun, StudiedRun, Study } from "../study.ts";
import { type Courses, coursesOf, firstOf, lastOf, overRuns, quotient } from "../watched.ts";
import { GD, noisePaper, SGD } from "./source.ts";

const FIGURE = "rank-one factorization";
const families = { warm: "warm", direct: "direct", Glorot: "glorot", GD: "gd" } as const;
type Family = keyof typeof families;
/** Steps of the warm-up, the setting's default. */
const WARMUP = 5000;

export const rankOneStudy: Study = {
  name: "symmetry/rank-one",
  title: "Noise lowers the sharpness of a product",
  source: noisePaper(FIGURE),
  statement:
    "A product u (w·x) with large initial weights is too sharp for a rate of 0.008, and diverges. At 0.001 the noise " +
    "of SGD moves it to a flat point, where 0.008 is stable. Under gradient descent it stays as sharp as it began; " +
    "Xavier's weights begin flat.",
  runs: (size) =>
    Object.entries(families).flatMap(([label, preset]) =>
      overEach({ label, setting: "rank-one", preset }, seeds(size, { small: 5, paper: 20 })),
    ),
  evaluate(done, { diverged = [] }) {
    const runs = grouped(done, familyOf);
    const ended = grouped(diverged, familyOf);
    const of = (family: Family): Courses[] => (runs.get(family) ?? []).map((run) => coursesOf(run));
    const all = { warm: of("warm"), Glorot: of("Glorot"), GD: of("GD") };
    const direct = ended.get("direct") ?? [];
    return {
      figures: [
        {
          name: "sharpness",
          caption:
            "Sharpness S, the trace of the Hessian (Eq. 114), over training; medians over seeds and their range. " +
            "Each grey line is a run at 0.008 from the start; it ends where its loss overflows. The dashed line is " +
            "the end of the warm-up.",
          figure: charts([chart(all, direct)], { columns: 1, width: 620, height: 320, legend }),
        },
      ],
      claims: claims(all, {
        directAll: [...(runs.get("direct") ?? []), ...direct],
        direct,
        warmAll: [...(runs.get("warm") ?? []), ...(ended.get("warm") ?? [])],
      }),
      notes: [
        direct.length === 0
          ? "No run diverged."
          : `Without the warm-up the loss overflows at steps ${direct.map(({ step }) => step).join(", ")}.`,
      ],
    };
  },
};

const legend = [
  { text: "SGD, 0.001 then 0.008", colour: SGD, samples: ["band", "line"] },
  { text: "SGD, 0.008 at once", colour: GREY, samples: ["line"] },
  { text: "SGD from Xavier's weights, 0.001", colour: GREEN, samples: ["band", "line"] },
  { text: "gradient descent, 0.001", colour: GD, samples: ["band", "line"] },
] as const;

function chart(all: Readonly<Record<"warm" | "Glorot" | "GD", readonly Courses[]>>, direct: readonly DivergedRun[]) {
  const single = (run: DivergedRun): Curve => ({
    ...{ name: run.label, colour: GREY },
    points: coursesOf(run)("sharpness").map(({ step, value }) => ({ x: step, y: value })),
  });
  return {
    title: "sharpness over training",
    x: { label: "step (logarithmic)", log: true, domain: [1, 15_000] as const },
    y: { label: "S", log: true, domain: [100, 1e5] as const },
    curves: [
      ...direct.map(single),
      overRuns(all.GD, { name: "gradient descent", colour: GD }, "sharpness"),
      overRuns(all.Glorot, { name: "Xavier", colour: GREEN }, "sharpness"),
      overRuns(all.warm, { name: "warm-up", colour: SGD }, "sharpness"),
      {
        ...{ name: "end of the warm-up", colour: "currentColor", line: "dashed" },
        points: [100, 1e5].map((y) => ({ x: WARMUP, y })),
      } satisfies Curve,
    ],
  };
}

/** Sharpness at the recorded step nearest to a given one. */
function sharpnessAt(run: Courses, step: number): number | null {
  const course = run("sharpness");
  const near = course.toSorted((x, y) => Math.abs(x.step - step) - Math.abs(y.step - step))[0];
  return near?.value ?? null;
}

interface Counted {
  readonly directAll: readonly StudiedRun[];
  readonly direct: readonly DivergedRun[];
  readonly warmAll: readonly StudiedRun[];
}

function claims(
  all: Readonly<Record<"warm" | "Glorot" | "GD", readonly Courses[]>>,
  { directAll, direct, warmAll }: Counted,
) {
  const figure = FIGURE;
  const within = new Map(direct.map(({ seed, step }) => [seed, step <= 100]));
  const survived = warmAll.length - all.warm.length;
  return [
    scored({
      ...{ figure, name: "0.008 at once diverges" },
      statement: "SGD at the rate 0.008 from the beginning diverges within 100 steps from every start",
      measured: "1 if a run diverges by step 100, else 0",
      values: directAll.map(({ seed }) => Number(within.get(seed) ?? false)),
      ...{ least: 1, counted: true },
      why: "all of them; an independent implementation diverges by step 71 in 64 of 64",
    }),
    scored({
      ...{ figure, name: "0.008 after the warm-up is stable" },
      statement: "after 5,000 steps at 0.001 it is stable at 0.008",
      measured: "1 if a run reaches its last step, else 0",
      values: [...all.warm.map(() => 1), ...new Array<number>(survived).fill(0)],
      ...{ least: 1, counted: true },
      why: "all of them; an independent implementation is stable in 64 of 64",
    }),
    scored({
      ...{ figure, name: "sharpness over the warm-up" },
      statement: "the noise of SGD lowers the sharpness",
      measured: "S at step 5,000 over S at the start",
      values: all.warm.map((run) => quotient(sharpnessAt(run, WARMUP), firstOf(run("sharpness")))),
      most: 0.4,
      why: "less than half is not due to chance at the start; an independent implementation finds 0.2",
      format: percentOf,
    }),
    scored({
      ...{ figure, name: "gradient descent stays sharp" },
      statement: "gradient descent does not lower it",
      measured: "S at the end over S at the start",
      values: all.GD.map((run) => quotient(lastOf(run("sharpness")), firstOf(run("sharpness")))),
      least: 0.9,
      why: "fitting alone changes it by a few percent",
      format: percentOf,
    }),
    scored({
      ...{ figure, name: "Xavier's weights begin flat" },
      statement: "Xavier's initial weights begin at a fraction of the sharpness",
      measured: "their S at the start over that of the default weights, seed by seed",
      values: all.Glorot.map((run, i) =>
        quotient(firstOf(run("sharpness")), all.warm[i] ? firstOf(all.warm[i]("sharpness")) : null),
      ),
      most: 0.4,
      why: "2 d of (|u|² + |w|²): 400 against 1,700 at d = 50",
      format: percentOf,
    }),
  ];
}
