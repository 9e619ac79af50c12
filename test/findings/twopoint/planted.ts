/**
 * @file Runs that follow points, made by hand: layers that obey the two-point theory with known rates, and one in which
 * H falls while the equations let it only rise.
 */
import type { FollowedRecord } from "../../../src/findings/twopoint/followedRecord.ts";
import { FOLLOWED_SCHEMA } from "../../../src/findings/twopoint/followedRecord.ts";
import { type FollowedRow, type FollowedRun, fitFollowed } from "../../../src/findings/twopoint/twopointRecord.ts";
import { lossCurve } from "../../../src/twopoint/lossCurve.ts";
import { twoPointTheory } from "../../../src/twopoint/theory.ts";

/** Rates of each layer that obeys; one that does not stands after them. */
export const plantedRates = [
  { etaH: 0.004, etaY: 0.05 },
  { etaH: 0.002, etaY: 0.08 },
] as const;

/** The third rate, and the distance with which the mean begins. */
export const plantedMean = { etaYbar: 0.03, ybar0: 0.4 } as const;

/** H at the start: small beside its end, so that the regime is rich. */
export const START = 0.005;
/** Long enough for all of it to have happened. */
const steps = Array.from({ length: 150 }, (_, i) => 10 * i);

interface Options {
  readonly points?: readonly string[];
  /** Squared distance of the targets of a pair; 0 where they are the same. */
  readonly target?: (p: number, q: number) => number;
  /** Whether a last layer is there in which H falls by two fifths. */
  readonly falling?: boolean;
}

export function plantedFollowed({
  points = ["0", "1"],
  target = () => 0.5,
  falling = true,
}: Options = {}): FollowedRun {
  const places = points.flatMap((_, p) => points.slice(p + 1).map((__, k) => [p, p + 1 + k] as const));
  const layers = [...plantedRates.map((_, i) => String(i)), ...(falling ? ["2"] : [])];
  const followed: FollowedRecord = {
    schema: FOLLOWED_SCHEMA,
    points,
    pairs: places.map(([p, q]) => ({ pair: `${p}-${q}`, dx2: 1, dy2: target(p, q) })),
    layers,
    layer: "1",
    lossFactor: points.length === 2 ? 1 : null,
    every: 10,
  };
  const rows = followed.pairs.flatMap(({ pair, dy2 }) =>
    layers.flatMap((layer, i) => trajectory(dy2, i).map((row) => ({ ...row, pair, layer }))),
  );
  const ordered = rows.toSorted((x, y) => x.step - y.step);
  return { followed, fits: fitFollowed(followed, ordered)!, rows: ordered };
}

/**
 * What is recorded at one step: each layer has outputs of its own here, which no network has and no function looks at.
 */
function trajectory(dy2: number, layer: number): Omit<FollowedRow, "pair" | "layer">[] {
  const start = { dh2: START, dy2: 1e-4, w: -2e-3 };
  if (dy2 === 0) return steps.map((step) => ({ step, dh2: START, dy2: 0, w: 0, loss: 0 }));
  const rates = plantedRates[layer] ?? plantedRates[0];
  const { dh2, dy2: Y, w } = twoPointTheory({ dx2: 1, dy2, ...rates }, start, steps);
  const loss = lossCurve(dy2, { t: Float64Array.from(steps), dy2: Y, w }, plantedMean);
  const falls = layer >= plantedRates.length;
  return steps.map((step, i) => ({
    step,
    dh2: falls ? 1 - (0.4 * i) / (steps.length - 1) : dh2[i]!,
    dy2: Y[i]!,
    w: falls ? Math.min(-1e-6, w[i]!) : w[i]!,
    loss: loss[i]!,
  }));
}
