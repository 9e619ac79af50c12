/**
 * @file The package crh-capture (python/): its own tests, and its files read here and ours there. Where there is no
 * PyTorch ($CRH_PYTHON, python3), safetensors or pytest, that is said in one line.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { main } from "../../src/cli/main.ts";
import type { Snapshot } from "../../src/measure/snapshot.ts";
import { addRows } from "../../src/moments/addRows.ts";
import { emptyLayer, type Moments } from "../../src/moments/moments.ts";
import { decodeMoments, encodeMoments } from "../../src/moments/momentsFile.ts";
import { Random } from "../../src/random/random.ts";
import { testIo } from "../cli/testIo.ts";
import { gaussian } from "../measure/matrices.ts";
import { sharedPath } from "../shared.ts";
import { hasPython, runPython } from "./interpreter.ts";

const dir = mkdtempSync(join(tmpdir(), "crh-python-"));
afterAll(() => rmSync(dir, { recursive: true, force: true }));

test.skipIf(!hasPython)(
  "pytest of crh-capture",
  () => {
    const { status, out } = runPython(
      "-m",
      "pytest",
      "-q",
      "-p",
      "no:cacheprovider",
      "--show-capture=no",
      "--tb=short",
    );
    expect(status, out).toBe(0);
  },
  600_000,
);

describe.skipIf(!hasPython)("files", () => {
  /** Moments whose sums have all digits. */
  const written = (): Moments => {
    const random = new Random(1);
    const layer = emptyLayer("up", "linear", 6, 4, gaussian(random, 4, 6));
    layer.bias = gaussian(random, 1, 4).data;
    const rows = [gaussian(random, 50, 6), gaussian(random, 50, 4), gaussian(random, 50, 4)].map(({ data }) => data);
    addRows(layer, { ha: rows[0]!, hb: rows[1]!, gb: rows[2]! });
    return { step: 7, objective: "mse", source: "a test", layers: [layer] };
  };

  test("what we write is read and written again there with the same sums to the bit", () => {
    const [ours, theirs] = [join(dir, "ours.safetensors"), join(dir, "theirs.safetensors")];
    writeFileSync(ours, encodeMoments(written()));
    const { status, out } = runPython("tests/write_captures.py", "--copy", ours, theirs);
    expect(status, out).toBe(0);
    expect(decodeMoments(readFileSync(theirs))).toEqual(decodeMoments(readFileSync(ours)));
  }, 60_000);
});

describe.skipIf(!hasPython)("pairs", () => {
  test("crh ingest of a capture prints the pairs, the noise and the loss that crh analyze does", async () => {
    const { status, out } = runPython("tests/write_captures.py", "--pair", "relu", dir);
    expect(status, out).toBe(0);
    const file = (name: string) => join(dir, name);
    const model = join(import.meta.dirname, "..", "pairs", "cases", "relu", "model.onnx");
    const there = await measured(
      "analyze",
      model,
      "--inputs",
      file("x.npy"),
      "--targets",
      file("y.npy"),
      "--loss",
      "mse",
    );
    const here = await measured("ingest", file("relu.safetensors"));
    expect(here.loss.mean).toBeCloseTo(there.loss.mean!, 5);
    expect(here.pairs!.length).toBe(3);
    for (const [i, pair] of here.pairs!.entries()) {
      const twin = there.pairs![i]!;
      expect([pair.first, pair.second, pair.through, pair.width]).toEqual([
        ...[twin.first, twin.second, twin.through, twin.width],
      ]);
      expect(pair.charge).toEqual(twin.charge);
      for (const key of ["alignment", "cosine", "ratio", "residual"] as const)
        expect(pair.noiseBalance[key], key).toBeCloseTo(twin.noiseBalance[key]!, 5);
      expect(pair.noiseBalance.n).toBe(40);
    }
  }, 60_000);
});

async function measured(...args: string[]): Promise<Snapshot> {
  const io = testIo();
  expect(await main([...args, "--json", "--no-save"], io), io.err()).toBe(0);
  return JSON.parse(io.out()) as Snapshot;
}

const names = ["mlp-relu-mse", "gpt-ce", "resnet-ce"] as const;
const reference = sharedPath("reference/mlp-relu-mse") && sharedPath("reference");
/** Both are measured in float32, by two implementations of the network. */
const TOLERANCE = 2e-3;

describe.skipIf(!hasPython || reference === undefined)("captures of networks that are there as ONNX files, too", () => {
  beforeAll(() => {
    const { status, out } = runPython("tests/write_captures.py", dir, ...names);
    expect(status, out).toBe(0);
  }, 120_000);

  test.each(names)(
    "%s: crh ingest prints what crh analyze does",
    async (name) => {
      const file = (of: string) => join(reference!, name, of);
      const loss = name.endsWith("mse") ? "mse" : "cross-entropy";
      const words = ["--inputs", file("x.npy"), "--targets", file("y.npy"), "--loss", loss];
      const there = await measured("analyze", file("model.onnx"), ...words);
      const here = await measured("ingest", join(dir, `${name}.safetensors`));
      const layers = new Map(here.layers.map((layer) => [layer.name.replace(".heads[", ".MatMul_1["), layer]));
      let compared = 0;
      for (const layer of there.layers) {
        const twin = layers.get(layer.name)!;
        expect(twin, layer.name).toBeDefined();
        expect([twin.kind, twin.dIn, twin.dOut, twin.samples]).toEqual([
          layer.kind,
          layer.dIn,
          layer.dOut,
          layer.samples,
        ]);
        for (const convention of ["paper", "covariance", "raw"] as const)
          for (const [side, relations] of Object.entries(layer.alignment[convention]))
            for (const relation of Object.keys(relations ?? {}) as "rga"[]) {
              const { value } = relations![relation];
              const other = twin.alignment[convention][side as "a" | "b"]![relation].value;
              if (value === null) expect(other).toBeNull();
              else
                expect(Math.abs(other! - value), `${layer.name} ${convention} ${side}.${relation}`).toBeLessThan(
                  TOLERANCE,
                );
              compared++;
            }
      }
      expect(compared).toBeGreaterThanOrEqual(18 * 4);
    },
    120_000,
  );
});
