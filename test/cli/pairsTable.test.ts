/** @file The table of symmetric pairs and what explain says of them: they fit, and say the same as the report. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { explainCommand } from "../../src/cli/commands/explain.ts";
import { lawsBelow } from "../../src/cli/lawsTable.ts";
import { renderPairsTable } from "../../src/cli/pairsTable.ts";
import { painter } from "../../src/cli/table.ts";
import { driveSentence } from "../../src/findings/pairs/pairSentences.ts";
import { pairGroups } from "../../src/measure/network/pairGroups.ts";
import { layerNames6, plantedSnapshot } from "../figures/planted.ts";
import { plantedHeads, plantedPair, plantedScale, runWithPairs, withPairs } from "../figures/plantedPairs.ts";
import { testIo } from "./testIo.ts";

const last = runWithPairs().snapshots.at(-1)!;
const plain = plantedSnapshot(0, layerNames6);
const broken = [
  { first: "layers.0", second: "layers.1", reason: "Tanh is not positively homogeneous, or mixes its outputs" },
];
const transformer = withPairs(
  plain,
  Array.from({ length: 12 }, (_, block) => plantedHeads(block, 12)).flat(),
  Array.from({ length: 24 }, (_, i) => ({
    ...{ first: `transformer.h.${i}.attn.c_proj`, second: `transformer.h.${i}.mlp.c_fc` },
    reason: "another branch is added (residual)",
  })),
);

describe("the table of pairs", () => {
  test("reads like this", () => {
    expect(renderPairsTable(last, { width: 100 })).toMatchInlineSnapshot(`
      "Gradient noise is in balance in 3 of 5 symmetric pairs (|A − B| at most 0.1 of |A| + |B|).
      Farthest is layers.0 → layers.1: noise moves weight from layers.0 to layers.1: the gradients of the
      outgoing weights fluctuate 1.26 times as strongly as those of the incoming ones (mean squares).

      pair                 through  imbalance  noise balance  chance  A / B   RGA     drift
      layers.0 → layers.1  ReLU         0.070   0.867 ±0.012    0.20   1.26  0.89      10 %
      layers.1 → layers.2  ReLU         0.070   0.867 ±0.012    0.20   1.12  0.87      10 %
      layers.2 → layers.3  ReLU         0.070   0.867 ±0.012    0.20      1  0.84      10 %
      layers.3 → layers.4  ReLU         0.070   0.867 ±0.012    0.20  0.891  0.82      10 %
      layers.4 → layers.5  ReLU         0.070   0.867 ±0.012    0.20  0.794  0.79  rounding

      imbalance: |UᵀU − WWᵀ| over |UᵀU| + |WWᵀ|
      noise balance: correlation of A and B ± standard error; chance: 97.5 % quantile of unrelated ones,
      for rotation the mean cosine; A / B: ratio of their traces
      W is the map below with its bias, U the one above; A = E[G_Uᵀ G_U] and B = E[G_W G_Wᵀ] are second
      moments of the gradients of single examples on the shared values (their diagonals for rescaling)
      RGA: of the representation between the two, by the paper's convention
      drift: relative error of the predicted change of the charges since the previous measurement
      "
    `);
  });

  test.each([60, 80, 100, 140])("fits %d columns, also with 12 heads in 12 layers", (width) => {
    const mixed = withPairs(plain, [...plantedHeads(0, 2), plantedPair(), plantedScale("conv1")], broken);
    for (const snapshot of [last, transformer, mixed])
      for (const line of renderPairsTable(snapshot, { width }).split("\n"))
        expect([...line].length).toBeLessThanOrEqual(width);
  });

  test("tells the layers of a transformer apart, a row each", () => {
    const rows = renderPairsTable(transformer, { width: 80 }).match(
      /^t(ransformer)?\.h\.\d+\.attn +values +12 .* 11$/gm,
    );
    expect(new Set(rows).size).toBe(12);
  });

  test("says in one line that there is no symmetric pair and why, and nothing of a network of one map", () => {
    expect(renderPairsTable(withPairs(plain, [], broken), { width: 200 })).toBe(
      "no symmetric pair: layers.0 → layers.1 (Tanh is not positively homogeneous, or mixes its outputs).\n",
    );
    expect(renderPairsTable(withPairs(plain, []))).toBe("");
    expect(renderPairsTable(plain)).toBe("");
    expect(lawsBelow(last, {})).toContain(renderPairsTable(last));
  });

  test("sets the finding off on a terminal, and obeys no escape sequence of a name", () => {
    const evil = withPairs(plain, [plantedPair({ first: "\u001b[31mred" })]);
    expect(renderPairsTable(evil)).not.toContain("\u001b");
    expect(renderPairsTable(evil, { paint: painter(true) })).toContain("\u001b[1mGradient noise");
  });
});

describe("crh explain", () => {
  const dir = mkdtempSync(join(tmpdir(), "crh-pairs-"));
  afterAll(() => rmSync(dir, { recursive: true, force: true }));
  const file = join(dir, "snapshot.json");
  const explain = async (layer: string | undefined, snapshot = last, json = false) => {
    writeFileSync(file, JSON.stringify(snapshot));
    const io = testIo();
    await explainCommand(file, layer, { runs: dir, json }, io);
    return io.out();
  };
  const joined = (text: string) => text.replace(/\s+/g, " ");

  test("says of a network where noise drives each pair, in the words of the report", async () => {
    const text = joined(await explain(undefined));
    for (const group of pairGroups(last.pairs)) expect(text).toContain(driveSentence(group));
    expect(text).toContain("Symmetry and noise: Gradient noise is in balance in");
  });

  test("says of a layer what its own pairs are, and of others nothing", async () => {
    const text = joined(await explain("layers.1"));
    expect(text).toContain("layers.0 → layers.1 share 3 neurons");
    expect(text).toContain("layers.1 → layers.2 share 3 neurons");
    expect(text).not.toContain("layers.2 → layers.3 share");
    expect(joined(await explain("layers.0", withPairs(plain, [], broken)))).toContain(
      "No symmetry: layers.0 → layers.1",
    );
    expect(await explain("layers.3", withPairs(plain, [], broken))).not.toContain("Symmetry and noise");
    expect(await explain(undefined, plain)).not.toContain("Symmetry and noise");
  });

  test("--json has the sentences", async () => {
    const { symmetry } = JSON.parse(await explain("layers.1", last, true));
    expect(symmetry.pairs.map(({ first, second }: { first: string; second: string }) => [first, second])).toEqual([
      ["layers.0", "layers.1"],
      ["layers.1", "layers.2"],
    ]);
    expect(JSON.parse(await explain("layers.1", plain, true)).symmetry).toBeUndefined();
  });
});
