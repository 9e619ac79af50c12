/**
 * @file Damage to containers of tensors that leaves the container whole, so that it reaches what stands behind the
 * decoder: names, element types, shapes, places, values, the texts of a header.
 */
import { unzipSync, type Zippable, zipSync } from "fflate";
import type { Random } from "../../src/random/random.ts";
import { HOSTILE, mutateJson } from "./mutateJson.ts";

type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

const NAMES = [
  "__proto__",
  "constructor",
  "toString",
  "__metadata__",
  "",
  ".b.h",
  "__proto__.b.h",
  "constructor.W",
  HOSTILE,
  `${HOSTILE}.b.g`,
  "../../x",
  "a".repeat(70_000),
];
const EXTENTS = [0, 1, 2, 3, 5, 7, 64, 1e6, 2 ** 31, 2 ** 32, 2 ** 53, 1e300, -1, 0.5];
const DTYPES = ["F64", "F32", "F16", "BF16", "I64", "I32", "I8", "U64", "U8", "BOOL", "F8_E4M3", "toString", ""];
const DESCRS = ["<f8", "<f4", "<f2", ">f8", "<i8", ">i4", "|i1", "|u1", "|b1", "|O", "<U10", "<c16", "|V8", "=f8", ""];
/** Values of eight bytes, as float64 the ones that spoil sums. */
const VALUES = [
  Number.NaN,
  Number.POSITIVE_INFINITY,
  Number.NEGATIVE_INFINITY,
  0,
  -0,
  1e308,
  -1e308,
  1e-320,
  1,
  2 ** 53,
];

/** One to three changes of a safetensors file; bytes that are none are returned as they are. */
export function mutateSafetensors(bytes: Uint8Array, random: Random): Uint8Array {
  const length = Number(new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0, true));
  const header = JSON.parse(new TextDecoder().decode(bytes.subarray(8, 8 + length))) as Record<string, Json>;
  const data = bytes.slice(8 + length);
  const entries = Object.entries(header);
  for (let count = 1 + random.below(3); count > 0; count--) changeEntry(entries, data, random);
  // by hand, so that a name may come twice, and one may be "__proto__"
  const text = `{${entries.map(([name, entry]) => `${JSON.stringify(name)}:${JSON.stringify(entry)}`).join(",")}}`;
  const encoded = new TextEncoder().encode(text);
  const out = new Uint8Array(8 + encoded.length + data.length);
  new DataView(out.buffer).setBigUint64(0, BigInt(encoded.length), true);
  out.set(encoded, 8);
  out.set(data, 8 + encoded.length);
  return out;
}

function changeEntry(entries: [string, Json][], data: Uint8Array, random: Random): void {
  const at = random.below(entries.length);
  const [name, value] = entries[at]!;
  if (name === "__metadata__") {
    entries[at]![1] = changeMetadata(value, random);
    return;
  }
  const entry = { ...(value as { dtype: string; shape: number[]; data_offsets: [number, number] }) };
  const what = random.below(9);
  if (what === 0) entries[at]![0] = pick(NAMES, random);
  else if (what === 1) entries[at]![0] = entries[random.below(entries.length)]![0];
  else if (what === 2) entries.splice(at, 1);
  else if (what === 3) entries.push([pick(NAMES, random), { dtype: "F32", shape: [0], data_offsets: [0, 0] }]);
  else if (what === 4) entry.dtype = pick(DTYPES, random);
  else if (what === 5) entry.shape = changeShape(entry.shape, random);
  else if (what === 6) entry.data_offsets = [entry.data_offsets[0], pick(EXTENTS, random)];
  else spoil(data.subarray(...entry.data_offsets), random);
  if (what >= 4 && entries[at] !== undefined) entries[at]![1] = entry;
}

/** The texts of a header; the document of moments is JSON itself, and changed as that. */
function changeMetadata(found: Json, random: Random): Json {
  const texts: Record<string, string> = { none: "", ...(found as Record<string, string>) };
  const key = pick(Object.keys(texts), random);
  const text = String(texts[key]);
  if (random.below(8) === 0) return pick([null, [], { x: 1 }, HOSTILE] as Json[], random);
  if (!text.startsWith("{")) return { ...texts, [key]: pick([HOSTILE, "", "-1", "1e99"], random) };
  return { ...texts, [key]: new TextDecoder().decode(mutateJson(new TextEncoder().encode(text), random)) };
}

function changeShape(shape: readonly number[], random: Random): number[] {
  const out = [...shape];
  const what = random.below(4);
  if (what === 0) out.reverse();
  else if (what === 1) out.unshift(1);
  else if (what === 2) out.splice(random.below(out.length + 1), 0, pick(EXTENTS, random));
  else if (out.length > 0) out[random.below(out.length)] = pick(EXTENTS, random);
  return out;
}

/** Values in place that sums do not survive, or all of them the same. */
function spoil(data: Uint8Array, random: Random): void {
  const value = pick(VALUES, random);
  const width = random.below(2) === 0 ? 8 : 4;
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  const count = Math.floor(data.length / width);
  if (count === 0) return;
  const all = random.below(3) === 0;
  for (let left = all ? count : 1 + random.below(4); left > 0; left--) {
    const at = width * (all ? left - 1 : random.below(count));
    if (width === 8) view.setFloat64(at, value, true);
    else view.setFloat32(at, value, true);
  }
}

/** One change of a .npy file of version 1: a key of its header or its values. */
export function mutateNpy(bytes: Uint8Array, random: Random): Uint8Array {
  const start = 10 + new DataView(bytes.buffer, bytes.byteOffset).getUint16(8, true);
  const text = new TextDecoder("latin1").decode(bytes.subarray(10, start)).trimEnd();
  const data = bytes.slice(start);
  const shape = (/'shape': \(([^)]*)\)/.exec(text)?.[1] ?? "")
    .split(",")
    .filter((one) => one.trim() !== "")
    .map(Number);
  const what = random.below(5);
  let changed = text;
  if (what === 0) changed = text.replace(/'descr': '[^']*'/, () => `'descr': '${pick(DESCRS, random)}'`);
  else if (what === 1) changed = text.replace("False", () => pick(["True", "None", "0", "__import__('os')"], random));
  else if (what === 2)
    changed = text.replace(
      /\([^)]*\)/,
      `(${changeShape(shape, random)
        .map((one) => `${one},`)
        .join(" ")})`,
    );
  else if (what === 3) changed = text.replace(/}$/, pick([", 'x': 1}", "}}", "", ", 'shape': (1,)}"], random));
  else spoil(data, random);
  const header = new TextEncoder().encode(`${changed}\n`);
  const out = new Uint8Array(10 + header.length + data.length);
  out.set(bytes.subarray(0, 8));
  new DataView(out.buffer).setUint16(8, Math.min(header.length, 65_535), true);
  out.set(header, 10);
  out.set(data, 10 + header.length);
  return out;
}

/** One to three changes of the members of a .npz file. */
export function mutateNpz(bytes: Uint8Array, random: Random): Uint8Array {
  const members = Object.entries(unzipSync(bytes));
  for (let count = 1 + random.below(3); count > 0 && members.length > 0; count--) {
    const at = random.below(members.length);
    const member = members[at]!;
    const what = random.below(8);
    if (what === 0) member[0] = `${pick(NAMES, random).slice(0, 60_000)}.npy`;
    else if (what === 1) members.splice(at, 1);
    else if (what === 2)
      members.push([`${pick(NAMES, random).slice(0, 60_000)}.npy`, members[random.below(members.length)]![1]]);
    else if (what === 3) member[1] = members[random.below(members.length)]![1];
    else member[1] = new Uint8Array(mutateNpy(member[1], random));
  }
  return zipSync(Object.fromEntries(members) as Zippable, { level: random.below(2) === 0 ? 0 : 6 });
}

function pick<T>(list: readonly T[], random: Random): T {
  return list[random.below(list.length)]!;
}
