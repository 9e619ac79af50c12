/** @file A worker whose disk is full: it ends in one line, no job counts as failed, and another worker does the rest. */
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { SweepFolder } from "../../src/sweeps/sweepFolder.ts";
import { expectOneLine, workplace } from "../cli/builtProgram.ts";

const place = workplace();

it("a full disk ends a worker in one line, and nothing is lost", { timeout: 60_000 }, async () => {
  const plan = ["sweep", "scalar", "seed=0..1", "--steps", "20", "--every", "20", "--cost", "economy", "--again"];
  await place.crh(...plan, "--name", "full", "--plan-only", "--quiet");
  const worker = ["worker", "full", "--threads", "1", "--quiet"];
  const sweep = new SweepFolder(join(place.dir, "sweeps", "full"));
  for (const call of [2, 12]) {
    expectOneLine(await place.faulty(`ENOSPC ${call}`, ...worker), 1, /full disk/);
    expect(sweep.state().failed.size).toBe(0);
    expect(readdirSync(join(sweep.dir, "claims"))).toEqual([]);
  }
  expect((await place.crh(...worker)).code).toBe(0);
  expect(sweep.state().done.size).toBe(2);
});
