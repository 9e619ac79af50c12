/** @file `crh export` on planted runs: the same numbers in every format, nothing overwritten. */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DuckDBInstance } from "@duckdb/node-api";
import { afterAll, beforeAll, expect, test } from "vitest";
import { main } from "../../src/cli/main.ts";
import { plantRun } from "../tables/planted.ts";
import { testIo } from "./testIo.ts";

const root = mkdtempSync(join(tmpdir(), "crh-export-"));
const runs = join(root, "runs");
afterAll(() => rmSync(root, { recursive: true, force: true }));

let ids: string[];
beforeAll(() => {
  ids = [
    plantRun(runs, { config: { decay: 1e-3, flag: true, note: 'a "b", c' } }),
    plantRun(runs, { config: { decay: 0.5, layer: 1 }, rga: [null, 0.25] }),
  ].map((run) => run.info().id);
});

async function exported(...words: string[]) {
  const io = testIo();
  const code = await main(["export", runs, ...words], io);
  return { code, out: io.out(), err: io.err() };
}

test("Parquet and CSV hold the same tables, as DuckDB reads them", async () => {
  const [parquet, csv] = [join(root, "parquet"), join(root, "csv")];
  expect((await exported("--format", "parquet", "-o", parquet)).out).toContain(
    `${join(parquet, "runs.parquet")}: 2 rows\n`,
  );
  expect((await exported("--format", "csv", "-o", csv)).code).toBe(0);
  const names = ["runs", "metrics", "alignments", "ranks", "exponents", "phases", "layers", "pairs", "trajectories"];
  expect(readdirSync(parquet).sort()).toEqual(names.map((name) => `${name}.parquet`).sort());
  const instance = await DuckDBInstance.create(":memory:");
  const connection = await instance.connect();
  const rows = async (sql: string) => (await connection.runAndReadAll(sql)).getRowsJson();
  for (const name of names) {
    const [p, c] = [`read_parquet('${parquet}/${name}.parquet')`, `read_csv('${csv}/${name}.csv', all_varchar = true)`];
    expect(await rows(`select count(*) from ${p}`)).toEqual(await rows(`select count(*) from ${c}`));
    const columns = (await rows(`describe select * from ${p}`)).map(([column]) => column);
    expect((await rows(`describe select * from ${c}`)).map(([column]) => column)).toEqual(columns);
  }
  const [first] = await rows(
    `select decay, flag, note, param_layer, seed from read_parquet('${parquet}/runs.parquet') order by decay`,
  );
  expect(first).toEqual([0.001, true, 'a "b", c', null, "1"]);
  const values = (from: string) =>
    rows(
      `select layer, value::double, status, decay::double from ${from} where side = 'b' and relation = 'rga' and convention = 'paper' and step = 100 order by decay, layer`,
    );
  const found = await values(`read_parquet('${parquet}/alignments.parquet')`);
  expect(found).toEqual([
    ["layers.0", 0.5, null, 0.001],
    ["layers.1", 0.75, null, 0.001],
    ["layers.2", 1, null, 0.001],
    ["layers.0", null, "dead", 0.5],
    ["layers.1", 0.25, null, 0.5],
  ]);
  expect(await values(`read_csv('${csv}/alignments.csv', all_varchar = true)`)).toEqual(found);
  connection.closeSync();
  instance.closeSync();
  const again = await exported("--format", "csv", "-o", csv);
  expect([again.code, again.out]).toEqual([1, ""]);
  expect(again.err).toMatch(
    /^crh export: expected a path that does not exist, got .*runs\.csv, which exists; .*--replace\n$/,
  );
  expect((await exported("--format", "csv", "-o", csv, "--replace")).code).toBe(0);
});

test("event files are a folder a run, and hold metrics and alignments", async () => {
  const out = join(root, "events");
  expect((await exported("--format", "tensorboard", "-o", out)).code).toBe(0);
  expect(readdirSync(out).sort()).toEqual([...ids].sort());
  const [file] = readdirSync(join(out, ids[0]!));
  expect(file).toBe("events.out.tfevents.1796032800.crh-lab");
  const bytes = readFileSync(join(out, ids[0]!, file!)).toString("latin1");
  for (const tag of ["brain.Event:2", "eval/loss", "train/loss", "paper.b.rga/layers.2", "covariance.a.gwa/layers.0"])
    expect(bytes).toContain(tag);
  expect((await exported("--format", "tensorboard", "-o", out)).code).toBe(1);
});

test("a chart has all runs in one file", async () => {
  const out = join(root, "chart.csv");
  expect((await exported("--format", "wandb-csv", "-o", out)).out).toBe(`${out}: 6 values\n`);
  const [head, ...lines] = readFileSync(out, "utf8").trimEnd().split("\n");
  expect(head).toContain(`"${ids[0]} - eval/loss","${ids[0]} - eval/loss__MIN","${ids[0]} - eval/loss__MAX"`);
  expect(lines.map((line) => line.split(",")[0])).toEqual(['"0"', '"100"']);
  expect(head!.split(",")).toHaveLength(1 + 2 * 2 * 3);
  expect((await exported("--format", "wandb-csv", "-o", out)).code).toBe(1);
});

test("--tensorboard and --wandb-csv are short for their formats; one format is said", async () => {
  const [events, chart] = [join(root, "short"), join(root, "short.csv")];
  expect((await exported("--tensorboard", "-o", events)).code).toBe(0);
  expect(readdirSync(events).sort()).toEqual([...ids].sort());
  expect((await exported("--wandb-csv", "-o", chart)).out).toBe(`${chart}: 6 values\n`);
  const none = await exported("-o", chart);
  expect([none.code, none.err]).toEqual([
    2,
    expect.stringMatching(/^crh export: expected --format, got none; [^\n]*wandb-csv[^\n]*\n$/),
  ]);
  for (const two of [
    ["--tensorboard", "--wandb-csv"],
    ["--format", "csv", "--wandb-csv"],
    ["--format", "csv", "--tensorboard"],
  ]) {
    const { code, err } = await exported(...two, "-o", join(root, "two"));
    expect([code, err]).toEqual([2, expect.stringMatching(/^crh export: [^\n]+\n$/)]);
  }
});
