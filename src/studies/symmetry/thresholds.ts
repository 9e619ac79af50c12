/**
 * @file Study symmetry/thresholds: the penalty that makes the symmetric point the minimum, for four losses with closed
 * forms.
 */
import { type Chart, type Curve, charts } from "../../figures/charts.ts";
import { watchedNumber } from "../../findings/watchedRecord.ts";
import { Random } from "../../random/random.ts";
import { BLUE, GREEN, ORANGE } from "../colours.ts";
import { scored } from "../score.ts";
import type { Study } from "../study.ts";
import { lowestMinimum } from "./minimise.ts";
import { structurePaper, theoryEntry } from "./source.ts";
import { type Toy, toys } from "./toys.ts";

const FIGURE = "landscapes";
/**
 * Penalties over the critical one. At the critical penalty itself descent takes forever, so the closest ones tried are
 * 5 % away.
 */
const SHARES = [0.05, 0.2, 0.35, 0.5, 0.65, 0.8, 0.9, 0.95, 1.05, 1.2, 1.5] as const;

interface Found {
  readonly share: number;
  readonly seen: readonly number[];
  readonly said: readonly number[];
}

export const thresholdStudy: Study = {
  name: "symmetry/thresholds",
  title: "A penalty makes the symmetric point the minimum",
  source: structurePaper("its toy losses, as the authors' slides draw them"),
  statement:
    "A loss that is invariant under a reflection of its parameters has a minimum away from the symmetric point while " +
    "the L2 penalty is small. At a critical penalty the minimum reaches that point continuously: weights vanish, " +
    "products lose rank, neurons become equal.",
  runs: () => [],
  evaluate() {
    const random = new Random(0);
    const all = Object.entries(toys).map(([key, toy]) => ({ key, toy, found: minima(toy, random.split(key)) }));
    return {
      figures: [
        {
          name: "landscape",
          caption:
            "The loss (w² x − y)² + γ w² over w at half the critical penalty, at the critical penalty and at one and " +
            "a half times it, minus its value at w = 0. Dots: its minima from the closed form (Eq. 100).",
          figure: charts([landscape()], {
            ...{ columns: 1, width: 560, height: 300 },
            legend: landscapes.map(({ share, colour }) => ({
              text: share === 1 ? "γ = γc" : `γ = ${share} γc`,
              colour,
              samples: ["line", "dot"] as const,
            })),
          }),
        },
        {
          name: "transition",
          caption:
            "What the symmetry leaves of the parameters at the minimum, over the penalty: closed forms (Eqs. 100 to " +
            "103) and the lowest end of gradient descents from random starts. For a rotation: the three singular " +
            "values of the product.",
          figure: charts(
            all.map(({ toy, found }) => transition(toy, found)),
            {
              ...{ columns: 2, width: 430, height: 250 },
              legend: [
                { text: "found by gradient descent", colour: BLUE, samples: ["dot"] },
                theoryEntry("closed form"),
              ],
            },
          ),
        },
      ],
      claims: all.flatMap(({ key, toy, found }) => claims(key, toy, found)),
      notes: [
        "Gradient descent slows down towards the critical penalty in proportion to the distance from it, which is " +
          "why no " +
          "penalty within 5 % of it is tried; for the rotation the same holds near each singular value.",
      ],
    };
  },
};

function minima(toy: Toy, random: Random): Found[] {
  return SHARES.map((share) => {
    const penalty = share * toy.critical;
    const theta = lowestMinimum(toy.loss(penalty), toy.descent, random.split(`penalty ${share}`));
    return { share, seen: toy.observe(theta), said: toy.closed(penalty) };
  });
}

const landscapes = [
  { share: 0.5, colour: BLUE },
  { share: 1, colour: GREEN },
  { share: 1.5, colour: ORANGE },
] as const;

function landscape(): Chart {
  const { sign } = toys;
  const at = Array.from({ length: 161 }, (_, i) => (i - 80) / 80);
  return {
    title: "loss over the weight",
    x: { label: "w" },
    y: { label: "L(w) − L(0)", domain: [-0.55, 1.2] },
    curves: landscapes.flatMap(({ share, colour }): Curve[] => {
      const penalty = share * sign.critical;
      const loss = sign.loss(penalty);
      const height = (w: number) => loss.value(Float64Array.of(w)) - loss.value(Float64Array.of(0));
      const root = Math.sqrt(sign.closed(penalty)[0]!);
      return [
        { name: `${share} γc`, colour, points: at.map((w) => ({ x: w, y: height(w) })).filter(({ y }) => y <= 1.2) },
        { name: "minimum", colour, line: "none", points: [-root, root].map((w) => ({ x: w, y: height(w) })) },
      ];
    }),
  };
}

function transition({ name, observed, critical, closed }: Toy, found: readonly Found[]): Chart {
  const at = Array.from({ length: 161 }, (_, i) => i / 100);
  const modes = found[0]!.said.map((_, mode) => mode);
  return {
    title: name,
    x: { label: "penalty over its critical value", domain: [0, 1.6] },
    y: { label: observed },
    curves: modes.flatMap((mode): Curve[] => [
      {
        ...{ name: "closed form", colour: "currentColor", line: "dashed" },
        points: at.map((share) => ({ x: share, y: closed(share * critical)[mode]! })),
      },
      {
        ...{ name: "gradient descent", colour: BLUE, line: "none" },
        points: found.map(({ share, seen }) => ({ x: share, y: seen[mode]! })),
      },
    ]),
  };
}

/** chosen: a descent's value below this counts as 0; descents end far below it. */
const NOTHING = 1e-3;

function claims(key: string, { observed, critical }: Toy, found: readonly Found[]) {
  const errors = found.flatMap(({ seen, said }) => said.map((value, mode) => Math.abs(seen[mode]! - value)));
  const right = found.filter(({ seen, said }) => count(seen) === count(said)).length;
  return [
    scored({
      ...{ figure: FIGURE, name: `${key}: minima` },
      statement: `${observed} of the loss with a symmetry of ${key} follows the closed form`,
      measured: `largest difference between ${observed} found and from the closed form, over ${found.length} penalties`,
      values: [Math.max(...errors)],
      most: 1e-6,
      why: "a millionth of the values themselves, the remainder of descent 5 % from the critical penalty",
      format: watchedNumber,
      beside: `critical penalty ${watchedNumber(critical)}`,
      counted: true,
    }),
    scored({
      ...{ figure: FIGURE, name: `${key}: what is left` },
      statement:
        key === "rotation"
          ? "the product has as many modes as there are singular values above the penalty"
          : "it is 0 from the critical penalty, and not below it",
      measured: `share of the penalties at which as many numbers are above ${NOTHING} as the closed form predicts`,
      values: [right / found.length],
      least: 1,
      why: "a count allows no error",
      counted: true,
    }),
  ];
}

const count = (values: readonly number[]): number => values.filter((value) => value > NOTHING).length;
