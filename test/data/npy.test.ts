import { readFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type ElementType, toFloat32, toFloat64 } from "../../src/data/array.ts";
import { decodeNpy, encodeNpy } from "../../src/data/npy.ts";
import { sharedPath } from "../shared.ts";
import { anyArray, bits, decodesOrRefuses, misaligned, oneLineError } from "./cases.ts";
import numpy from "./numpyCases.json" with { type: "json" };

const dtypes: ElementType[] = ["float64", "float32", "float16", "bool"];
for (const width of [8, 16, 32, 64]) dtypes.push(`int${width}` as ElementType, `uint${width}` as ElementType);

const fromBase64 = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, "base64"));

/** A version 1 file with this header text and these values. */
function withHeader(text: string, values: Uint8Array = new Uint8Array(0)): Uint8Array {
  const head = Uint8Array.of(0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 1, 0, text.length & 255, text.length >> 8);
  return Uint8Array.of(...head, ...Buffer.from(text, "latin1"), ...values);
}

describe("decodeNpy on NumPy's own files", () => {
  test.each(numpy.arrays)("reads $name", ({ dtype, shape, values, bytes }) => {
    const array = decodeNpy(misaligned(fromBase64(bytes)));
    expect(array.dtype).toBe(dtype);
    expect(array.shape).toEqual(shape);
    expect(Array.from(toFloat64(array))).toEqual(values);
    expect(toFloat32(array)).toEqual(Float32Array.from(values));
  });

  test.each(numpy.refused)("refuses $name elements and says how to save numbers", ({ bytes }) => {
    expect(() => decodeNpy(fromBase64(bytes))).toThrow(TypeError);
    expect(oneLineError(() => decodeNpy(fromBase64(bytes)))).toContain("np.save(file, array.astype(np.float32))");
  });

  test("says that object arrays are pickles", () => {
    const object = numpy.refused.find(({ name }) => name === "object")!;
    expect(oneLineError(() => decodeNpy(fromBase64(object.bytes)))).toContain("a pickle, which can run code");
  });
});

describe("encodeNpy and decodeNpy", () => {
  test("give back every array, bit for bit", () => {
    fc.assert(
      fc.property(anyArray(dtypes), (array) => {
        const read = decodeNpy(encodeNpy(array));
        expect({ ...read, data: bits(read.data) }).toEqual({ ...array, data: bits(array.data) });
      }),
    );
  });

  test("write what NumPy writes, byte for byte", () => {
    for (const name of ["<f8", "<f4", "<i8", "one dimension", "scalar", "empty"]) {
      const bytes = fromBase64(numpy.arrays.find((entry) => entry.name === name)!.bytes);
      expect(encodeNpy(decodeNpy(bytes)), name).toEqual(bytes);
    }
  });

  test("refuse a file cut off at any length or with bytes to spare, in one line", () => {
    for (const name of ["<f8", "version 2", "version 3", "fortran 2-D", "scalar"]) {
      const bytes = fromBase64(numpy.arrays.find((entry) => entry.name === name)!.bytes);
      for (let length = 0; length < bytes.length; length++) oneLineError(() => decodeNpy(bytes.subarray(0, length)));
      oneLineError(() => decodeNpy(Uint8Array.of(...bytes, 0)));
    }
  });

  test("refuse to write a shape that the values do not fill", () => {
    oneLineError(() => encodeNpy({ dtype: "float32", shape: [2, 2], data: new Float32Array(3) }));
  });
});

describe("the header of a .npy file", () => {
  test.each([
    "{'descr': '<f8', 'fortran_order': False, 'shape': (0,), }",
    '{"shape":(0L,),"fortran_order":True,"descr":"=f8"}  \n',
    "{ 'shape' : ( 3 , 0 , ) , 'descr' : 'f8' , 'fortran_order' : False }",
  ])("is read in any order, spacing and quoting: %s", (text) => {
    expect(decodeNpy(withHeader(text)).data).toEqual(new Float64Array(0));
  });

  test.each([
    "",
    "{}",
    "{'descr': '<f8', 'fortran_order': False}",
    "{'descr': '<f8', 'fortran_order': False, 'shape': (0), }",
    "{'descr': '<f8', 'fortran_order': False, 'shape': (0,,), }",
    "{'descr': '<f8', 'fortran_order': False, 'shape': (,), }",
    "{'descr': '<f8', 'fortran_order': False, 'shape': [0], }",
    "{'descr': '<f8', 'fortran_order': False, 'shape': (-1, 0), }",
    "{'descr': '<f8', 'fortran_order': False, 'shape': (99999999999999999999, 0), }",
    "{'descr': '<f8', 'fortran_order': 0, 'shape': (0,), }",
    "{'descr': '<f8', 'descr': '<f8', 'fortran_order': False, 'shape': (0,), }",
    "{'descr': '<f8', 'fortran_order': False, 'shape': (0,), 'more': 1}",
    "{'descr': '<f8', 'fortran_order': False, 'shape': (0,), } + 1",
    "{'descr': '<f8', 'fortran_order': False, 'shape': (0,), } {",
    "{'descr': '<f8', 'fortran_order': False, 'shape': (0,)",
    "{'descr': '<f8' 'fortran_order': False, 'shape': (0,)}",
    "{'descr': '<f9', 'fortran_order': False, 'shape': (0,)}",
    "{'descr': '', 'fortran_order': False, 'shape': (0,)}",
    "__import__('os').system('true')",
    "{'descr': '<f8\\x00', 'fortran_order': False, 'shape': (0,)}",
    `{'descr': '<f8', 'fortran_order': False, 'shape': (${"1,".repeat(65)})}`,
  ])("is refused in one line: %s", (text) => {
    oneLineError(() => decodeNpy(withHeader(text)));
  });

  test("may not claim more values than the file holds, nor a size that no number holds", () => {
    for (const shape of ["(1099511627776,)", `(${"9007199254740991,".repeat(20)})`])
      oneLineError(() => decodeNpy(withHeader(`{'descr': '<f8', 'fortran_order': False, 'shape': ${shape}}`)));
  });

  test("of 4 GiB is refused before it is read", () => {
    const bytes = Uint8Array.of(0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 2, 0, 0xff, 0xff, 0xff, 0xff, 0x7b);
    expect(oneLineError(() => decodeNpy(bytes))).toContain("at most 65535 bytes of header");
  });

  test("made of random bytes or mutated by one byte is refused or read", () => {
    const good = withHeader("{'descr': '<f4', 'fortran_order': True, 'shape': (2, 3), }", new Uint8Array(24));
    fc.assert(
      fc.property(fc.nat(good.length - 1), fc.nat(255), (at, byte) => {
        const bytes = good.slice();
        bytes[at] = byte;
        decodesOrRefuses(() => decodeNpy(bytes));
      }),
      { numRuns: 1000 },
    );
    fc.assert(fc.property(fc.string(), (text) => decodesOrRefuses(() => decodeNpy(withHeader(text)))));
    fc.assert(fc.property(fc.uint8Array(), (bytes) => decodesOrRefuses(() => decodeNpy(bytes))));
  });
});

const reference = sharedPath("reference/mlp-relu-mse");

test.skipIf(reference === undefined)(
  "the reference batch is 100 inputs of 100 dimensions and 100 targets of 10",
  () => {
    const [x, y] = ["x.npy", "y.npy"].map((name) => decodeNpy(new Uint8Array(readFileSync(join(reference!, name)))));
    expect([x!.dtype, x!.shape, y!.dtype, y!.shape]).toEqual(["float32", [100, 100], "float32", [100, 10]]);
    const mean = toFloat64(x!).reduce((sum, value) => sum + value, 0) / x!.data.length;
    expect(Math.abs(mean)).toBeLessThan(0.05); // five standard errors of 10^4 standard normal numbers
  },
);
