/**
 * @file Damage to a JSON document that stays JSON: a value of another kind, a missing or a foreign key, texts that a
 * page or a terminal would obey.
 */
import type { Random } from "../../src/random/random.ts";

type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

/** Markup and control sequences (ESC and C1) that must never come out raw. */
export const HOSTILE = '<script>alert(1)</script>"><img src=x onerror=alert(1)>\u001b[31m\u009b2J\u202e';

const VALUES: readonly Json[] = [
  null,
  true,
  0,
  -1,
  0.5,
  1e308,
  -1e308,
  1e-320,
  2 ** 53,
  2 ** 31,
  "",
  "1",
  "toString",
  HOSTILE,
  "a".repeat(70_000),
  [],
  {},
  [null],
  [[1, 2], "x"],
  { value: "x" },
];

/** One to three changes to a document; texts that are no JSON are returned as they are. */
export function mutateJson(bytes: Uint8Array, random: Random): Uint8Array {
  const text = new TextDecoder().decode(bytes);
  const lines = isLines(text) ? text.trimEnd().split("\n") : [text];
  for (let count = 1 + random.below(3); count > 0; count--) {
    const at = random.below(lines.length);
    try {
      const document = { root: JSON.parse(lines[at]!) as Json };
      change(document, random);
      lines[at] = JSON.stringify(document.root) ?? "null";
    } catch {
      // CSV
      const cells = lines[at]!.split(",");
      cells[random.below(cells.length)] = String(pick(VALUES, random));
      lines[at] = cells.join(",");
    }
  }
  return new TextEncoder().encode(lines.length > 1 ? `${lines.join("\n")}\n` : lines[0]!);
}

/** Keys whose texts are of a fixed choice, or a date. */
const FIXED =
  /^(schema|status|kind|symmetry|label|setting|startedAt|endedAt|pair|phase|device|moments|keepBest|every|preset)$/;

/** Every text of the document that may be any is one which must never come out raw. */
export function hostileTexts(bytes: Uint8Array): Uint8Array {
  const text = new TextDecoder().decode(bytes);
  const lines = isLines(text) ? text.trimEnd().split("\n") : [text];
  const replaced = lines.map((line) =>
    line.startsWith("{")
      ? JSON.stringify(hostile(JSON.parse(line) as Json, ""))
      : line.replace(/^\d+,\d+-\d+,/, `$&${HOSTILE}`),
  );
  return new TextEncoder().encode(replaced.map((line) => `${line}\n`).join(""));
}

function hostile(value: Json, key: string): Json {
  if (typeof value === "string") return FIXED.test(key) ? value : HOSTILE;
  if (Array.isArray(value)) return value.map((one) => hostile(one, key));
  if (value === null || typeof value !== "object") return value;
  return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, hostile(one, name)]));
}

function isLines(text: string): boolean {
  const first = text.slice(0, text.indexOf("\n"));
  return first.startsWith("step,") || (first.startsWith("{") && first.endsWith("}"));
}

function change(document: { root: Json }, random: Random): void {
  const places: [holder: { [key: string]: Json } | Json[], key: string][] = [];
  collect(document, places);
  const [holder, key] = pick(places, random);
  const held = holder as { [key: string]: Json };
  const what = random.below(6);
  if (what === 0 && holder !== document) {
    if (Array.isArray(holder)) holder.splice(Number(key), 1);
    else delete held[key];
  } else if (what === 1 && Array.isArray(holder)) holder.push(held[key]!);
  else if (what === 2 && !Array.isArray(holder))
    held[pick(["__proto__x", "constructor", HOSTILE, "x"], random)] = held[key]!;
  else held[key] = pick(VALUES, random);
}

function collect(value: Json | { root: Json }, places: [{ [key: string]: Json } | Json[], string][]): void {
  if (value === null || typeof value !== "object") return;
  for (const [key, inner] of Object.entries(value)) {
    places.push([value as Json[], key]);
    collect(inner as Json, places);
  }
}

function pick<T>(list: readonly T[], random: Random): T {
  return list[random.below(list.length)]!;
}
