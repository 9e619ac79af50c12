/** @file `crh query`: planted runs answer in SQL, and no statement reaches a file. */
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { main } from "../../src/cli/main.ts";
import { runFolders } from "../../src/runner/tables/runFolders.ts";
import { plantRun, START } from "../tables/planted.ts";
import { testIo } from "./testIo.ts";

const root = mkdtempSync(join(tmpdir(), "crh-query-test-"));
const runs = join(root, "runs");
afterAll(() => rmSync(root, { recursive: true, force: true }));

beforeAll(() => {
  for (const [seed, decay, loss] of [
    [3, 1e-3, 0.25],
    [2, 1e-3, 0.75],
    [1, 1e-2, 1],
  ] as const)
    plantRun(runs, { seed, config: { decay, optimizer: "sgd", nesterov: false, layer: 2 }, loss });
  plantRun(runs, { setting: "other", config: { width: 7 }, rga: [0.5], loss: 3 });
});

async function query(sql: string, ...words: string[]) {
  const io = testIo();
  const code = await main(["query", sql, "--runs", runs, ...words], io);
  return { code, out: io.out(), err: io.err() };
}
const csv = async (sql: string) => {
  const { code, out, err } = await query(sql, "--csv");
  expect([code, err]).toEqual([0, ""]);
  return out.trimEnd().split("\n").slice(1);
};

describe("tables", () => {
  test("answer the mean loss of each setting and decay", async () => {
    const sql = "select setting, decay, avg(value) from metrics where name = 'loss' group by all order by all";
    expect(await csv(sql)).toEqual(["fc2,0.001,0.75", "fc2,0.01,1.5", "other,,4.5"]); // of 2 loss and loss
    const { out } = await query(sql);
    expect(out).toMatch(/^setting +decay +avg\("value"\)\nfc2 +0\.001 +0\.75\nfc2 +0\.01 +1\.5\nother +4\.5\n$/);
  });

  test("have parameters with their types, and what a run is", async () => {
    const [row] = await csv(
      "select decay, optimizer, nesterov, param_layer, width, seed, steps, status, error, version from runs where decay = 0.01",
    );
    expect(row).toBe("0.01,sgd,false,2,,1,100,finished,,0.1.0");
    expect(await csv("select typeof(nesterov), typeof(param_layer), typeof(decay) from runs limit 1")).toEqual([
      "BOOLEAN,BIGINT,DOUBLE",
    ]);
  });

  test("have every alignment with its error, chance and start", async () => {
    const of = (step: number) =>
      csv(
        `select layer, convention, value, standardError, chance, start, n from alignments where side = 'b' and relation = 'rga' and decay = 0.01 and step = ${step} and layer = 'layers.1' order by convention`,
      );
    expect(await of(100)).toEqual([
      `layers.1,covariance,0.375,0.03125,0.0625,${START / 2},10`,
      `layers.1,paper,0.75,0.03125,0.0625,${START},10`,
      `layers.1,raw,0.1875,0.03125,0.0625,${START / 4},10`,
    ]);
    expect(await of(0)).toContain(`layers.1,paper,${START},0.03125,0.0625,,10`);
    expect(await csv("select count(*) from alignments")).toEqual([String(18 * (3 * 3 + 1) * 2)]);
    expect(await csv("select distinct numerical from ranks where matrix = 'Z' and side is null")).toEqual(["4"]);
  });

  test("are described, pivoted and summarized", async () => {
    expect(await csv("describe metrics")).toContain("decay,DOUBLE,YES,,,");
    expect(
      await csv("pivot (select seed, decay from runs where decay is not null) on decay using count(*)"),
    ).toHaveLength(3);
    expect((await csv("summarize runs")).find((line) => line.startsWith("decay,"))).toMatch(
      /^decay,DOUBLE,0\.001,0\.01,/,
    );
  });
});

describe("answers", () => {
  test("hold no NaN and no infinity", async () => {
    const sql = "select 'nan'::double a, 'inf'::double b, 0 / 0 c, 1.5::decimal(4, 2) d, date '2026-01-02' e, [1, 2] f";
    expect(JSON.parse((await query(sql, "--json")).out)).toEqual([
      { a: null, b: null, c: null, d: 1.5, e: "2026-01-02", f: "[1, 2]" },
    ]);
    expect(JSON.parse((await query("select 1 a where false", "--json")).out)).toEqual([]);
  });

  test("that are long or wide say what is left out", async () => {
    const { out } = await query("select range i, range / 3 t from range(2500)");
    expect(out.split("\n").slice(1, 101)).toHaveLength(100);
    expect(out).toMatch(
      /^ *99 +33\n2,400 more rows; --csv prints all 2,500\nnumbers to 6 digits; --csv has them whole\n$/m,
    );
    expect(await csv("select * from range(2500)")).toHaveLength(2500);
    const wide = (await query("select * from runs")).out;
    for (const line of wide.split("\n")) expect([...line].length).toBeLessThanOrEqual(100);
    expect(wide.replaceAll("\n", " ")).toMatch(/no room for .*, decay, .*; --csv prints all columns/);
    expect((await query("select 1 where false")).out).toContain("no rows");
  });
});

describe("what is refused", () => {
  test.each([
    [
      "select nope from metrics",
      /"nope" not found.*; tables: runs, metrics, .*; columns of metrics: run, setting, .*, decay, /,
    ],
    ["select * frm metrics", /got "Parser Error: syntax error.*"; tables: runs, /],
    [
      "select * from metrisc",
      /metrisc does not exist! Did you mean "metrics"\?"; tables: .*crh query "describe metrics"/,
    ],
    ["select 1; select 2", /expected one statement, got 2; /],
    ["create table t as select 1", /expected a query such as SELECT, got CREATE; tables of runs are read only; /],
    ["set memory_limit = '9GB'", /got SET/],
    ["call enable_logging(storage = 'file', storage_path = 'log')", /writes a log/],
  ])("%s is one line", async (sql, line) => {
    const { code, out, err } = await query(sql);
    expect([code, out]).toEqual([2, ""]);
    expect(err).toMatch(line);
    expect(err.trimEnd()).not.toContain("\n");
    expect(err).toMatch(/^crh query: expected /);
  });

  test("no statement reads or writes a file, loads an extension or connects", async () => {
    const target = join(root, "target");
    writeFileSync(join(root, "secret.csv"), "a\n1\n");
    for (const sql of [
      `copy (select 1) to '${target}'`,
      `export database '${target}'`,
      `attach '${target}' as t`,
      "install httpfs",
      "load httpfs",
      `select * from read_csv('${root}/secret.csv')`,
      `select * from '${root}/secret.csv'`,
      `select * from read_text('${root}/*')`,
      `select * from glob('${root}/*')`,
      "select * from read_csv('http://127.0.0.1:9/x.csv')",
      `with x as (select 1) select * from read_blob('${root}/secret.csv')`,
    ])
      expect([sql, (await query(sql)).code]).toEqual([sql, 2]);
    expect(readdirSync(root).sort()).toEqual(["runs", "secret.csv"]);
  });

  test("a folder without runs, and a missing package, are one line with a cure", async () => {
    mkdirSync(join(root, "empty"), { recursive: true });
    const io = testIo();
    expect(await main(["query", "select 1", "--runs", join(root, "empty")], io)).toBe(1);
    expect(io.err()).toMatch(
      /^crh query: expected a run, a folder of runs or a sweep, got .*empty, a folder without any run; /,
    );
    rmSync(join(root, "empty"), { recursive: true });
    const gone = join(root, "gone");
    expect(() => runFolders(gone, [gone], () => {})).toThrow(
      `runs: expected a folder of runs, got ${gone}, which does not exist; crh run creates it`,
    );
    vi.doMock("@duckdb/node-api", () => {
      throw new Error("Cannot find package");
    });
    vi.resetModules();
    const fresh = (await import("../../src/cli/main.ts")).main;
    const without = testIo();
    expect(await fresh(["query", "select 1", "--runs", runs], without)).toBe(1);
    expect(without.err()).toMatch(
      /^crh query: expected DuckDB, an optional package, got none .*; npm install -g @duckdb\/node-api installs it beside crh\n$/,
    );
    vi.doUnmock("@duckdb/node-api");
  });

  test("a damaged run is said and left out", async () => {
    const bad = join(runs, "2026-11-30-bad");
    mkdirSync(bad);
    writeFileSync(join(bad, "run.json"), "{");
    const { code, out, err } = await query("select count(*) n from runs", "--json");
    expect([code, JSON.parse(out)]).toEqual([0, [{ n: 4 }]]);
    expect(err).toMatch(/^left out: runs: expected a run\.json .* damaged JSON; /);
    rmSync(bad, { recursive: true });
    expect(existsSync(bad)).toBe(false);
  });
});
