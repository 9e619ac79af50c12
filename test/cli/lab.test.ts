/** @file `crh lab` and what starts it: the line with its address, what it shows, how it ends. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { encodeMoments } from "../../src/moments/momentsFile.ts";
import { plantedTransformer } from "../figures/planted.ts";
import { expectOneLine, onlyRun, type Started, TINY, workplace } from "./builtProgram.ts";

const { dir, crh, start } = workplace();

/** The address that a lab prints once it listens. */
function address({ child }: Started): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = "";
    child.stdout!.on("data", (part: string) => {
      text += part;
      if (text.includes("\n")) resolve(text.split("\n")[0]!);
    });
    child.once("exit", (code) => reject(new Error(`test: expected a lab that listens, got an end (${code})`)));
  });
}

const list = async (url: string) =>
  (await (await fetch(new URL("api/runs", url))).json()) as { id: string; info: { status: string; setting: string } }[];

async function until(happened: () => Promise<boolean>, what: string): Promise<void> {
  for (const end = Date.now() + 30_000; !(await happened()); await sleep(200))
    if (Date.now() > end) throw new Error(`test: expected that ${what}`);
}

describe("crh lab", () => {
  test("prints its address and nothing else, answers, and ends with Ctrl-C", async () => {
    const lab = start(["lab", "--port", "0", "--no-open"]);
    const url = await address(lab);
    expect(url).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/$/);
    expect(await list(url)).toEqual([]);
    expect((await fetch(url)).headers.get("content-type")).toMatch(/^text\/html/);
    lab.child.kill("SIGINT");
    expect(await lab.ended).toMatchObject({ code: 0, signal: null, out: `${url}\n` });
  });

  test("of one run begins with it; of a folder of captures measures them as they come", async () => {
    expect((await crh("run", "fc2", ...TINY, "--steps", "20", "--quiet")).code).toBe(0);
    const run = onlyRun(join(dir, "runs"));
    const one = start(["lab", run, "--port", "0", "--no-open"]);
    expect((await address(one)).split("#/run/")[1]).toBe(run.split("/").at(-1));
    one.child.kill("SIGTERM");
    await one.ended;

    const captures = join(dir, "captures");
    mkdirSync(captures);
    const write = (step: number) => {
      const name = `step-${String(step).padStart(8, "0")}.safetensors`;
      writeFileSync(join(captures, name), encodeMoments({ ...plantedTransformer({ d: 4 }).moments, step }));
    };
    write(100);
    const lab = start(["lab", captures, "--in", "measured", "--port", "0", "--no-open"]);
    const url = await address(lab);
    write(200);
    writeFileSync(join(captures, "finished"), "");
    await until(async () => (await list(url)).some(({ info }) => info.status === "finished"), "captures are measured");
    const { id } = (await list(url))[0]!;
    const { snapshotSteps } = (await (await fetch(new URL(`api/runs/${id}`, url))).json()) as {
      snapshotSteps: number[];
    };
    expect(snapshotSteps).toEqual([100, 200]);
    lab.child.kill("SIGINT");
    expect((await lab.ended).code).toBe(0);
  });

  test("refuses what it cannot show or use in one line", async () => {
    expectOneLine(await crh("lab", "nowhere", "--no-open"), 2, /^crh lab: expected a folder of runs .* got nowhere/);
    expectOneLine(await crh("lab", "--port", "99999", "--no-open"), 2, /Expected at most 65535/i);
    expectOneLine(
      await crh("lab", "--host", "203.0.113.7", "--no-open"),
      1,
      /^crh lab: expected an address of this machine/,
    );
    const lab = start(["lab", "--port", "0", "--no-open"]);
    const { port } = new URL(await address(lab));
    expectOneLine(await crh("lab", "--port", port, "--no-open"), 1, /^crh lab: expected a free port, got \d+/);
    lab.child.kill("SIGINT");
    await lab.ended;
  });
});

test("crh run --lab shows the run while it trains, and the lab ends with it, killed or not", async () => {
  const run = start(["run", "fc2", ...TINY, "--steps", "1e6", "--runs", "live", "--lab"]);
  let err = "";
  run.child.stderr!.on("data", (part: string) => {
    err += part;
  });
  await until(async () => /watch it at \S+\n/.test(err), "the address is said");
  const [, url, id] = /watch it at (\S+)#\/run\/(\S+)\n/.exec(err)!;
  await until(
    async () => (await list(url!)).some((one) => one.id === id && one.info.status === "running"),
    "it is shown",
  );
  run.child.kill("SIGKILL");
  await run.ended;
  await until(
    () =>
      fetch(url!).then(
        () => false,
        () => true,
      ),
    "its lab ends too",
  );

  const whole = await crh("run", "fc2", ...TINY, "--steps", "20", "--runs", "whole", "--lab", "--json");
  expect(whole.code).toBe(0);
  expect(JSON.parse(whole.out)).toHaveProperty("final");
  const [, ended] = /watch it at (\S+)#/.exec(whole.err)!;
  await expect(fetch(ended!)).rejects.toThrow();
});
