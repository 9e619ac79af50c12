import { spawn } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type Claim, Claims, type QueueTask } from "../../src/sweeps/claims.ts";
import { ownTask } from "../../src/sweeps/slurm/ownTask.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "crh-claims-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const standing = (name: string) => Claims.standing(readdirSync(folder)).get(name)!;

describe("claims", () => {
  it("go to one worker, until it gives them back", () => {
    const [one, other] = [new Claims(folder), new Claims(folder, { host: "elsewhere" })];
    const claim = one.take("job")!;
    expect(other.take("job")).toBeUndefined();
    expect(one.beat(claim)).toBe(true);
    one.release(claim);
    expect(readdirSync(folder)).toEqual([]);
    expect(other.take("job")).toBeDefined();
  });

  it("of a process that is gone are taken over at once, by one", async () => {
    const child = spawn(process.execPath, ["-e", ""]);
    await new Promise((resolve) => child.on("close", resolve));
    const claims = new Claims(folder);
    claims.take("job");
    const path = join(folder, "job.0");
    const owner = JSON.parse(readFileSync(path, "utf8"));
    writeFileSync(path, JSON.stringify({ ...owner, pid: child.pid, processStart: undefined }));
    const seen = standing("job");
    expect(claims.takeOver(seen)).toMatchObject({ round: 1, after: { certain: true } });
    expect(claims.takeOver(seen)).toBeUndefined(); // as a second worker with the same listing would
    expect(standing("job").round).toBe(1);
  });

  it("of an earlier start of the same task of a queue are taken over at once, and nobody knows that it is dead", () => {
    const task = (task: number, start: number) =>
      ownTask({
        ...{ SLURM_CLUSTER_NAME: "c", SLURM_ARRAY_JOB_ID: "17", SLURM_ARRAY_TASK_ID: String(task) },
        ...(start > 1 && { SLURM_RESTART_COUNT: String(start - 1) }),
      })!;
    const at = (host: string, task: QueueTask) => new Claims(folder, { host, task });
    const first = at("there", task(3, 1));
    const claim = first.take("job")!;
    expect(new Claims(folder, { host: "here" }).takeOver(standing("job"))).toBeUndefined();
    for (const other of [task(4, 2), task(3, 1)]) expect(at("here", other).takeOver(standing("job"))).toBeUndefined();
    expect(at("here", task(3, 2)).takeOver(standing("job"))).toMatchObject({ round: 1, after: { certain: false } });
    expect(first.holds(claim)).toBe(false);
    expect(ownTask({ SLURM_JOB_ID: "17" })).toBeUndefined();
  });

  it("of another machine are taken over when they fall silent, and the silent one notices", () => {
    let now = 0;
    const here = new Claims(folder, { host: "here", staleSeconds: 100, now: () => now });
    const there = new Claims(folder, { host: "there" });
    const claim = there.take("job")!;
    const look = () => here.takeOver(standing("job"));
    expect(look()).toBeUndefined();
    now = 90_000;
    expect(look()).toBeUndefined();
    there.beat(claim);
    now = 150_000;
    expect(look()).toBeUndefined(); // it has changed: silence begins anew
    now = 240_000;
    expect(look()).toBeUndefined();
    now = 260_000;
    const taken = look()!;
    expect(taken.after).toEqual({ certain: false });
    expect(there.beat(claim)).toBe(false);
    expect(here.beat(taken)).toBe(true);
    here.release(taken);
    expect(readdirSync(folder)).toEqual([]);
    expect(there.beat(claim)).toBe(false); // not made anew by a beat
    expect(readdirSync(folder)).toEqual([]);
  });

  it("that are torn are nobody's, and are taken over as silent ones", () => {
    let now = 0;
    const claims = new Claims(folder, { staleSeconds: 100, now: () => now });
    writeFileSync(join(folder, "job.0"), '{"tok');
    expect(claims.takeOver(standing("job"))).toBeUndefined();
    now = 101_000;
    expect(claims.takeOver(standing("job"))).toBeDefined();
  });

  it("are held by at most one worker, whatever the order of what many do", () => {
    const worker = fc.integer({ min: 0, max: 3 });
    const act = fc.constantFrom("take", "takeOver", "beat", "release", "die");
    fc.assert(
      fc.property(fc.array(fc.tuple(worker, act), { maxLength: 60 }), (acts) => {
        for (const file of readdirSync(folder)) rmSync(join(folder, file));
        let now = 0;
        const all = Array.from(
          { length: 4 },
          (_, i) => new Claims(folder, { host: `m${i}`, staleSeconds: 1, now: () => now }),
        );
        const held = new Map<number, Claim>();
        const silent = new Set<number>();
        for (const [i, what] of acts) {
          now += 300;
          const [claims, claim] = [all[i]!, held.get(i)];
          if (what === "die") silent.add(i);
          else if (what === "release" && claim !== undefined && claims.holds(claim)) {
            claims.release(claim);
            held.delete(i);
          } else if (what === "take" && claim === undefined) {
            const taken = standing("job") === undefined ? claims.take("job") : undefined;
            if (taken !== undefined) held.set(i, taken);
          } else if (what === "takeOver" && claim === undefined) {
            const found = standing("job");
            const taken = found && claims.takeOver(found);
            if (taken !== undefined) held.set(i, taken);
          }
          for (const [j, one] of held) if (!silent.has(j)) all[j]!.beat(one);
          const holding = [...held].filter(([j, one]) => all[j]!.holds(one));
          expect(holding.length).toBeLessThanOrEqual(1);
        }
      }),
      { numRuns: 60 },
    );
  });
});
