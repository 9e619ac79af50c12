/** @file A matrix of a capture file is that of its moments, and no more of the file is read than it needs. */
import { expect, it } from "vitest";
import type { ByteSource } from "../../src/formats/safetensors.ts";
import { conventions, emptyLayer, type Moments } from "../../src/moments/moments.ts";
import { decodeMoments, encodeMoments } from "../../src/moments/momentsFile.ts";
import { matrixNames, namedMatrix, readNamedMatrix } from "../../src/moments/namedMatrix.ts";
import { layerCase, layerOf, momentsOf } from "./cases.ts";

function moments(): Moments {
  const map = layerOf(layerCase(3, 60, 30, 20));
  const head = { ...emptyLayer("attn.0[1]", "head", 4, 4), n: 7 };
  return momentsOf([map, head], "unit test");
}

/** A file, and how many of its bytes were read. */
function counting(bytes: Uint8Array): { readonly file: ByteSource; readonly read: () => number } {
  let count = 0;
  const read = (begin: number, end: number) => {
    count += end - begin;
    return bytes.subarray(begin, end);
  };
  return { file: { size: bytes.length, read }, read: () => count };
}

it("every matrix is that of the whole file, to the last digit", () => {
  const bytes = encodeMoments(moments());
  const whole = decodeMoments(bytes);
  for (const layer of whole.layers)
    for (const side of ["a", "b"] as const)
      for (const name of matrixNames)
        for (const convention of conventions) {
          const which = { side, name, convention };
          const found = readNamedMatrix(counting(bytes).file, layer.name, which);
          expect([layer.name, which, found.hasLayer]).toEqual([layer.name, which, true]);
          expect(found.matrix).toEqual(namedMatrix(layer, which));
        }
  expect(readNamedMatrix(counting(bytes).file, "none", { side: "a", name: "H", convention: "raw" })).toEqual({
    hasLayer: false,
    matrix: undefined,
  });
});

it("of the file the header and the matrix' own sums are read", () => {
  const bytes = encodeMoments(moments());
  const header = 8 + Number(new DataView(bytes.buffer).getBigUint64(0, true));
  const { name } = moments().layers[0]!;
  const read = (which: Parameters<typeof readNamedMatrix>[2]) => {
    const { file, read: count } = counting(bytes);
    readNamedMatrix(file, name, which);
    return count() - header;
  };
  expect(read({ side: "a", name: "H", convention: "paper" })).toBe(8 * (30 * 30 + 30));
  expect(read({ side: "b", name: "G", convention: "covariance" })).toBe(8 * (20 * 20 + 20));
  expect(read({ side: "b", name: "Z", convention: "paper" })).toBe(8 * 20 * 30);
});

it("what is read of a damaged file is refused as the whole is", () => {
  const bytes = encodeMoments(moments());
  const { name } = moments().layers[0]!;
  const which = { side: "a", name: "H", convention: "raw" } as const;
  expect(() => readNamedMatrix(counting(bytes.subarray(0, bytes.length - 8)).file, name, which)).toThrow(
    "the file is cut short",
  );
  const odd = Uint8Array.from(bytes);
  const header = 8 + Number(new DataView(bytes.buffer).getBigUint64(0, true));
  odd.fill(0xff, header); // NaN throughout
  expect(() => readNamedMatrix(counting(odd).file, name, which)).toThrow("expected finite values");
});
