import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decodeSafetensors, encodeSafetensors, type SafetensorsTensor } from "../../src/formats/safetensors.ts";
import { assembleSnapshot } from "../../src/measure/snapshot.ts";
import { emptyLayer, type Moments, mergeMoments, sideBlocks } from "../../src/moments/moments.ts";
import { decodeMoments, encodeMoments, misfitWords } from "../../src/moments/momentsFile.ts";
import { layerCase, layerOf, momentsOf } from "./cases.ts";

function twoLayers(seed = 1): Moments {
  const first = layerOf(layerCase(seed, 40, 5, 3));
  const head = { ...emptyLayer("attn.0[1]", "head", 4, 4), n: 7 };
  head.b.hh!.fill(Math.PI);
  return momentsOf([first, head], "unit test");
}

type Json = Record<string, unknown> & {
  layers: (Record<string, unknown> & { a: Record<string, unknown>; b: Record<string, unknown> })[];
};

/** The file of twoLayers() after a change to its document or tensors. */
function changed(change: (document: Json, tensors: Map<string, SafetensorsTensor>) => void): Uint8Array {
  const { tensors, metadata } = decodeSafetensors(encodeMoments(twoLayers()));
  const document = JSON.parse(metadata.crh!) as Json;
  change(document, tensors);
  return encodeSafetensors(tensors, { crh: JSON.stringify(document) });
}

describe("the capture file", () => {
  it("round trip is exact", () => {
    fc.assert(
      fc.property(fc.nat(), (seed) => {
        const moments = twoLayers(seed);
        expect(decodeMoments(encodeMoments(moments))).toEqual(moments);
      }),
      { numRuns: 20 },
    );
  });

  it("keeps the losses, which merge by adding and are the loss of a measurement", () => {
    const [one, two] = [1, 2].map((seed): Moments => ({ ...twoLayers(seed), losses: { count: 3 * seed, sum: 2.5 } }));
    const read = decodeMoments(encodeMoments(one!));
    expect(read).toEqual(one);
    expect(assembleSnapshot(read, {}, []).loss.mean).toBe(2.5 / 3);
    two!.layers[0]!.W = one!.layers[0]!.W!;
    expect(mergeMoments(one!, two!).losses).toEqual({ count: 9, sum: 5 });
    const { losses: _, ...without } = two!;
    expect(mergeMoments(one!, without).losses).toBeUndefined();
    for (const [losses, message] of [
      [{ count: 0, sum: 1 }, "count of losses to be a whole number from 1"],
      [{ count: 2, sum: "x" }, "sum of losses to be a finite number"],
    ] as const)
      expect(() => decodeMoments(changed((document) => Object.assign(document, { losses })))).toThrow(message);
  });

  it("symmetric sums are read from their upper triangles, and gh from what it follows from", () => {
    const whole = twoLayers();
    const [layer] = whole.layers;
    layer!.bias = Float64Array.of(0.5, -2, 3);
    const { tensors, metadata } = decodeSafetensors(encodeMoments(whole));
    for (const [name, { shape, data }] of [...tensors]) {
      if (!/\.(hh|gg|hnhn|gngn)$/.test(name)) continue;
      const d = shape[0]!;
      const rows = Array.from({ length: d }, (_, i) => Array.from(data as Float64Array).slice(i * d + i, (i + 1) * d));
      tensors.set(name, { dtype: "F64", shape: [(d * (d + 1)) / 2], data: Float64Array.from(rows.flat()) });
    }
    for (const name of ["layers.0.a.gh", "layers.0.b.gh"]) tensors.delete(name);
    const read = decodeMoments(encodeSafetensors(tensors, metadata));
    const { a, b, gbHa, W, bias, dIn, dOut } = read.layers[0]!;
    const at = (i: number, j: number): number => {
      let sum = b.gSum![i]! * bias![j]!;
      for (let k = 0; k < dIn; k++) sum += gbHa![i * dIn + k]! * W!.data[j * dIn + k]!;
      return sum;
    };
    for (let i = 0; i < dOut; i++)
      for (let j = 0; j < dOut; j++) expect(b.gh![i * dOut + j]!).toBeCloseTo(at(i, j), 10);
    expect(a!.gh).toBeUndefined(); // no measure asks for it where there is a bias
    b.gh = layer!.b.gh!;
    a!.gh = layer!.a!.gh!;
    expect(read).toEqual(whole);
    tensors.set("layers.0.a.hh", { dtype: "F64", shape: [14], data: new Float64Array(14) });
    expect(() => decodeMoments(encodeSafetensors(tensors, metadata))).toThrow(
      'decodeMoments: expected "layers.0.a.hh" to be (5, 5), got (14)',
    );
  });

  it("names its tensors and fields as the format says", () => {
    const { tensors, metadata } = decodeSafetensors(encodeMoments(twoLayers()));
    const side = ["h_sum", "hh", "g_sum", "gg", "hn_sum", "hnhn", "gn_sum", "gngn", "gh"];
    const expected = [
      ...["a", "b"].flatMap((c) => side.map((block) => `layers.0.${c}.${block}`)),
      "layers.0.gb_ha",
      "layers.0.W",
      ...side.map((block) => `attn.0[1].b.${block}`),
    ];
    expect([...tensors.keys()].sort()).toEqual(expected.sort());
    expect(tensors.get("layers.0.gb_ha")!.shape).toEqual([3, 5]);
    expect(tensors.get("layers.0.a.hh")!.shape).toEqual([5, 5]);
    expect(tensors.get("layers.0.b.h_sum")!.shape).toEqual([3]);
    expect(Object.keys(metadata)).toEqual(["crh"]);
    const document = JSON.parse(metadata.crh!) as Json;
    expect(document).toMatchObject({
      format: "crh-moments",
      version: 1,
      step: 10,
      objective: "mse",
      source: "unit test",
    });
    expect(Object.keys(document.layers[0]!)).toEqual(["name", "kind", "dIn", "dOut", "n", "a", "b"]);
    expect(Object.keys(document.layers[0]!.b)).toEqual(["keptH", "keptG", "h2", "h4", "g2", "g4"]);
  });

  it("files of shards merge like the moments they hold", () => {
    const layer = layerCase(3, 60, 4, 4);
    const shards = [momentsOf([layerOf(layer, 0, 25)]), momentsOf([layerOf(layer, 25, 60)])] as const;
    const [x, y] = shards.map((shard) => decodeMoments(encodeMoments(shard))) as [Moments, Moments];
    expect(mergeMoments(x, y)).toEqual(mergeMoments(...shards));
  });

  it("blocks may be absent, and float32 is widened", () => {
    const bytes = changed((_, tensors) => {
      for (const name of [...tensors.keys()]) if (!name.endsWith("b.hh")) tensors.delete(name);
      tensors.set("layers.0.b.gg", { dtype: "F32", shape: [3, 3], data: new Float32Array(9).fill(0.1) });
    });
    const [layer] = decodeMoments(bytes).layers;
    expect(sideBlocks.filter((block) => layer!.b[block])).toEqual(["hh", "gg"]);
    expect(layer!.b.gg).toEqual(new Float64Array(9).fill(Math.fround(0.1)));
    expect([layer!.W, layer!.gbHa, layer!.a!.hh]).toEqual([undefined, undefined, undefined]);
  });

  it("averages the triangles of symmetric sums that differ, and of no others", () => {
    const read = decodeMoments(
      changed((_, tensors) => {
        for (const block of ["hh", "gg", "hnhn", "gngn", "gh"])
          (tensors.get(`layers.0.b.${block}`)!.data as Float64Array).set([1, 2, 3, 6, 5, 6, 5, 8, 9]);
      }),
    );
    const { hh, gg, hnhn, gngn, gh } = read.layers[0]!.b;
    for (const block of [hh, gg, hnhn, gngn]) expect([...block!]).toEqual([1, 4, 4, 4, 5, 7, 4, 7, 9]);
    expect([...gh!]).toEqual([1, 2, 3, 6, 5, 6, 5, 8, 9]);
  });

  it.each([Number.NaN, Number.POSITIVE_INFINITY])("holds no %d, written or read", (odd) => {
    const broken = twoLayers();
    broken.layers[0]!.W!.data[4] = odd;
    expect(misfitWords(broken)).toBe(`${odd} in "layers.0.W"`);
    expect(misfitWords(twoLayers())).toBeUndefined();
    expect(() => encodeMoments(broken)).toThrow(`encodeMoments: expected finite values in "layers.0.W", got ${odd}; `);
    const bytes = changed((_, tensors) => {
      const { shape } = tensors.get("layers.0.b.gg")!;
      tensors.set("layers.0.b.gg", { dtype: "F32", shape, data: new Float32Array(9).fill(odd, 8) });
    });
    expect(() => decodeMoments(bytes)).toThrow(
      `decodeMoments: expected finite values in "layers.0.b.gg", got ${odd}; `,
    );
  });

  it("is not written where it could not be read", () => {
    const twice = twoLayers();
    twice.layers[1]!.name = "layers.0";
    expect(() => encodeMoments(twice)).toThrow('encodeMoments: expected one layer of each name, got "layers.0" twice');
    const diverged = twoLayers();
    diverged.layers[0]!.b.h4 = Number.POSITIVE_INFINITY;
    expect(() => encodeMoments(diverged)).toThrow('expected h4 of side b of "layers.0" to be a finite number >= 0');
  });
});

describe("a hostile or torn capture is refused in one line", () => {
  it("cut off at every length", () => {
    const bytes = encodeMoments(momentsOf([layerOf(layerCase(1, 5, 2, 1))]));
    for (let length = 0; length < bytes.length; length++)
      expect(() => decodeMoments(bytes.subarray(0, length))).toThrow(/^decodeSafetensors: expected [^\n]+$/);
  });

  it("whose document is wrong", () => {
    expect(() => decodeMoments(encodeSafetensors(new Map()))).toThrow('expected a key "crh" in the metadata');
    for (const odd of ["NaN", "-Infinity"]) {
      const crh = `{"format":"crh-moments","version":1,"step":${odd}}`;
      expect(() => decodeMoments(encodeSafetensors(new Map(), { crh }))).toThrow(
        `decodeMoments: expected finite numbers under the key "crh", got ${odd}; `,
      );
    }
    for (const crh of ["", "{", "[", "1", "null"])
      expect(() => decodeMoments(encodeSafetensors(new Map(), { crh }))).toThrow(
        /^decodeMoments: expected a JSON object[^\n]+$/,
      );
    const cases: [(document: Json) => void, string][] = [
      [
        (d) => Object.assign(d, { format: "other\nthing" }),
        'expected format crh-moments version 1, got "other\\nthing" version 1',
      ],
      [(d) => Object.assign(d, { version: 2 }), "version 2"],
      [(d) => Object.assign(d, { step: -1 }), "expected step to be a whole number"],
      [(d) => Object.assign(d, { objective: 5 }), "expected objective to be a text, got 5"],
      [(d) => Object.assign(d, { layers: {} }), "expected layers to be a list"],
      [(d) => Object.assign(d, { layers: [null] }), "expected layers to be an object"],
      [(d) => Object.assign(d.layers[0]!, { name: 3 }), "expected name to be a text"],
      [
        (d) => Object.assign(d.layers[0]!, { kind: "dense" }),
        'expected kind of "layers.0" to be linear or conv or head or block, got "dense"',
      ],
      [
        (d) => Object.assign(d.layers[0]!, { dIn: 1e15 }),
        'expected dIn of "layers.0" to be a whole number from 1 to 16777216',
      ],
      [(d) => Object.assign(d.layers[0]!, { dOut: 0 }), 'expected dOut of "layers.0"'],
      [(d) => Object.assign(d.layers[0]!, { n: 1.5 }), 'expected n of "layers.0"'],
      [(d) => Object.assign(d.layers[0]!, { b: 1 }), 'expected side b of "layers.0" to be an object'],
      [(d) => Object.assign(d.layers[0]!.b, { keptG: 41 }), "whole number from 0 to 40, got 41"],
      [(d) => Object.assign(d.layers[0]!.b, { h2: -1 }), "a finite number >= 0, got -1"],
      [(d) => Object.assign(d.layers[0]!.b, { g4: null }), "a finite number >= 0, got null"],
      [(d) => Object.assign(d.layers[0]!, { classes: 4 }), 'classes of "layers.0" to be 3, as its outputs, got 4'],
      [(d) => d.layers.push(d.layers[0]!), 'one layer of each name, got "layers.0" twice'],
    ];
    for (const [change, message] of cases) {
      const read = (): Moments => decodeMoments(changed(change));
      expect(read).toThrow(message);
      expect(read).toThrow(/^decodeMoments: expected [^\n]+$/);
    }
  });

  it("whose tensors do not belong to its layers", () => {
    const tensor = (shape: number[], dtype: "F64" | "U8" = "F64"): SafetensorsTensor => {
      const size = shape.reduce((x, y) => x * y, 1);
      return dtype === "F64"
        ? { dtype, shape, data: new Float64Array(size) }
        : { dtype, shape, data: new Uint8Array(size) };
    };
    const cases: [string, SafetensorsTensor, string][] = [
      ["layers.0.b.hh", tensor([3, 4]), 'expected "layers.0.b.hh" to be (3, 3), got (3, 4)'],
      ["layers.0.b.hh", tensor([9]), "to be (3, 3), got (9)"],
      ["layers.0.gb_ha", tensor([5, 3]), "to be (3, 5), got (5, 3)"],
      ["layers.0.b.h_sum", tensor([3], "U8"), "in F64 or F32, got U8"],
      ["layers.0.b.covariance", tensor([3, 3]), 'got "layers.0.b.covariance"'],
      ["attn.0[1].a.hh", tensor([4, 4]), 'got "attn.0[1].a.hh"'],
    ];
    for (const [name, value, message] of cases)
      expect(() => decodeMoments(changed((_, tensors) => tensors.set(name, value)))).toThrow(message);
  });
});

describe("the Python safetensors package", () => {
  const python = process.env.CRH_PYTHON ?? "python3";
  const found = spawnSync(python, ["-c", "import safetensors, numpy"]).status === 0;
  if (!found)
    process.stderr.write(
      `skipped: reading captures in Python (set CRH_PYTHON to a Python with safetensors and numpy)\n`,
    );

  it.skipIf(!found)("reads the file that is written here, and its file is read here", () => {
    const folder = mkdtempSync(join(tmpdir(), "crh-moments-"));
    try {
      const moments = twoLayers();
      const [path, copy] = [join(folder, "ours.safetensors"), join(folder, "theirs.safetensors")];
      writeFileSync(path, encodeMoments(moments));
      const script = [
        "import base64, sys",
        "from safetensors import safe_open",
        "from safetensors.numpy import save_file",
        "f = safe_open(sys.argv[1], 'numpy')",
        "t = {k: f.get_tensor(k) for k in f.keys()}",
        "save_file(t, sys.argv[2], f.metadata())",
        "print(base64.b64encode(open(sys.argv[2], 'rb').read()).decode())",
      ].join("\n");
      const result = spawnSync(python, ["-c", script, path, copy], { encoding: "utf8" });
      expect(result.stderr).toBe("");
      expect(decodeMoments(Buffer.from(result.stdout, "base64"))).toEqual(moments);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
