import { describe, expect, test } from "vitest";
import { renderAlignmentTable } from "../../src/cli/alignmentTable.ts";
import { dimmer, painter } from "../../src/cli/table.ts";
import type { AlignmentValue, LayerSnapshot, SideAlignments, Snapshot } from "../../src/measure/snapshot.ts";

function aligned(value: number, noise: number | null = 0.0123): AlignmentValue {
  return { value, cosine: Math.min(1, value + 0.01), null: 0.121, noise, n: 3000 };
}

function missing(status: NonNullable<AlignmentValue["status"]>): AlignmentValue {
  return { value: null, cosine: null, null: null, noise: null, n: 0, status };
}

function side(rga: AlignmentValue, rwa = aligned(0.9), gwa = aligned(-0.2, 0.0001)): SideAlignments {
  return { rga, rwa, gwa };
}

function layer(name: string, a: SideAlignments | null, b: SideAlignments): LayerSnapshot {
  const alignment = {
    paper: { a, b },
    covariance: { a, b: side(aligned(0.222)) },
    raw: { a, b: side(aligned(0.111)) },
  };
  return { name, kind: a === null ? "head" : "linear", dIn: 100, dOut: 100, samples: 3000, alignment } as LayerSnapshot;
}

function snapshot(step: number, layers: LayerSnapshot[]): Snapshot {
  const rest = { loss: { mean: 0.03125 }, accuracy: 0.9756, samples: 3000, objective: "mse", skipped: [] };
  return { schema: "crh-lab/snapshot@1", step, layers, ...rest };
}

const final = snapshot(100_000, [
  layer("hidden.1", side(aligned(0.9514)), side(aligned(0.8, null))),
  layer("transformer.h.3.mlp.c_proj", side(missing("zero-matrix")), side(aligned(-0.5, 1.3))),
  layer("head.0", null, side(aligned(0.4), missing("missing-moments"), missing("missing-moments"))),
  layer("out", side(aligned(0.7)), side(missing("undefined-1x1"), missing("undefined-1x1"), missing("not-finite"))),
]);
const initial = snapshot(0, [layer("hidden.1", side(aligned(0.281)), side(aligned(-0.07)))]);

describe("the table of alignments", () => {
  test("fits 100 columns and reads like this", () => {
    const text = renderAlignmentTable(final, { initial });
    for (const line of text.split("\n")) expect([...line].length).toBeLessThanOrEqual(100);
    expect(text).toMatchInlineSnapshot(`
      "1 of 15 relations hold by the paper's convention.

                         backward (side a)                         forward (side b)
      layer              a.rga         a.rwa         a.gwa         b.rga         b.rwa         b.gwa
      hidden.1          *0.951 ±.012   0.900 ±.012  -0.200 ±1e-4   0.800         0.900 ±.012  -0.200 ±1e-4
        100 → 100        0.12 · 0.28   0.12 · 0.90   0.12 ·-0.20   0.12 ·-0.07   0.12 · 0.90   0.12 ·-0.20
      t.h.3.mlp.c_proj   zero          0.900 ±.012  -0.200 ±1e-4  -0.500 ±1.3    0.900 ±.012  -0.200 ±1e-4
        100 → 100                      0.12 ·    –   0.12 ·    –   0.12 ·    –   0.12 ·    –   0.12 ·    –
      out                0.700 ±.012   0.900 ±.012  -0.200 ±1e-4   1 x 1         1 x 1         not finite
        100 → 100        0.12 ·    –   0.12 ·    –   0.12 ·    –

      head             b.rga         null · start
      head.0           0.400 ±.012   0.12 ·    –  head of 100

      value ± standard error, * where the relation holds; below it: null · value at step 0
      a relation holds where alignment and cosine, less their bias and a standard error, are at least 0.9
      and halfway from chance to 1 (0.93 is enough); where chance is at most 0.9; and where it rose since
      the start by 0.05, or half of what was missing to 1, if the start is known (Eq. 85; thresholds
      chosen, the paper has none)
      step 100,000, 3,000 samples, paper convention, loss 0.03125, accuracy 97.56 %
      zero: a matrix is zero
      1 x 1: a 1 x 1 matrix has one entry, which correlates with nothing
      not finite: a matrix holds infinities: the network diverged
      "
    `);
  });

  test("says that the noise is not known where no value has one", () => {
    const without = side(aligned(0.5, null), aligned(0.9, null), missing("zero-matrix"));
    const bare = layer("hidden.1", without, without);
    bare.alignment.covariance = bare.alignment.paper;
    bare.alignment.raw = bare.alignment.paper;
    const line = "standard error unknown: there is one group of samples";
    expect(renderAlignmentTable(snapshot(0, [bare]))).toContain(line);
    expect(renderAlignmentTable(snapshot(0, [bare, layer("hidden.2", side(aligned(0.5)), without)]))).not.toContain(
      line,
    );
  });

  test("puts the sides under each other where it is narrow", () => {
    const text = renderAlignmentTable(final, { initial, width: 60 });
    for (const line of text.split("\n")) expect([...line].length).toBeLessThanOrEqual(60);
    expect(text.match(/^hidden\.1/gm)).toHaveLength(2);
  });

  test("gives long names more room where it is wide", () => {
    expect(renderAlignmentTable(final, { width: 120 })).toContain("transformer.h.3.mlp.c_proj");
  });

  test("shows the other conventions on request, and names them above and below", () => {
    const raw = renderAlignmentTable(final, { convention: "raw" });
    expect(raw).toContain("0.111");
    expect(raw).toContain("raw convention");
    expect(raw).toMatch(/^\d+ of \d+ relations hold by plain second moments/);
    const covariance = renderAlignmentTable(final, { convention: "covariance" });
    expect(covariance).toContain("0.222");
    expect(covariance).toContain("covariance convention");
    expect(covariance).toMatch(/^\d+ of \d+ relations hold by covariances/);
  });

  test("says above all else how many relations hold, and what is dead", () => {
    const dead = { ...layer("hidden.2", side(aligned(0.97)), side(missing("dead"))), dead: ["no-gradient" as const] };
    const text = renderAlignmentTable(snapshot(10, [final.layers[0]!, dead]), { initial });
    expect(text.split("\n").slice(0, 3)).toEqual([
      "1 of 6 relations hold by the paper's convention.",
      "Dead, and excluded from counts and medians: hidden.2 (no sample has a gradient there).",
      "",
    ]);
  });

  test("never says that a standard error is zero which is not", () => {
    const of = (noise: number) =>
      renderAlignmentTable(snapshot(10, [layer("hidden.1", null, side(aligned(0.5, noise)))]));
    expect(of(0.0001)).toContain("0.500 ±1e-4");
    expect(of(0.0005)).toMatch(/0\.500 ±\.00[01]/);
    expect(of(0.00049)).toContain("0.500 ±5e-4");
    for (const noise of [1e-9, 0.0001, 0.00049, 0.0005, 0.00051]) expect(of(noise)).not.toContain("±.000");
  });

  test("sets off what holds, what only is strong, what was lost and what says nothing, in as many columns", () => {
    const last = snapshot(10, [
      layer("fc", side(aligned(0.97), aligned(0.97), aligned(0.5)), side(aligned(0.13), aligned(0.5), aligned(0.99))),
    ]);
    const start = snapshot(0, [
      layer("fc", side(aligned(0.2), aligned(0.97), aligned(0.97)), side(aligned(0.1), aligned(0.2), missing("dead"))),
    ]);
    const text = renderAlignmentTable(last, { initial: start, dim: dimmer(true), paint: painter(true) });
    expect(text.split("\n")[0]).toBe(
      "\u001b[1m2 of 6 relations hold by the paper's convention; besides 1 as strong before training and 1 lost in\u001b[22m",
    );
    expect(text).toContain("\u001b[1;32m*0.970 ±.012\u001b[22;39m");
    expect(text).toContain("\u001b[33m 0.970 ±.012\u001b[39m");
    expect(text).toContain("\u001b[31m 0.500 ±.012\u001b[39m");
    expect(text).toContain("\u001b[2m 0.130 ±.012\u001b[22m");
    expect(text).toContain("bold green: holds; yellow: strong");
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is taken away
    const bare = text.replace(/\u001b\[[\d;]*m/g, "").split("\n");
    for (const line of bare) expect([...line].length).toBeLessThanOrEqual(100);
    const plain = renderAlignmentTable(last, { initial: start });
    expect(plain).not.toContain("green");
    expect(bare.slice(0, 8)).toEqual(plain.split("\n").slice(0, 8));
  });

  test("has escape sequences only where they were asked for", () => {
    expect(renderAlignmentTable(final, { initial })).not.toContain("\u001b");
    expect(renderAlignmentTable(final, { dim: dimmer(true) }).split("\u001b[2m  100 → 100")).toHaveLength(4);
  });

  test("names from a stranger's model cannot steer the terminal", () => {
    const text = renderAlignmentTable(snapshot(0, [layer("a\u001b[2J", null, side(aligned(0.5)))]));
    expect(text).not.toContain("\u001b");
  });
});
