import { readFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { zipSync } from "fflate";
import { describe, expect, test } from "vitest";
import { type DataArray, toFloat64 } from "../../src/data/array.ts";
import { encodeNpy } from "../../src/data/npy.ts";
import { decodeNpz } from "../../src/data/npz.ts";
import { sharedPath } from "../shared.ts";
import { anyArray, bits, decodesOrRefuses, oneLineError } from "./cases.ts";
import numpy from "./numpyCases.json" with { type: "json" };

/** Sums of the same numbers in another order, float64. */
const SUM_TOLERANCE = 1e-10;

const zeros = (length: number): Uint8Array =>
  encodeNpy({ dtype: "uint8", shape: [length], data: new Uint8Array(length) });
const one = zipSync({ "x.npy": zeros(300) });

/** Offset of the central directory of a zip without comment. */
const directory = (zip: Uint8Array): number => new DataView(zip.buffer).getUint32(zip.length - 6, true);

/** A copy with little-endian bytes written at an offset of the first directory entry. */
function withField(zip: Uint8Array, offset: number, ...bytes: number[]): Uint8Array {
  const changed = zip.slice();
  changed.set(bytes, directory(zip) + offset);
  return changed;
}

describe("decodeNpz", () => {
  test.each(numpy.archives)("reads what numpy.$name writes", ({ bytes }) => {
    const arrays = decodeNpz(new Uint8Array(Buffer.from(bytes, "base64")));
    expect([...arrays.keys()]).toEqual(["x", "layer.0/H", "n"]);
    expect(arrays.get("x")).toEqual({ dtype: "float32", shape: [2, 3], data: Float32Array.of(0, 1, 2, 3, 4, 5) });
    expect(toFloat64(arrays.get("layer.0/H")!).reduce((sum, value) => sum + value)).toBe(20);
    expect(arrays.get("n")).toEqual({ dtype: "int64", shape: [], data: BigInt64Array.of(7n) });
  });

  test("members that hold no numbers are an error, or are set apart with the reason", () => {
    const header = "{'descr': '<U3', 'fortran_order': False, 'shape': (2,), }";
    const text = Buffer.concat([
      Buffer.from("\x93NUMPY\x01\x00", "latin1"),
      Buffer.from([header.length + 1, 0]),
      Buffer.from(`${header}\n`),
      Buffer.alloc(24),
    ]);
    const zip = zipSync({ "names.npy": new Uint8Array(text), "x.npy": zeros(3) });
    expect(() => decodeNpz(zip)).toThrow(/names\.npy: expected an array of .*, got element type "<U3"/);
    const others = new Map<string, string>();
    expect([...decodeNpz(zip, { others }).keys()]).toEqual(["x"]);
    expect(others.get("names")).toMatch(/got element type "<U3"/);
  });

  test("gives back every set of arrays, stored or deflated", () => {
    const names = fc.uniqueArray(fc.stringMatching(/^[a-z][a-z0-9._]{0,8}$/), { minLength: 1, maxLength: 4 });
    const arrays = fc.array(anyArray(["float64", "int16", "uint8"]), { minLength: 4, maxLength: 4 });
    fc.assert(
      fc.property(names, arrays, fc.constantFrom(0, 6), (keys, values, level) => {
        const files = keys.map((key, i) => [`${key}.npy`, encodeNpy(values[i] as DataArray)] as const);
        const read = decodeNpz(zipSync(Object.fromEntries(files), { level: level as 0 | 6 }));
        expect([...read.keys()].sort()).toEqual([...keys].sort());
        for (const [i, key] of keys.entries()) expect(bits(read.get(key)!.data)).toEqual(bits(values[i]!.data));
      }),
    );
  });

  test("refuses a file cut off at any length, in one line", () => {
    for (let length = 0; length < one.length; length++) oneLineError(() => decodeNpz(one.subarray(0, length)));
  });

  test.each(["../x.npy", "a/../x.npy", "/x.npy", "\\x.npy", "a\\x.npy", "C:x.npy", "a//x.npy", "x\u0000.npy", ".."])(
    "refuses a member named %j",
    (name) => {
      expect(oneLineError(() => decodeNpz(zipSync({ [name]: zeros(1) })))).toContain("names inside the archive");
    },
  );

  test("refuses members that are not .npy", () => {
    for (const name of ["x.pkl", "x", ".npy"])
      expect(oneLineError(() => decodeNpz(zipSync({ [name]: zeros(1) })))).toContain("ending in .npy");
  });

  test("refuses a name that occurs twice", () => {
    const two = zipSync({ "x.npy": zeros(1), "y.npy": zeros(1) });
    const second = directory(two) + 46 + "x.npy".length;
    two[second + 46] = "x".charCodeAt(0);
    expect(oneLineError(() => decodeNpz(two))).toContain("x.npy twice");
  });

  test("refuses encrypted members and unknown methods", () => {
    expect(oneLineError(() => decodeNpz(withField(one, 8, 1)))).toContain("encrypted");
    expect(oneLineError(() => decodeNpz(withField(one, 10, 93)))).toContain("method 93");
  });

  test("refuses more bytes, or more arrays, than the limits, before unpacking", () => {
    const bomb = zipSync({ "x.npy": zeros(1_000_000) }, { level: 9 });
    expect(oneLineError(() => decodeNpz(bomb, { maxBytes: 999_999 }))).toContain("at most 999999 bytes");
    expect(decodeNpz(bomb).get("x")!.data.length).toBe(1_000_000);
    const many = zipSync({ "a.npy": zeros(1), "b.npy": zeros(1), "c.npy": zeros(1) });
    expect(oneLineError(() => decodeNpz(many, { maxEntries: 2 }))).toContain("at most 2 arrays");
  });

  test("refuses a member that unpacks to more than it declares", () => {
    const bomb = zipSync({ "x.npy": zeros(1_000_000) }, { level: 9 });
    expect(oneLineError(() => decodeNpz(withField(bomb, 24, 0, 1, 0, 0)))).toContain("at most 256 bytes unpacked");
  });

  test("refuses a declared size that deflate could not reach, before allocating it", () => {
    expect(oneLineError(() => decodeNpz(withField(one, 24, 0, 0, 0, 0x3f)))).toContain("damage at x.npy");
  });

  test("refuses values that their CRC-32 does not fit", () => {
    const stored = zipSync({ "x.npy": zeros(300) }, { level: 0 });
    stored[directory(stored) - 1]! ^= 1;
    expect(oneLineError(() => decodeNpz(stored))).toContain("damage at x.npy");
  });

  test("refuses members that overlap", () => {
    const many = zipSync({ "a.npy": zeros(2000), "b.npy": zeros(0) }, { level: 0 });
    const second = directory(many) + 46 + "a.npy".length;
    const size = new DataView(many.buffer).getUint32(directory(many) + 20, true);
    for (const offset of [20, 24]) new DataView(many.buffer).setUint32(second + offset, size, true);
    expect(oneLineError(() => decodeNpz(many))).toContain("overlap");
  });

  test("random bytes and archives mutated by one byte are refused or read", () => {
    fc.assert(
      fc.property(fc.nat(one.length - 1), fc.nat(255), (at, byte) => {
        const bytes = one.slice();
        bytes[at] = byte;
        decodesOrRefuses(() => decodeNpz(bytes));
      }),
      { numRuns: 1000 },
    );
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (head) =>
        decodesOrRefuses(() => decodeNpz(Uint8Array.of(...head, ...one.subarray(-22)))),
      ),
    );
  });
});

const reference = sharedPath("reference/mlp-relu-mse");

test.skipIf(reference === undefined)("the reference moments are those that expected.json describes", () => {
  const arrays = decodeNpz(new Uint8Array(readFileSync(join(reference!, "moments.npz"))));
  const expected = JSON.parse(readFileSync(join(reference!, "expected.json"), "utf8"));
  expect(arrays.size).toBe(expected.layers.length * 8);
  for (const layer of expected.layers)
    for (const convention of ["paper", "raw"])
      for (const matrix of ["H_a", "G_a", "H_b", "G_b"]) {
        const side = matrix.slice(2);
        const array = arrays.get(`${layer.module}.${convention}.${matrix}`)!;
        const d = side === "a" ? layer.d_in : layer.d_out;
        expect([array.dtype, array.shape]).toEqual(["float64", [d, d]]);
        const trace = toFloat64(array).reduce((sum, value, i) => (i % (d + 1) === 0 ? sum + value : sum), 0);
        const planted = layer[convention][side][`trace_${matrix[0]}`];
        expect(Math.abs(trace / planted - 1), `${layer.module} ${convention} ${matrix}`).toBeLessThan(SUM_TOLERANCE);
      }
});
