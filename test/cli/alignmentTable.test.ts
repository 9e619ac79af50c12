import { describe, expect, test } from "vitest";
import { renderAlignmentTable } from "../../src/cli/alignmentTable.ts";
import { dimmer } from "../../src/cli/table.ts";
import type { AlignmentValue, LayerSnapshot, SideAlignments, Snapshot } from "../../src/measure/snapshot.ts";

function aligned(value: number, noise: number | null = 0.0123): AlignmentValue {
  return { value, cosine: 0.9, null: 0.121, noise, n: 3000 };
}

function missing(status: NonNullable<AlignmentValue["status"]>): AlignmentValue {
  return { value: null, cosine: null, null: null, noise: null, n: 0, status };
}

function side(rga: AlignmentValue, rwa = aligned(0.9), gwa = aligned(-0.2, 0.0001)): SideAlignments {
  return { rga, rwa, gwa };
}

function layer(name: string, a: SideAlignments | null, b: SideAlignments): LayerSnapshot {
  const alignment = { paper: { a, b }, raw: { a, b: side(aligned(0.111)) } };
  return { name, kind: a === null ? "head" : "linear", dIn: 100, dOut: 100, samples: 3000, alignment } as LayerSnapshot;
}

function snapshot(step: number, layers: LayerSnapshot[]): Snapshot {
  const rest = { loss: { mean: 0.03125 }, accuracy: 0.9756, samples: 3000, objective: "mse", skipped: [] };
  return { schema: "crh-lab/snapshot@1", step, layers, ...rest };
}

const final = snapshot(100_000, [
  layer("hidden.1", side(aligned(0.9314)), side(aligned(0.8, null))),
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
      "                   backward (side a)                         forward (side b)
      layer              a.rga         a.rwa         a.gwa         b.rga         b.rwa         b.gwa
      hidden.1           0.931 ±.012   0.900 ±.012  -0.200 ±.000   0.800         0.900 ±.012  -0.200 ±.000
        100 → 100        0.12 · 0.28   0.12 · 0.90   0.12 ·-0.20   0.12 ·-0.07   0.12 · 0.90   0.12 ·-0.20
      t.h.3.mlp.c_proj   zero          0.900 ±.012  -0.200 ±.000  -0.500 ±1.3    0.900 ±.012  -0.200 ±.000
        100 → 100                      0.12 ·    –   0.12 ·    –   0.12 ·    –   0.12 ·    –   0.12 ·    –
      head.0             –             –             –             0.400 ±.012   –             –
        head of 100                                                0.12 ·    –
      out                0.700 ±.012   0.900 ±.012  -0.200 ±.000   1 x 1         1 x 1         not finite
        100 → 100        0.12 ·    –   0.12 ·    –   0.12 ·    –

      value ± noise (half the difference of two half samples); below it: null · value at step 0
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
    bare.alignment.raw = bare.alignment.paper;
    const line = "noise not known: there is one group of samples";
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

  test("shows the raw convention on request", () => {
    const text = renderAlignmentTable(final, { convention: "raw" });
    expect(text).toContain("0.111");
    expect(text).toContain("raw convention");
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
