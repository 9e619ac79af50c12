/** @file The script of a task, run by bash, with a worker and an scontrol that do as they are told. */
import { spawn } from "node:child_process";
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { batchScript } from "../../../src/sweeps/slurm/batchScript.ts";

const dir = mkdtempSync(join(tmpdir(), "crh-batch-"));
afterAll(() => rmSync(dir, { recursive: true, force: true }));

/** What a shell would obey if it were not quoted. */
const HOSTILE = join(dir, "a 'b' \"c\" $(touch pwned) `touch pwned` \\ \n# d");

interface Task {
  readonly code: number | null;
  readonly out: string;
  /** What scontrol and the worker were given. */
  readonly requeued: string;
  readonly worked: string;
}

/** @param worker the body of the worker. @param signal sent when it says "ready" */
async function task(worker: string, options: { signal?: NodeJS.Signals; requeue?: string } = {}): Promise<Task> {
  const { signal, requeue = "exit 0" } = options;
  const place = mkdtempSync(join(dir, "task-"));
  const program = (name: string, body: string): string => {
    writeFileSync(join(place, name), `#!/bin/bash\n${body}\n`);
    chmodSync(join(place, name), 0o755);
    return join(place, name);
  };
  program("scontrol", `echo "$*" >> ${place}/requeued; ${requeue}`);
  program("sleep", "exit 0"); // the script's pauses
  const worked = program("worker", `printf '%s\\n' "$@" > ${place}/worked\n${worker}`);
  const script = join(place, "submit-1.sh");
  const command = ["sbatch", "--job-name", "a\nrm -rf /"];
  writeFileSync(
    script,
    batchScript({
      program: [worked],
      sweep: HOSTILE,
      list: "list",
      tasks: 4,
      together: 1,
      data: HOSTILE,
      command,
      mostThreads: 256,
    }),
  );
  const env = {
    ...process.env,
    PATH: `${place}:${process.env.PATH}`,
    SLURM_ARRAY_JOB_ID: "17",
    SLURM_ARRAY_TASK_ID: "3",
  };
  const child = spawn("bash", [script], { cwd: place, env: { ...env, SLURM_CPUS_PER_TASK: "300" } });
  let out = "";
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding("utf8").on("data", (text: string) => {
      if (signal !== undefined && !out.includes("ready") && (out + text).includes("ready")) child.kill(signal);
      out += text;
    });
  const code = await new Promise<number | null>((resolve) => child.on("close", resolve));
  const read = (name: string): string => (existsSync(join(place, name)) ? readFileSync(join(place, name), "utf8") : "");
  return { code, out, requeued: read("requeued"), worked: read("worked") };
}

/** A worker that waits for TERM, takes a while for its checkpoint, and gives its job back. */
const PATIENT = 'trap "/bin/sleep 0.2; echo checkpoint; exit 130" TERM; echo ready; while :; do /bin/sleep 0.05; done';

describe.skipIf(process.platform === "win32")("the script of a task", () => {
  test("ends as its worker does, which gets the task's share, threads and folders as they are", async () => {
    const { code, out, requeued, worked } = await task("exit 7");
    expect({ code, requeued }).toEqual({ code: 7, requeued: "" });
    expect(out).toMatch(/^\S+ \S+ task 3 of 4 on \S+, start 1\n$/);
    const words = [HOSTILE, "--list", "list", "--share", "3/4", "--threads", "256", "--data", HOSTILE];
    expect(worked).toBe(`${words.join("\n")}\n`);
    expect(existsSync("pwned")).toBe(false);
  });

  test("near the time limit waits for the worker's checkpoint, then puts the task back into the queue", async () => {
    const { code, out, requeued } = await task(PATIENT, { signal: "SIGUSR1" });
    expect(out).toMatch(/ready\ncheckpoint\n\S+ \S+ back in the queue before the time limit\n$/);
    expect({ code, requeued }).toEqual({ code: 0, requeued: "requeue 17_3\n" });
  });

  test("where the worker is through when its limit is near nothing goes back", async () => {
    const worker = 'trap "exit 0" TERM; echo ready; while :; do /bin/sleep 0.05; done';
    expect(await task(worker, { signal: "SIGUSR1" })).toMatchObject({ code: 0, requeued: "" });
  });

  test("where the worker fails nothing goes back: it would fail again", async () => {
    const worker = 'trap "exit 1" TERM; echo ready; while :; do /bin/sleep 0.05; done';
    expect(await task(worker, { signal: "SIGUSR1" })).toMatchObject({ code: 1, requeued: "" });
  });

  test("cancelled or pre-empted it waits for the checkpoint and puts nothing back", async () => {
    const { code, out, requeued } = await task(PATIENT, { signal: "SIGTERM" });
    expect(out).toMatch(/ready\ncheckpoint\n$/);
    expect({ code, requeued }).toEqual({ code: 130, requeued: "" });
  });

  test("a Slurm that does not put it back is asked three times, and the log says what to do", async () => {
    const { code, out, requeued } = await task(PATIENT, { signal: "SIGUSR1", requeue: "exit 1" });
    expect({ code, requeued }).toEqual({ code: 130, requeued: "requeue 17_3\n".repeat(3) });
    expect(out).toContain("crh sweep resume --slurm submits what is not done\n");
  });
});
