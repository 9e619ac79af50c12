/** @file Matrices that the lab keeps: within a bound of memory, and never those of a file that is another by now. */
import { mkdtempSync, renameSync, rmSync, truncateSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeEach, expect, test } from "vitest";
import { Matrices, type MatrixRequest } from "../../src/lab/matrix.ts";
import { gram } from "../../src/linalg/matrix.ts";
import type { Moments } from "../../src/moments/moments.ts";
import { encodeMoments } from "../../src/moments/momentsFile.ts";
import { layerCase, layerOf, momentsOf } from "../moments/cases.ts";

const folder = mkdtempSync(join(tmpdir(), "crh-matrices-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const path = join(folder, "step-00000000.safetensors");
const momentsOfSeed = (seed: number): Moments => momentsOf([layerOf(layerCase(seed, 40, 6, 4))], "unit test");
const layer = momentsOfSeed(1).layers[0]!.name;
const Z: MatrixRequest = { layer, side: "a", name: "Z" };

/** As runs are written: another file takes the name. */
function write(moments: Moments): void {
  writeFileSync(`${path}.new`, encodeMoments(moments));
  renameSync(`${path}.new`, path);
}

const valuesOf = ({ bytes }: { readonly bytes: Uint8Array<ArrayBuffer> }) => [...new Float32Array(bytes.buffer)];
const gramOf = (moments: Moments) => [...Float32Array.from(gram(moments.layers[0]!.W!, "a").data)];

beforeEach(() => write(momentsOfSeed(1)));

test("a matrix is made once, and Z once for all conventions", () => {
  const matrices = new Matrices();
  const first = matrices.read(path, Z);
  expect(valuesOf(first)).toEqual(gramOf(momentsOfSeed(1)));
  expect(matrices.read(path, Z)).toBe(first);
  expect(matrices.read(path, { ...Z, convention: "paper" })).toBe(first);
  const H = { ...Z, name: "H" };
  expect(matrices.read(path, { ...H, convention: "paper" })).not.toBe(matrices.read(path, H));
});

test("a file that another took the place of is read anew, of the same size and time too", () => {
  const matrices = new Matrices();
  const time = new Date(1e12);
  utimesSync(path, time, time);
  matrices.read(path, Z);
  write(momentsOfSeed(2));
  utimesSync(path, time, time);
  expect(valuesOf(matrices.read(path, Z))).toEqual(gramOf(momentsOfSeed(2)));
});

test("a file that was cut is said to be damaged, though its matrix was known", () => {
  const matrices = new Matrices();
  matrices.read(path, Z);
  truncateSync(path, 500);
  expect(() => matrices.read(path, Z)).toThrow(/expected moments in .*, got a damaged file \(.*cut short.*\); delete/);
});

test("as many are kept as the bound allows, those asked for last", () => {
  const bytes = 4 * 6 * 6;
  const matrices = new Matrices(2 * bytes);
  const ask = (name: string) => matrices.read(path, { ...Z, name });
  const [h, g] = [ask("H"), ask("G")];
  expect(ask("H")).toBe(h);
  ask("Z");
  expect(ask("H")).toBe(h);
  expect(ask("G")).not.toBe(g);
  const none = new Matrices(bytes - 1);
  expect(none.read(path, Z)).not.toBe(none.read(path, Z));
});
