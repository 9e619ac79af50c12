/** @file What the lab tells of runs as they change: nothing is lost, whoever goes away, and nothing is told twice. */
import { appendFileSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { RunFolder } from "../../src/runs/runFolder.ts";
import { LabOfRuns, Listener } from "./labOfRuns.ts";

let lab: LabOfRuns;
let listeners: Listener[] = [];
beforeEach(async () => {
  lab = new LabOfRuns();
  await lab.start();
});
afterEach(async () => {
  for (const one of listeners) one.close();
  listeners = [];
  await lab.stop();
});

function listen(path = "/api/stream?run=live", last?: string): Listener {
  const one = new Listener(lab.lab.port, path, last);
  listeners.push(one);
  return one;
}

async function until(happened: () => boolean, what: string): Promise<void> {
  for (const end = Date.now() + 15_000; !happened(); await sleep(20))
    if (Date.now() > end) throw new Error(`test: expected that ${what}`);
}

const rows = (from: number, to: number) =>
  Array.from({ length: to - from }, (_, i) => ({ step: from + i, name: "train/loss", value: 1 / (1 + from + i) }));

const range = (from: number, to: number) => rows(from, to).map(({ step }) => step);

function measured(run: RunFolder, step: number): void {
  const base = { schema: "crh-lab/snapshot@1", loss: { mean: 0.5 }, samples: 10, objective: "mse" } as const;
  run.writeSnapshot({ ...base, step, layers: [], skipped: [] });
}

describe("a run that is followed", () => {
  test("tells its state, its rows as they are written, its measurements and its end", async () => {
    const run = lab.addRun("live");
    run.appendMetrics(rows(0, 10));
    measured(run, 0);
    const one = listen();
    await until(() => one.of("snapshot").length === 1, "the start is told");
    expect(one.events[0]).toMatchObject({ event: "run", data: { id: "live", info: { status: "running" } } });
    expect(one.steps()).toEqual(range(0, 10));
    run.appendMetrics(rows(10, 25));
    measured(run, 20);
    await until(() => one.of("snapshot").length === 2, "the next measurement is told");
    expect(one.of("snapshot")).toEqual([{ step: 0 }, { step: 20 }]);
    expect(one.steps()).toEqual(range(0, 25));
    run.update({ status: "finished", step: 25 });
    await until(() => one.of("run").length === 2, "the end is told");
    expect(one.of("run")[1]).toMatchObject({ info: { status: "finished", step: 25 } });
  });

  test("half a line waits for its other half", async () => {
    const run = lab.addRun("live");
    run.appendMetrics(rows(0, 3));
    const one = listen();
    await until(() => one.steps().length === 3, "rows are told");
    appendFileSync(join(run.dir, "metrics.jsonl"), '{"step":3,"name":"train/lo');
    await sleep(600);
    appendFileSync(join(run.dir, "metrics.jsonl"), 'ss","value":0.25}\n');
    await until(() => one.steps().length === 4, "the whole line is told");
    expect(one.steps()).toEqual([0, 1, 2, 3]);
  });

  test("goes on where a reader was, although the server was killed meanwhile", async () => {
    const run = lab.addRun("live");
    run.appendMetrics(rows(0, 100));
    measured(run, 50);
    const before = listen();
    await until(() => before.of("snapshot").length === 1, "the start is told");
    const { port } = lab.lab;
    await lab.lab.close();
    await before.ended;
    run.appendMetrics(rows(100, 200));
    measured(run, 150);
    await lab.start(port);
    const after = listen("/api/stream?run=live", before.events.at(-1)!.id);
    await until(() => after.of("snapshot").length === 1, "what came meanwhile is told");
    expect([...before.steps(), ...after.steps()]).toEqual(range(0, 200));
    expect([...before.of("snapshot"), ...after.of("snapshot")]).toEqual([{ step: 50 }, { step: 150 }]);
  });

  test("from whatever event on, the rest is told and no more", async () => {
    const run = lab.addRun("live");
    run.appendMetrics(rows(0, 5000)); // several events
    run.appendMetrics(rows(5000, 20_000));
    measured(run, 7);
    measured(run, 9);
    const whole = listen();
    await until(() => whole.of("snapshot").length === 2, "all is told");
    expect(whole.of("metrics").length).toBeGreaterThan(2);
    for (const [i, { id }] of whole.events.entries()) {
      if (i === whole.events.length - 1) continue; // nothing is left to tell
      const rest = listen("/api/stream?run=live", id);
      await until(() => rest.events.length >= whole.events.length - 1 - i, "the rest is told");
      expect(rest.events.map(({ event, data }) => [event, data])).toEqual(
        whole.events.slice(i + 1).map(({ event, data }) => [event, data]),
      );
    }
  });

  test("whose files were cut, or came anew, is told from its start", async () => {
    const run = lab.addRun("live");
    run.appendMetrics(rows(0, 100));
    const one = listen();
    await until(() => one.steps().length === 100, "rows are told");
    run.truncateMetrics(49); // what resuming from a checkpoint does
    await until(() => one.of("reset").length === 1, "the cut is told");
    await until(() => one.steps().length === 150, "the rows that are left are told");
    run.appendMetrics(rows(50, 60));
    await until(() => one.steps().length === 160, "new rows are told");
    expect(one.steps().slice(100)).toEqual(range(0, 60));
    measured(run, 30);
    measured(run, 55);
    await until(() => one.of("snapshot").length === 2, "measurements are told");
    run.dropSnapshots(40);
    await until(() => one.of("reset").length === 2, "dropped measurements are told");
  });

  test("that is taken away ends the stream", async () => {
    const run = lab.addRun("live");
    const one = listen();
    await until(() => one.of("run").length === 1, "it is told");
    renameSync(run.dir, join(lab.root, ".away"));
    await until(() => one.of("removed").length === 1, "its end is told");
  });

  test("of which there is none, or ids that are none of ours: one line, or all from the start", async () => {
    expect((await lab.ask("/api/stream?run=none")).status).toBe(404);
    expect((await lab.ask("/api/stream?run=..%2f..")).status).toBe(404);
    lab.addRun("live").appendMetrics(rows(0, 5));
    for (const id of ["", "x", "1/2", "NaN/NaN/NaN/NaN", "1/-5/0/0", "/////"]) {
      const one = listen("/api/stream?run=live", id);
      await until(() => one.steps().length === 5, `all is told after ${JSON.stringify(id)}`);
    }
  });
});

describe("all runs", () => {
  test("new, changed and removed ones are told; after a break, all that changed and who is left", async () => {
    lab.addRun("old");
    await sleep(50);
    const one = listen("/api/stream");
    await sleep(500);
    expect(one.events).toEqual([]); // the list was asked for
    const run = lab.addRun("new");
    await until(() => one.of("run").length === 1, "the new one is told");
    expect(one.of("run")[0]).toMatchObject({ id: "new", info: { status: "running" } });
    run.appendMetrics(rows(0, 1));
    await until(() => one.of("run").length >= 2, "its metrics are told");
    expect(one.of("run").at(-1)).toMatchObject({ last: { "train/loss": 1 } });
    const { id } = one.events.at(-1)!;
    one.close();
    await sleep(50);
    run.update({ status: "finished" });
    rmSync(join(lab.root, "old"), { recursive: true });
    const again = listen("/api/stream", id);
    const state = () => (again.of("run").at(-1) as { info: { status: string } } | undefined)?.info.status;
    await until(() => again.of("runs").length === 1 && state() === "finished", "who is left is told, and how it is");
    const removed = () => (again.of("removed") as { id: string }[]).map(({ id }) => id);
    const left = () => (again.of("runs")[0] as string[]).filter((id) => !removed().includes(id));
    await until(() => left().join() === "new", "of those who are left the removed one is none");
    rmSync(run.dir, { recursive: true });
    await until(() => left().length === 0, "the next removed one is told");
  });
});

test("two hundred readers of a run that trains miss nothing, each row once", async () => {
  const run = lab.addRun("live");
  const readers = Array.from({ length: 200 }, () => listen());
  for (let step = 0; step < 400; step += 20) {
    run.appendMetrics(rows(step, step + 20));
    if (step % 100 === 0) measured(run, step);
    await sleep(50);
  }
  await until(
    () => readers.every((one) => one.steps().length >= 400 && one.of("snapshot").length >= 4),
    "all hear all",
  );
  for (const one of readers) {
    expect(one.steps()).toEqual(range(0, 400));
    expect(one.of("snapshot")).toEqual([0, 100, 200, 300].map((step) => ({ step })));
  }
});
