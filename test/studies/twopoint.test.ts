import { describe, expect, it } from "vitest";
import type { FollowedPair } from "../../src/findings/twopoint/followedRecord.ts";
import { relationNames } from "../../src/measure/phase/phaseTable.ts";
import type { Snapshot } from "../../src/measure/snapshot.ts";
import { Random } from "../../src/random/random.ts";
import { architectureStudy } from "../../src/studies/twopoint/architectures.ts";
import { blobStudy } from "../../src/studies/twopoint/blobs.ts";
import { controlStudy } from "../../src/studies/twopoint/controls.ts";
import { depthStudy } from "../../src/studies/twopoint/depth.ts";
import { finalDistanceStudy } from "../../src/studies/twopoint/finalDistances.ts";
import { gainStudy } from "../../src/studies/twopoint/gains.ts";
import { mnistPairStudy } from "../../src/studies/twopoint/mnistPair.ts";
import { predictedDistances } from "../../src/studies/twopoint/mnistStructure.ts";
import { regimeStudy } from "../../src/studies/twopoint/regimes.ts";
import { xorStudy } from "../../src/studies/twopoint/xor.ts";
import { finalDistance } from "../../src/twopoint/finalDistance.ts";
import { type Course, onePair, plantedRun, ROWS, solution, verdictOf } from "./planted.ts";

const small = { size: "small" } as const;
const rates = { etaH: 0.0014, etaY: 0.082 };

/** A pair that only comes to its end, as a grid of the notebooks is read. */
const endsAt = (dh2: number, start: { dh2: number; dy2: number }, loss = 1e-5): Course => ({
  step: [0, 100],
  ...{ dh2: [start.dh2, dh2], dy2: [start.dy2, 0.5], w: [-0.01, 0], loss: [0.2, loss] },
});

describe("twopoint/2", () => {
  const wandering: Course = {
    ...solution(),
    w: Array.from({ length: ROWS + 1 }, (_, i) => 0.2 * Math.sin(i / 3) - 0.01),
  };

  it("holds for a solution of the equations and not for a course that is none", () => {
    const run = (label: string, course: Course) => plantedRun({ label: `${label}, seed 0`, course: () => course });
    const { claims, figures } = architectureStudy.evaluate(
      [run("default", solution({ noise: 0.01 })), run("tanh", wandering)],
      small,
    );
    expect(verdictOf(claims, "default: R² of H, Y, w")).toBe("holds");
    expect(verdictOf(claims, "default: final distance")).toBe("holds");
    expect(verdictOf(claims, "tanh: R² of H, Y, w")).toBe("does not hold");
    expect(figures[0]!.figure.panels).toHaveLength(2);
    expect(figures[0]!.figure.csv).toContain("default,dh2 theory,");
  });
});

describe("a pair of equal targets", () => {
  it("is one that cannot be fitted, with the reason, and not an error", () => {
    const pairs = [{ pair: "0-1", dx2: 1, dy2: 0 }];
    const run = plantedRun({ label: "default, seed 0", pairs, course: () => solution() });
    const { claims, notes } = architectureStudy.evaluate([run], small);
    expect(verdictOf(claims, "default: R² of H, Y, w")).toBe("undecided");
    expect(notes[0]).toContain("expected dy2 above 0");
  });
});

describe("twopoint/3", () => {
  const at = (network: string, gain: number, change: number, seed: number) => {
    const course = solution({ noise: 0.001, seed, dh2: 0.05 });
    const end = course.dh2[ROWS]!;
    const scale = (value: number, i: number) =>
      0.05 * (1 + (change * (value / 0.05 - 1)) / (end / 0.05 - 1)) + (i === 0 ? 0 : 1e-9);
    return plantedRun({
      ...{ label: `${network}, gain ${gain}, seed ${seed}`, seed, parameters: { gain } },
      course: () => ({ ...course, dh2: Array.from(course.dh2, scale) }),
    });
  };

  it("calls a representation lazy that stays, and says where it falls", () => {
    const seeds = [0];
    const runs = seeds.flatMap((seed) => [
      at("4x100", 2.5, 0.02, seed),
      at("4x100", 3, 0.4, seed),
      at("20x500", 1.4, -0.4, seed),
      at("20x500", 1.6, 0.1, seed),
    ]);
    const { claims } = gainStudy.evaluate(runs, small);
    expect(verdictOf(claims, "4x100, gain 2.5: lazy")).toBe("holds");
    expect(verdictOf(claims, "4x100, gain 3: lazy")).toBe("does not hold");
    expect(verdictOf(claims, "20x500, gain 1.4: H rises")).toBe("does not hold");
    expect(verdictOf(claims, "20x500, gain 1.6: H rises")).toBe("holds");
    expect(verdictOf(claims, "2x500, gain 2.5: lazy")).toBe("undecided");
  });
});

describe("twopoint/4", () => {
  it("holds for a pair that obeys the equations; at 40 epochs a failure is one of scale", () => {
    const run = (course: Course) => plantedRun({ label: "0 and 1, seed 0", course: () => course });
    expect(verdictOf(mnistPairStudy.evaluate([run(solution())], small).claims, "R² of H")).toBe("holds");
    const falling = { ...solution(), dh2: Array.from({ length: ROWS + 1 }, (_, i) => 1 + Math.cos(i / 5) / 2) };
    expect(verdictOf(mnistPairStudy.evaluate([run(falling)], small).claims, "R² of H")).toBe("not at this scale");
    expect(verdictOf(mnistPairStudy.evaluate([run(falling)], { size: "paper" }).claims, "R² of H")).toBe(
      "does not hold",
    );
  });
});

describe("twopoint/5", () => {
  const fits = [0, 1].map((seed) => plantedRun({ label: `fit, seed ${seed}`, seed, course: () => solution({ seed }) }));
  const grid = (measured: (said: number, i: number) => number) =>
    finalDistanceStudy
      .runs("paper")
      .filter(({ label }) => label.startsWith("dx"))
      .map(({ label, parameters, seed }, i) => {
        const pair = { pair: "0-1", dx2: parameters!.dx2 as number, dy2: parameters!.dy2 as number };
        const start = { dh2: 0.01 * pair.dx2, dy2: 1e-6 };
        const said = finalDistance({ ...rates, ...pair }, start).dh2;
        return plantedRun({ label, seed, pairs: [pair], course: () => endsAt(measured(said, i), start) });
      });

  it("holds where ends are those of the formula, and not where they are any", () => {
    const right = finalDistanceStudy.evaluate([...fits, ...grid((said) => 1.05 * said)], { size: "paper" });
    expect(right.claims.map(({ verdict }) => verdict)).toEqual(["holds", "holds"]);
    expect(right.notes.join(" ")).toContain("Of 25 pairs 0 are left out");
    const random = new Random(3);
    const wrong = finalDistanceStudy.evaluate([...fits, ...grid(() => random.uniform() + 0.01)], { size: "paper" });
    expect(wrong.claims.map(({ verdict }) => verdict)).toEqual(["does not hold", "does not hold"]);
  });

  it("leaves out what has not been learned, and says nothing of ten pairs or fewer without rates", () => {
    expect(
      finalDistanceStudy.evaluate(
        grid((said) => said),
        small,
      ).claims[0]!.verdict,
    ).toBe("undecided");
  });
});

describe("twopoint/depth", () => {
  /** H leaves the solution by a share that grows with the distance from the best layer. */
  const run = (best: number, seed: number) =>
    plantedRun({
      ...{ label: `20x500, seed ${seed}`, seed, layers: 15 },
      course: (layer) => {
        const { dh2, ...course } = solution();
        const share = 0.01 + 0.02 * Math.abs(layer - best);
        return { ...course, dh2: Array.from(dh2, (value, i) => value * (1 + share * Math.sin(i / 4))) };
      },
    });

  it("finds the layer of least cost, in the middle and elsewhere", () => {
    const middle = depthStudy.evaluate([run(11, 0)], small).claims;
    expect(middle.map(({ verdict }) => verdict)).toEqual(["holds", "holds", "holds"]);
    const first = depthStudy.evaluate([run(0, 0)], small).claims;
    expect(first.map(({ verdict }) => verdict)).toEqual(["does not hold", "does not hold", "holds"]);
  });
});

describe("twopoint/controls", () => {
  const several = (system: "theory" | "dy2-doubled") =>
    [0, 1, 2].map((seed) =>
      plantedRun({
        label: `4x100, seed ${seed}`,
        seed,
        course: () => solution({ system, seed, noise: 0.01, dy2: 1e-3, dh2: 0.05 }),
      }),
    );

  it("holds for solutions of the theory, and not for those of an altered system", () => {
    const verdicts = controlStudy.evaluate(several("theory"), small).claims;
    expect(verdictOf(verdicts, "dY/dt doubled")).toBe("holds");
    expect(verdictOf(verdicts, "dH/dt doubled")).toBe("holds");
    const altered = controlStudy.evaluate(several("dy2-doubled"), { size: "paper" }).claims;
    expect(verdictOf(altered, "dY/dt doubled")).toBe("does not hold");
  });
});

describe("twopoint/xor", () => {
  const names = ["00", "01", "10", "11"];
  const pairs: FollowedPair[] = [0, 1, 2].flatMap((i) =>
    [1, 2, 3]
      .filter((j) => j > i)
      .map((j) => {
        const apart = i + j === 3;
        return { pair: `${i}-${j}`, dx2: apart ? 2 : 1, dy2: apart ? 0 : 1 };
      }),
  );
  const fit = plantedRun({ label: "fit, seed 0", course: () => solution() });
  const run = (label: string, end: (said: number, k: number) => number) =>
    plantedRun({
      ...{ label: `${label}, seed 0`, points: names, pairs },
      course: (_, pair) => {
        const k = pairs.indexOf(pair);
        const start = { dh2: 0.002 * (k + 1), dy2: 1e-7 };
        const said = finalDistance({ ...rates, dx2: pair.dx2, dy2: Math.max(pair.dy2, 1e-12) }, start).dh2;
        return endsAt(end(said, k), start);
      },
    });

  it("holds where six pairs end in the order of the formula, and not where the order is another", () => {
    const { claims, figures } = xorStudy.evaluate(
      [fit, run("rich", (said) => 2 * said), run("lazy", (said) => 1 / said)],
      small,
    );
    expect(verdictOf(claims, "rich: order of the pairs")).toBe("holds");
    expect(verdictOf(claims, "lazy: order of the pairs")).toBe("does not hold");
    expect(figures[0]!.figure.panels).toHaveLength(4);
  });
});

describe("twopoint/blobs", () => {
  const points = ["x", "y"].flatMap((context) =>
    ["-1.00", "0.00", "1.00"].flatMap((x) => ["-1.00", "0.00", "1.00"].map((y) => `${context} ${x} ${y}`)),
  );
  const run = (label: string, scales: { context: number; asked: number; other: number }) => {
    const place = (name: string) => {
      const [context, x, y] = name.split(" ") as [string, string, string];
      const [asked, other] = context === "x" ? [x, y] : [y, x];
      return [scales.context * Number(context === "x"), scales.asked * Number(asked), scales.other * Number(other)];
    };
    const pairs = points.flatMap((_, i) =>
      points.slice(i + 1).map((__, k) => ({ pair: `${i}-${i + 1 + k}`, dx2: 1, dy2: 1 })),
    );
    return plantedRun({
      ...{ label: `${label}, seed 0`, points, pairs },
      course: (_, { pair }) => {
        const [p, q] = pair.split("-").map((i) => place(points[Number(i)]!)) as [number[], number[]];
        return endsAt(
          p.reduce((sum, value, k) => sum + (value - q[k]!) ** 2, 0),
          { dh2: 1, dy2: 0 },
        );
      },
    });
  };

  it("tells a representation that keeps both places from one that keeps what is asked for", () => {
    const kept = { context: 1, asked: 1, other: 1 };
    const forgotten = { context: 1, asked: 1, other: 0.1 };
    const { claims, notes } = blobStudy.evaluate(
      [run("gain 2", kept), run("gain 0.5", kept), run("gain 0.275", forgotten)],
      small,
    );
    expect(verdictOf(claims, "gain 2: other over asked")).toBe("holds");
    expect(verdictOf(claims, "gain 0.5: other over asked")).toBe("does not hold");
    expect(verdictOf(claims, "gain 0.275: other over asked")).toBe("holds");
    expect(claims[2]!.value).toBeCloseTo(0.01, 6);
    expect(notes[2]).toContain("gain 0.275");
  });
});

describe("the prediction of twopoint/mnist-structure", () => {
  it("is exp(-A) A exp(-A), worked out with whole matrices", () => {
    const random = new Random(5);
    const [n, d] = [9, 3];
    const x = Uint8Array.from({ length: n * d }, () => random.below(2));
    const y = Uint8Array.from({ length: n }, (_, i) => i % 3);
    const A = Array.from({ length: n }, (_, i) =>
      Array.from({ length: n }, (__, j) => {
        let sum = 0;
        for (let p = 0; p < d; p++) sum += (x[i * d + p]! - x[j * d + p]!) ** 2;
        return Math.sqrt(sum) * (y[i] === y[j] ? 0 : Math.SQRT2);
      }),
    );
    const E = A.map((row) => row.map((value) => Math.exp(-value)));
    const times = (P: number[][], Q: number[][]) =>
      P.map((row) => Q[0]!.map((_, j) => row.reduce((sum, value, k) => sum + value * Q[k]![j]!, 0)));
    const whole = times(times(E, A), E);
    const wanted = [4, 0, 7];
    const found = predictedDistances({ n, d, x, y }, wanted, 100);
    wanted.forEach((i, a) => {
      wanted.forEach((j, b) => {
        expect(found[a * wanted.length + b]).toBeCloseTo(whole[i]![j]!, 9);
      });
    });
  });
});

describe("twopoint/regimes", () => {
  const snapshotOf = (alignment: number): Snapshot => {
    const values = Object.fromEntries(relationNames.map((name) => [name, { value: alignment }]));
    const layer = { kind: "linear", dIn: 4, dOut: 4, alignment: { paper: { a: values, b: values } } };
    return { layers: [layer, layer] } as unknown as Snapshot;
  };
  /** A larger start is lazier. */
  const run = (gain: number, start: number, alignment: number) =>
    plantedRun({
      ...{ label: `gain ${gain}, seed 0`, parameters: { gain }, pairs: onePair, snapshot: snapshotOf(alignment) },
      course: () => solution({ dh2: start }),
    });
  const starts = [0.001, 0.01, 0.05, 0.2, 1];
  const gains = [0.25, 0.5, 1, 2, 4];

  it("holds where richness and alignment fall together, and not where alignment rises", () => {
    const planted = (alignments: readonly number[]) =>
      regimeStudy.evaluate(
        gains.map((gain, i) => run(gain, starts[i]!, alignments[i]!)),
        { size: "paper" },
      ).claims;
    const together = planted([0.9, 0.8, 0.7, 0.3, 0.1]);
    expect(together.map(({ verdict }) => verdict)).toEqual(["holds", "holds", "holds"]);
    for (const alignments of [
      [0.1, 0.3, 0.7, 0.8, 0.9],
      [0.95, 0.94, 0.93, 0.92, 0.91], // in the order of richness, by hundredths
    ])
      expect(planted(alignments).map(({ verdict }) => verdict)).toEqual(["does not hold", "holds", "holds"]);
  });
});
