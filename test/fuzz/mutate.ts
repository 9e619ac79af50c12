/** @file Damage as it happens and as it is done on purpose: one mutation of a file, from a seeded generator. */
import type { Random } from "../../src/random/random.ts";

type Mutation = (bytes: Uint8Array, random: Random, donor: Uint8Array) => Uint8Array;

const flipBits: Mutation = (bytes, random) => {
  const out = bytes.slice();
  for (let count = 1 + random.below(8); count > 0; count--) out[random.below(out.length)]! ^= 1 << random.below(8);
  return out;
};

const setBytes: Mutation = (bytes, random) => {
  const out = bytes.slice();
  for (let count = 1 + random.below(8); count > 0; count--) out[random.below(out.length)] = random.below(256);
  return out;
};

/** Most structure lies at the start and at the end. */
const atTheEnds: Mutation = (bytes, random) => {
  const out = bytes.slice();
  const reach = Math.min(out.length, 256);
  for (let count = 1 + random.below(4); count > 0; count--) {
    const at = random.below(reach);
    out[random.below(2) === 0 ? at : out.length - 1 - at] = random.below(256);
  }
  return out;
};

const truncate: Mutation = (bytes, random) => bytes.slice(0, random.below(bytes.length));

const removeSlice: Mutation = (bytes, random) => {
  const [from, length] = [random.below(bytes.length), 1 + random.below(64)];
  return joined(bytes.subarray(0, from), bytes.subarray(Math.min(bytes.length, from + length)));
};

const repeatSlice: Mutation = (bytes, random) => {
  const [from, length] = [random.below(bytes.length), 1 + random.below(256)];
  return joined(bytes.subarray(0, from + length), bytes.subarray(from));
};

const splice: Mutation = (bytes, random, donor) => {
  const [at, from] = [random.below(bytes.length), random.below(donor.length)];
  return joined(bytes.subarray(0, at), donor.subarray(from, from + 1 + random.below(256)), bytes.subarray(at));
};

const HUGE: readonly (readonly number[])[] = [
  [0xff, 0xff, 0xff, 0xff],
  [0xff, 0xff, 0xff, 0x7f],
  [0, 0, 0, 0x80],
  [0, 0, 0, 0, 0, 1, 0, 0],
  [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f],
  [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
];

/** A field of four or eight bytes becomes a huge length. */
const inflateField: Mutation = (bytes, random) => {
  const out = bytes.slice();
  const value = HUGE[random.below(HUGE.length)]!;
  const at = random.below(4) === 0 ? random.below(Math.min(64, out.length)) : random.below(out.length);
  out.set(value.slice(0, Math.max(0, out.length - at)), at);
  return out;
};

const VARINTS: readonly (readonly number[])[] = [
  [0xff, 0xff, 0xff, 0xff, 0x0f],
  [0x80, 0x80, 0x80, 0x80, 0x08],
  [0x80, 0x80, 0x80, 0x80, 0x80, 0x20],
  [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01],
];

/** A byte becomes a varint of a huge number, as protobuf writes lengths and dimensions. */
const inflateVarint: Mutation = (bytes, random) => {
  const at = random.below(bytes.length);
  return joined(bytes.subarray(0, at), Uint8Array.from(VARINTS[random.below(VARINTS.length)]!), bytes.subarray(at + 1));
};

/** A digit of a text header becomes many, as in the shape of a .npy or safetensors file. */
const inflateDigit: Mutation = (bytes, random, donor) => {
  const digits = Array.from(bytes.subarray(0, 4096), (byte, at) => (byte >= 0x30 && byte <= 0x39 ? at : -1)).filter(
    (at) => at >= 0,
  );
  if (digits.length === 0) return setBytes(bytes, random, donor);
  const at = digits[random.below(digits.length)]!;
  const more = new Uint8Array(1 + random.below(20)).map(() => 0x30 + random.below(10));
  return joined(bytes.subarray(0, at), more, bytes.subarray(at + random.below(2)));
};

const mutations: readonly Mutation[] = [
  flipBits,
  setBytes,
  atTheEnds,
  truncate,
  removeSlice,
  repeatSlice,
  splice,
  inflateField,
  inflateVarint,
  inflateDigit,
];

/** One to three mutations of a file; `donor` is another file of the same kind. */
export function mutate(bytes: Uint8Array, random: Random, donor: Uint8Array): Uint8Array {
  let out = bytes;
  for (let count = random.below(4) === 0 ? 3 : 1; count > 0 && out.length > 0; count--)
    out = mutations[random.below(mutations.length)]!(out, random, donor);
  return out;
}

function joined(...parts: readonly Uint8Array[]): Uint8Array {
  const out = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}
