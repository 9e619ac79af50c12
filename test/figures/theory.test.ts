/** @file The figures of theories: what is drawn is what was handed in, on axes of either kind. */
import { describe, expect, it } from "vitest";
import { landscapeFigure } from "../../src/figures/symmetry/landscape.ts";
import { rotationFigure } from "../../src/figures/symmetry/rotation.ts";
import { weightPathsFigure } from "../../src/figures/symmetry/weightPaths.ts";
import { logarithmicSteps, theoryCurvesFigure } from "../../src/figures/twopoint/theoryCurves.ts";
import { landscape } from "../../src/symmetry/landscapes.ts";
import "../../src/figuresNode/linkedomDocument.ts";

const course = { step: [0, 10, 20], dh2: [0.1, 0.2, 0.4], dy2: [0, 0.1, 0.5], w: [-0.1, -0.2, 0] };

describe("H, Y and w by the theory", () => {
  it("are three panels with the measured dots upon them, and all numbers as CSV", () => {
    const figure = theoryCurvesFigure({ theory: course, measured: course, r2: { dh2: 0.987, dy2: null, w: -20 } })!;
    expect(figure.panels).toHaveLength(3);
    expect(figure.panels[0]).toContain("R² 0.987");
    expect(figure.panels[1]).not.toContain("R²");
    expect(figure.panels[2]).toContain("below −10");
    expect(figure.panels[0]!.match(/<circle/g)).toHaveLength(3);
    expect(figure.csv.trim().split("\n")).toHaveLength(7);
    expect(figure.csv).toContain("network,20,0.4,0.5,0");
  });

  it("leave out on a logarithmic axis what it cannot show, and say powers to the page", () => {
    const figure = theoryCurvesFigure({ theory: undefined, measured: course, logValues: true, logSteps: true })!;
    expect(figure.panels[1]!.match(/<circle/g)).toHaveLength(2); // Y is 0 at the start
    expect(figure.panels[0]).toContain("power");
    expect(figure.panels[0]).toContain("symlog");
    expect(figure.panels[2]).not.toContain("power");
  });

  it("have steps for a logarithmic axis from 0 over three decades to the last", () => {
    const steps = logarithmicSteps(2000, 4);
    expect(steps.map((step) => Number(step.toPrecision(6)))).toEqual([0, 2, 63.2456, 2000]);
  });

  it("are none of a single step", () => {
    const one = { step: [0], dh2: [1], dy2: [1], w: [0] };
    expect(theoryCurvesFigure({ theory: one })).toBeUndefined();
  });
});

describe("a loss with a symmetry", () => {
  it("is drawn with its two minima below the critical penalty, and one from it on", () => {
    const drawn = (penalty: number) =>
      landscapeFigure({
        ...landscape("rescaling", penalty),
        ...{ parameters: 2, penalty, value: { name: "u w", at: (gamma) => landscape("rescaling", gamma).value } },
      });
    const marked = (figure: ReturnType<typeof drawn>) => figure.panels[0]!.match(/<circle/g)!.length - 1; // less the origin
    expect(drawn(0.5).panels).toHaveLength(3);
    expect([marked(drawn(0.5)), marked(drawn(1.2))]).toEqual([2, 1]);
  });
});

describe("singular values over the penalty", () => {
  const theory = [0, 1, 2].map((penalty) => ({
    penalty,
    values: [3, 1.5].map((s) => s - penalty).filter((s) => s > 0),
  }));
  const drawn = (at: { penalty: number; values: number[] }[]) =>
    rotationFigure({ penalty: 1, critical: 3, theory, trained: [{ name: "plain", at }] });

  it("are a line a value as far as theory has it, and a dot a trained one on both axes", () => {
    const figure = drawn([{ penalty: 1, values: [2.01, 0.49] }]);
    expect(figure.panels).toHaveLength(2);
    const rows = figure.csv.split("\n").filter((row) => row.startsWith("on a linear"));
    expect(rows.filter((row) => row.includes("theory 2"))).toHaveLength(2); // 1.5 is gone at a penalty of 2
    for (const panel of figure.panels) expect(panel.match(/<circle/g)).toHaveLength(2);
  });

  it("what has vanished is drawn at the foot of the logarithmic axis", () => {
    expect(drawn([{ penalty: 2, values: [1, 0] }]).panels[1]!.match(/<circle/g)).toHaveLength(2);
  });
});

describe("the way of two weights", () => {
  it("is drawn from its start to its end, with the place of rest", () => {
    const figure = weightPathsFigure([{ name: "SGD", u: [2, 1.5, 1], w: [0.5, 0.7, 1] }], {
      product: 1,
      rest: [1, 1],
    })!;
    expect(figure.svg).toContain("balance of noise");
    expect(figure.csv).toContain("SGD,1.5,0.7");
    expect(weightPathsFigure([{ name: "SGD", u: [], w: [] }], { product: 1, rest: undefined })).toBeUndefined();
  });
});
