/** @file `crh ingest`: rows and moments from files, their groups, and the same samples twice. */
import { existsSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { main } from "../../src/cli/main.ts";
import { encodeSafetensors } from "../../src/formats/safetensors.ts";
import { type Matrix, matmul, transpose } from "../../src/linalg/matrix.ts";
import type { Snapshot } from "../../src/measure/snapshot.ts";
import { addRows } from "../../src/moments/addRows.ts";
import { emptyLayer } from "../../src/moments/moments.ts";
import { encodeMoments } from "../../src/moments/momentsFile.ts";
import { Random } from "../../src/random/random.ts";
import { gaussian } from "../measure/matrices.ts";
import { expectOneLine, workplace } from "./builtProgram.ts";
import { testIo } from "./testIo.ts";

const { crh, dir } = workplace();
const [dIn, dOut] = [6, 4];
const W = gaussian(new Random(1), dOut, dIn);

function rowsOf(seed: number, n: number): { ha: Matrix; hb: Matrix; gb: Matrix } {
  const random = new Random(seed).split("rows");
  const ha = gaussian(random, n, dIn);
  return { ha, hb: matmul(ha, transpose(W)), gb: gaussian(random, n, dOut) };
}

/** Rows of one layer, `up`, in a file. */
function writeRows(name: string, seed: number, n: number): string {
  const { ha, hb, gb } = rowsOf(seed, n);
  const arrays = { "up.a.h": ha, "up.b.h": hb, "up.b.g": gb, "up.W": W };
  const tensors = Object.entries(arrays).map(
    ([key, { rows, cols, data }]) => [key, { dtype: "F64" as const, shape: [rows, cols], data }] as const,
  );
  writeFileSync(join(dir, name), encodeSafetensors(new Map(tensors)));
  return name;
}

/** Their moments, as one file. */
function writeMoments(name: string, seed: number, n: number): string {
  const { ha, hb, gb } = rowsOf(seed, n);
  const layer = emptyLayer("up", "linear", dIn, dOut, W);
  addRows(layer, { ha: ha.data, hb: hb.data, gb: gb.data });
  writeFileSync(join(dir, name), encodeMoments({ step: 0, objective: "unknown", source: name, layers: [layer] }));
  return name;
}

async function up(...files: string[]) {
  const { code, out, err } = await crh("ingest", ...files, "--json");
  expect([code, err]).toEqual([0, ""]);
  return (JSON.parse(out) as Snapshot).layers[0]!;
}

describe("groups", () => {
  test("a file of rows is cut into 16, of the same sums; a file of moments is one", async () => {
    const rows = await up(writeRows("whole.safetensors", 1, 330));
    expect([rows.samples, rows.groups]).toEqual([330, 16]);
    const { value, noise } = rows.alignment.covariance.b.rga;
    expect(noise!).toBeGreaterThan(0.005);
    const moments = await up(writeMoments("sums.safetensors", 1, 330));
    expect([moments.samples, moments.groups]).toEqual([330, 0]);
    expect(moments.alignment.covariance.b.rga.value!).toBeCloseTo(value!, 10);
    expect(moments.alignment.covariance.b.rga.noise).toBeNull();
  });

  test("of shards are theirs: each file of moments one, files of rows 16 together", async () => {
    const sums = Array.from({ length: 3 }, (_, i) => writeMoments(`sums-${i}.safetensors`, 10 + i, 100 * (i + 1)));
    expect(await up(...sums)).toMatchObject({ samples: 600, groups: 3 });
    const rows = Array.from({ length: 4 }, (_, i) => writeRows(`rows-${i}.safetensors`, 20 + i, 50));
    expect(await up(...rows)).toMatchObject({ samples: 200, groups: 16 });
    expect(await up(sums[0]!, rows[0]!)).toMatchObject({ samples: 150, groups: 9 });
  });

  test("are no more than there are rows", async () => {
    expect(await up(writeRows("five.safetensors", 3, 5))).toMatchObject({ samples: 5, groups: 5 });
  });
});

describe("the same samples twice", () => {
  test("are refused: one file, a copy, and their moments under another name", async () => {
    const [rows, copy] = [writeRows("a.safetensors", 7, 40), writeRows("copy.safetensors", 7, 40)];
    const refused = (x: string, y: string) =>
      new RegExp(`expected every shard once, got the same samples in ${x} and ${y}`);
    expectOneLine(await crh("ingest", rows, rows), 1, refused(rows, rows));
    expectOneLine(await crh("ingest", rows, writeRows("b.safetensors", 8, 40), copy), 1, refused(rows, copy));
    const sums = [writeMoments("m.safetensors", 7, 40), writeMoments("n.safetensors", 7, 40)] as const;
    expectOneLine(await crh("ingest", ...sums), 1, refused(...sums));
  });
});

test("arrays of different numbers of rows are refused by the row count of the whole", async () => {
  const { ha, hb, gb } = rowsOf(1, 40);
  const short = { ...gb, rows: 30, data: gb.data.slice(0, 30 * dOut) };
  const arrays = { "up.a.h": ha, "up.b.h": hb, "up.b.g": short, "up.W": W };
  const tensors = Object.entries(arrays).map(
    ([key, { rows, cols, data }]) => [key, { dtype: "F64" as const, shape: [rows, cols], data }] as const,
  );
  writeFileSync(join(dir, "short.safetensors"), encodeSafetensors(new Map(tensors)));
  expectOneLine(await crh("ingest", "short.safetensors"), 1, /expected gb of up to be \(40, 4\), got 120 values/);
});

describe("rows whose squares overflow", () => {
  const huge = (scale: number, key: "hb" | "gb"): string => {
    const rows = rowsOf(1, 40);
    rows[key].data[3] = scale;
    const arrays = { "up.a.h": rows.ha, "up.b.h": rows.hb, "up.b.g": rows.gb, "up.W": W };
    const tensors = Object.entries(arrays).map(
      ([name, { rows, cols, data }]) => [name, { dtype: "F64" as const, shape: [rows, cols], data }] as const,
    );
    const path = join(dir, `huge-${key}.safetensors`);
    writeFileSync(path, encodeSafetensors(new Map(tensors)));
    return path;
  };

  test.each([
    ["hb", 1e200, "h2 = Infinity on side b"],
    ["gb", 1e100, "g4 = Infinity on side a"],
  ] as const)("are measured and kept, and their moments not written, in one line: %s %d", async (key, scale, found) => {
    const [file, runs, moments] = [huge(scale, key), join(dir, `runs-${key}`), join(dir, `moments-${key}`)];
    const io = testIo();
    expect(await main(["ingest", file, "--runs", runs, "--moments", moments], io)).toBe(1);
    expect(io.out()).toContain("a relation holds where");
    expect(io.out()).toContain("kept in: ");
    expect(io.err()).toMatch(
      /(^|\n)crh ingest: expected finite sums to write into [^\n]+; it is not written, [^\n]+\n$/,
    );
    expect(io.err()).toContain(`${found} of layer "up"`);
    expect(existsSync(moments)).toBe(false);
    const [run] = readdirSync(runs);
    expect(existsSync(join(runs, run!, "report.html"))).toBe(true);
  });
});
