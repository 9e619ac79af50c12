import { describe, expect, test } from "vitest";
import { againstEquations } from "../../../src/findings/twopoint/against.ts";
import { conservedCourse, theoryCurves } from "../../../src/findings/twopoint/curves.ts";
import { pairDistances } from "../../../src/findings/twopoint/pairDistances.ts";
import {
  agreementOf,
  contradictionSentence,
  headline,
  layersSentence,
  leftOutSentence,
} from "../../../src/findings/twopoint/sentences.ts";
import { fitFollowed, trajectoriesOf } from "../../../src/findings/twopoint/twopointRecord.ts";
import { Random } from "../../../src/random/random.ts";
import { plantedFollowed, plantedMean, plantedRates, START } from "./planted.ts";

const run = plantedFollowed();
const { fits, followed, rows } = run;
/** Of three points two have the same target. */
const many = plantedFollowed({
  points: ["a", "b", "c"],
  target: (p, q) => (p === 0 && q === 1 ? 0 : p + q),
  falling: false,
});

/** Rows are exact solutions, so that a fit is good to the optimiser's tolerance. */
const EXACT = 1e-3;

describe("the record of a planted run", () => {
  test("has the planted rates in every layer that obeys, with intervals around them", () => {
    plantedRates.forEach(({ etaH, etaY }, i) => {
      const fit = fits.layers[i]!;
      expect(fit.status).toBe("ok");
      expect(fit.etaH.value! / etaH).toBeCloseTo(1, 3);
      expect(fit.etaY.value! / etaY).toBeCloseTo(1, 3);
    });
    // the loss is the network's, here that of the first layer's outputs
    expect(fits.layers[0]!.loss!.etaYbar! / plantedMean.etaYbar).toBeCloseTo(1, 2);
  });

  test("says what is missing of the targets: nothing at the end, nearly all at the start", () => {
    expect(fits.pairs[0]!.missing).toBeLessThan(EXACT);
    const early = fitFollowed(
      followed,
      rows.filter(({ step }) => step < 100),
    )!;
    expect(early.pairs[0]!.missing).toBeGreaterThan(0.8);
  });

  test("has nothing without rows", () => {
    expect(fitFollowed(followed, [])).toBeUndefined();
  });

  test("begins with the pair whose targets are furthest apart, and leaves out pairs of one target", () => {
    expect(many.fits.pair).toBe("1-2");
    expect(many.fits.pairs.map(({ pair }) => pair)).toEqual(["1-2", "0-2"]);
    expect([many.fits.pairsAlike, many.fits.pairsLeftOut]).toEqual([1, 0]);
    expect(leftOutSentence(many.fits)).toBe(
      "2 pairs were fitted; not fitted: 1 because the input or the target is the same.",
    );
  });

  test("where all points have one target there is nothing to fit, and a sentence says so", () => {
    const none = plantedFollowed({ target: () => 0, falling: false }).fits;
    expect(none).toMatchObject({ pair: null, layers: [], pairs: [], pairsAlike: 1 });
    expect(headline(none).claim).toMatch(/^No pair of followed points differs/);
  });
});

describe("what moves against the equations", () => {
  test("is the fall of H while w < 0 and its rise while w > 0, each within one stretch", () => {
    const against = (dh2: number[], w: number[]) => againstEquations({ dh2, w });
    expect(against([1, 0.8, 0.6], [-1, -1, -1]).fall).toBeCloseTo(0.4, 12);
    expect(against([1, 0.75, 0.5], [1, 1, 1])).toEqual({ fall: 0, rise: 0, range: 0.5 });
    expect(against([1, 1.5], [1, 1])).toMatchObject({ fall: 0, rise: 0.5 });
    expect(against([1, 2, 1.9], [-1, -1, 1])).toMatchObject({ fall: 0, rise: 0 });
  });

  test("is the course and not the noise of batches", () => {
    const random = new Random(7);
    const rows = Array.from({ length: 2000 }, (_, i) => i);
    const noisy = rows.map((i) => 1 + i / 2000 + 0.02 * random.normal());
    expect(againstEquations({ dh2: noisy, w: rows.map(() => -1) }).fall).toBeLessThan(0.01);
  });

  test("is said where it is a tenth, or a third of all that H moves", () => {
    const said = (against: { fall: number; rise: number; range: number }) =>
      contradictionSentence({ ...fits.layers[0]!, against });
    expect(said({ fall: 0.05, rise: 0, range: 0.9 })).toBe("");
    expect(said({ fall: 0.05, rise: 0, range: 0.12 })).toMatch(/^H falls by 5 % while w < 0/);
    expect(said({ fall: 0.01, rise: 0, range: 0.01 })).toBe("");
    expect(said({ fall: 0, rise: 0.11, range: 0.9 })).toMatch(/^H rises by 11 % while w > 0/);
  });

  test("is said as a finding, and of no layer that obeys", () => {
    const [obeys, , falls] = fits.layers;
    expect(contradictionSentence(falls!)).toBe(
      "H falls by 40 % while w < 0, where by the equations it can only rise, for any rates.",
    );
    expect(agreementOf(falls!)).not.toBe("follows");
    expect(contradictionSentence(obeys!)).toBe("");
  });
});

describe("sentences on a planted run", () => {
  test("say where the theory holds", () => {
    const { claim, details } = headline(fits);
    expect(claim).toBe("Hidden layer 1 follows the two-point theory, in the rich regime");
    expect(details).toMatch(
      /^R² is 1\.000 \(H\), 1\.000 \(Y\) and 1\.000 \(w\); H ends at (0\.\d+), where the theory predicts \1\.$/,
    );
    expect(layersSentence(fits)).toMatch(/^The theory holds in 2 of 3 hidden layers \(0, 1\); (not|in part) in 2\./);
  });
});

describe("what is drawn beside the measured rows", () => {
  test("is the theory itself where these are planted, and C stays", () => {
    const [fit, pair] = [fits.layers[1]!, fits.pairs[0]!];
    const trajectory = trajectoriesOf(rows, pair.pair, ["1"])[0]!;
    const theory = theoryCurves(pair, fit, trajectory.step)!;
    for (const name of ["dh2", "dy2", "w"] as const)
      theory[name].forEach((value, i) => {
        expect(Math.abs(value - trajectory[name][i]!)).toBeLessThan(EXACT);
      });
    expect(theory.loss![0]).toBeCloseTo(rows.find(({ layer }) => layer === "1")!.loss, 3);
    const change = conservedCourse(pair, fit, trajectory)!;
    expect(change[0]).toBe(0);
    expect(Math.max(...change.map(Math.abs))).toBeLessThan(EXACT);
  });

  test("is nothing for a layer without rates", () => {
    const nothing = { value: null, interval: null };
    expect(theoryCurves(fits.pairs[0]!, { ...fits.layers[1]!, etaH: nothing }, [0, 1])).toBeUndefined();
  });
});

describe("distances of all pairs", () => {
  const found = pairDistances(many.followed, many.fits, many.rows)!;

  test("are predicted with the one ratio that was planted, to what was measured", () => {
    expect(found.ratio!.value).toBeCloseTo(plantedRates[1].etaH / plantedRates[1].etaY, 4);
    expect(found.ratio!.fits).toBe(2);
    for (const { measured, predicted } of found.pairs) expect(predicted! / measured).toBeCloseTo(1, 3);
    expect(found.correlation).toBeCloseTo(1, 3);
  });

  test("of points with the same target are those of the start", () => {
    expect(found.pairs.find(({ pair }) => pair === "0-1")!.predicted).toBeCloseTo(Math.sqrt(START), 12);
  });

  test("are not there for a single pair", () => {
    expect(pairDistances(followed, fits, rows)).toBeUndefined();
  });
});
