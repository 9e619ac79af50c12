import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decodeSafetensors, encodeSafetensors, type SafetensorsTensor } from "../../src/formats/safetensors.ts";

/** A file from its parts, however wrong. */
function file(header: string | object, dataBytes = 0, length?: bigint): Uint8Array {
  const json = new TextEncoder().encode(typeof header === "string" ? header : JSON.stringify(header));
  const bytes = new Uint8Array(8 + json.length + dataBytes);
  new DataView(bytes.buffer).setBigUint64(0, length ?? BigInt(json.length), true);
  bytes.set(json, 8);
  return bytes;
}

function expectOneLine(bytes: Uint8Array, message = ""): void {
  let error: unknown;
  try {
    decodeSafetensors(bytes);
  } catch (caught) {
    error = caught;
  }
  expect(error).toBeInstanceOf(RangeError);
  const text = (error as RangeError).message;
  expect(text).toMatch(/^decodeSafetensors: expected [^\n\r]+$/);
  expect(text).toContain(message);
  expect(text.length).toBeLessThan(400);
}

const everyDtype = new Map<string, SafetensorsTensor>([
  ["bytes", { dtype: "U8", shape: [3], data: Uint8Array.of(1, 2, 255) }],
  ["flags", { dtype: "BOOL", shape: [2], data: Uint8Array.of(0, 1) }],
  ["doubles", { dtype: "F64", shape: [2, 2], data: Float64Array.of(1.5, -0, Number.NaN, Number.POSITIVE_INFINITY) }],
  ["floats", { dtype: "F32", shape: [1], data: Float32Array.of(0.1) }],
  ["halves", { dtype: "F16", shape: [2], data: Uint16Array.of(0x3c00, 0x7c00) }],
  ["brains", { dtype: "BF16", shape: [1], data: Uint16Array.of(0x3f80) }],
  ["longs", { dtype: "I64", shape: [], data: BigInt64Array.of(-(2n ** 63n)) }],
  ["ulongs", { dtype: "U64", shape: [1], data: BigUint64Array.of(2n ** 64n - 1n) }],
  ["ints", { dtype: "I32", shape: [1, 1, 1], data: Int32Array.of(-5) }],
  ["uints", { dtype: "U32", shape: [1], data: Uint32Array.of(4e9) }],
  ["shorts", { dtype: "I16", shape: [1], data: Int16Array.of(-300) }],
  ["ushorts", { dtype: "U16", shape: [1], data: Uint16Array.of(65535) }],
  ["signed", { dtype: "I8", shape: [1], data: Int8Array.of(-1) }],
  ["nothing", { dtype: "F32", shape: [0, 5], data: new Float32Array(0) }],
  ["__proto__", { dtype: "U8", shape: [1], data: Uint8Array.of(9) }],
  ["7", { dtype: "U8", shape: [1], data: Uint8Array.of(7) }],
]);

describe("a well-formed file", () => {
  it("comes back exactly: every dtype, shape, odd name and text", () => {
    const metadata = { crh: '{"ü": 1}\n', empty: "" };
    const bytes = encodeSafetensors(everyDtype, metadata);
    const back = decodeSafetensors(bytes);
    expect(new Map([...back.tensors].sort())).toEqual(new Map([...everyDtype].sort()));
    expect(back.metadata).toEqual(metadata);
    expect(encodeSafetensors(back.tensors, back.metadata)).toEqual(bytes);
  });

  it("has an aligned header and aligned data", () => {
    const bytes = encodeSafetensors(everyDtype, { x: "y" });
    const length = Number(new DataView(bytes.buffer).getBigUint64(0, true));
    expect(length % 8).toBe(0);
    const header = JSON.parse(new TextDecoder().decode(bytes.subarray(8, 8 + length)));
    for (const [name, { data }] of everyDtype)
      expect(
        Object.entries<{ data_offsets: number[] }>(header).find(([key]) => key === name)![1].data_offsets[0]! %
          data.BYTES_PER_ELEMENT,
      ).toBe(0);
  });

  it("is read from any place in memory, from a Buffer too, and shares none of it", () => {
    const plain = encodeSafetensors(everyDtype);
    for (const offset of [0, 1, 5]) {
      const pool = Buffer.alloc(plain.length + offset);
      pool.set(plain, offset);
      const back = decodeSafetensors(pool.subarray(offset));
      pool.fill(0);
      expect(new Map([...back.tensors].sort())).toEqual(new Map([...everyDtype].sort()));
    }
  });

  it("may hold nothing", () => {
    expect(decodeSafetensors(encodeSafetensors(new Map()))).toEqual({ tensors: new Map(), metadata: {} });
  });

  it("is not written from arrays that do not fit", () => {
    const encode = (tensor: SafetensorsTensor, name = "x") => encodeSafetensors(new Map([[name, tensor]]));
    expect(() => encode({ dtype: "F64", shape: [3], data: new Float64Array(2) })).toThrow(
      'expected 3 values of F64 for "x", got 2',
    );
    expect(() => encode({ dtype: "F64", shape: [2], data: new Float32Array(2) })).toThrow("got 2 in a Float32Array");
    expect(() => encode({ dtype: "U8", shape: [0], data: new Uint8Array(0) }, "__metadata__")).toThrow("reserved");
  });
});

describe("a hostile or torn file is refused in one line", () => {
  it("cut off at every length, or with bytes appended", () => {
    const bytes = encodeSafetensors(everyDtype, { x: "y" });
    for (let length = 0; length < bytes.length; length++) expectOneLine(bytes.subarray(0, length));
    const longer = new Uint8Array(bytes.length + 1);
    longer.set(bytes);
    expectOneLine(longer, "bytes follow the last tensor");
  });

  it("with an absurd header length", () => {
    for (const length of [3n, 2n ** 31n, 2n ** 53n + 1n, 2n ** 63n, 2n ** 64n - 1n])
      expectOneLine(file("{}", 0, length), "a header of at most 2 bytes");
  });

  it("whose header is not what it must be", () => {
    expectOneLine(file("", 0), "a JSON header");
    expectOneLine(file("{\n]"), "a JSON header");
    expectOneLine(file("[".repeat(100_000)), "a JSON header");
    expectOneLine(file("[]"), "a JSON object as header, got an array");
    expectOneLine(file("null"), "a JSON object as header");
    const invalid = file("{ }");
    invalid[9] = 0xff;
    expectOneLine(invalid, "UTF-8");
    expectOneLine(file({ __metadata__: { x: 1 } }), "__metadata__ to hold texts");
    expectOneLine(file({ __metadata__: [] }), "__metadata__");
  });

  it("whose entries are not what they must be", () => {
    const good = { dtype: "U8", shape: [4], data_offsets: [0, 4] };
    const bad: [unknown, string][] = [
      [null, "described by an object"],
      [[], "described by an object"],
      [{ ...good, dtype: "F8" }, 'one of the dtypes F64 F32 F16 BF16 I64 I32 I16 I8 U64 U32 U16 U8 BOOL, got "F8"'],
      [{ ...good, dtype: "toString" }, "one of the dtypes"],
      [{ ...good, dtype: 4 }, "one of the dtypes"],
      [{ ...good, shape: 4 }, "a shape of whole numbers"],
      [{ ...good, shape: [-4] }, "a shape of whole numbers"],
      [{ ...good, shape: [4.5] }, "a shape of whole numbers"],
      [{ ...good, shape: ["4"] }, "a shape of whole numbers"],
      [{ ...good, shape: undefined }, "a shape of whole numbers"],
      [{ ...good, shape: [5] }, "to take 5 bytes, got 4"],
      [{ ...good, dtype: "F32" }, "to take 16 bytes, got 4"],
      [{ ...good, shape: [2 ** 40, 2 ** 40] }, "bytes, got 4"],
      [{ ...good, shape: new Array(1000).fill(2 ** 50) }, "bytes, got 4"],
      [{ ...good, data_offsets: [4, 0] }, "two ascending data_offsets"],
      [{ ...good, data_offsets: [0] }, "two ascending data_offsets"],
      [{ ...good, data_offsets: [0, 2, 4] }, "two ascending data_offsets"],
      [{ ...good, data_offsets: [-4, 0] }, "two ascending data_offsets"],
      [{ ...good, data_offsets: [0, 1e300] }, "two ascending data_offsets"],
      [{ ...good, data_offsets: undefined }, "two ascending data_offsets"],
      [{ ...good, shape: [2 ** 45], data_offsets: [0, 2 ** 45] }, "bytes of tensor data, got 4; the file is cut short"],
    ];
    for (const [entry, message] of bad) expectOneLine(file({ x: entry }, 4), message);
    expectOneLine(file({ "two\nlines": null }, 4), '"two\\nlines"');
    expectOneLine(file({ ["long".repeat(10_000)]: null }, 4));
  });

  it("whose tensors overlap, leave a gap or are named twice", () => {
    const at = (begin: number, end: number): object => ({
      dtype: "U8",
      shape: [end - begin],
      data_offsets: [begin, end],
    });
    for (const entries of [
      { x: at(0, 4), y: at(2, 6) },
      { x: at(0, 4), y: at(0, 4) },
      { x: at(0, 2), y: at(4, 6) },
      { x: at(1, 6) },
      { x: at(0, 6), y: at(6, 6), z: at(3, 3) },
    ])
      expectOneLine(file(entries, 6), "overlap or leave a gap");
    expectOneLine(
      file(
        '{"x":{"dtype":"U8","shape":[3],"data_offsets":[0,3]},"x":{"dtype":"U8","shape":[3],"data_offsets":[3,6]}}',
        6,
      ),
    );
    expect(decodeSafetensors(file({ x: at(0, 6), y: at(6, 6), z: at(0, 0) }, 6)).tensors.size).toBe(3);
  });

  it("with any bytes flipped, unless it still is well formed", () => {
    const bytes = encodeSafetensors(everyDtype, { x: "y" });
    const start = 8 + Number(new DataView(bytes.buffer).getBigUint64(0, true));
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(start - 1), fc.nat(255)), { minLength: 1, maxLength: 4 }), (changes) => {
        const changed = bytes.slice();
        for (const [at, value] of changes) changed[at] = value;
        try {
          decodeSafetensors(changed);
        } catch (error) {
          expect(error).toBeInstanceOf(RangeError);
          expect((error as Error).message).toMatch(/^decodeSafetensors: expected [^\n\r]+$/);
        }
      }),
      { numRuns: 500 },
    );
  });
});
