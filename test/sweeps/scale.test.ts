/** @file A hundred thousand jobs: planning, claiming and listing stay linear. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";
import { planSweep, writeSweep } from "../../src/runner/sweeps/planSweep.ts";
import { sweepStatus } from "../../src/runner/sweeps/sweepStatus.ts";
import { SweepFolder } from "../../src/sweeps/sweepFolder.ts";

const root = mkdtempSync(join(tmpdir(), "crh-scale-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));

it("a hundred thousand jobs are planned in 10 s, and ten thousand counted in 5 s", { timeout: 120_000 }, async () => {
  const cpu = () => process.cpuUsage().user / 1e6;
  let begun = cpu();
  const assignments = ["decay=log:1e-6..1e-2:100", "seed=0..999"];
  const planned = await planSweep({ what: "fc2", assignments, name: "big", options: {} });
  expect(planned.jobs).toHaveLength(100_000);
  const sweep = writeSweep(planned, root, { argv: [], failFast: false, again: false, named: true });
  expect(cpu() - begun).toBeLessThan(10);

  // Claims and marks cost the same whether there are few or many: the last thousand as the first.
  const batch = (from: number): number => {
    const start = cpu();
    for (const { id } of planned.jobs.slice(from, from + 1000)) {
      const claim = sweep.claims.take(id)!;
      sweep.markDone(id, id, 1.5);
      sweep.claims.release(claim);
    }
    return cpu() - start;
  };
  batch(0);
  const first = batch(1000);
  for (let from = 2000; from < 9000; from += 1000) batch(from);
  expect(batch(9000)).toBeLessThan(3 * first + 0.3);

  begun = cpu();
  const status = sweepStatus(new SweepFolder(sweep.dir));
  expect(status).toMatchObject({ jobs: 100_000, done: 10_000, waiting: 90_000, secondsLeft: 135_000 });
  expect(new SweepFolder(sweep.dir).jobs()).toHaveLength(100_000);
  expect(cpu() - begun).toBeLessThan(5);
});
