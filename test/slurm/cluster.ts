/**
 * @file A Slurm of its own on this machine, for tests: munged, slurmctld and slurmd without systemd, in a temporary folder
 * and on free ports. It needs root; install.sh installs it.
 */
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { createServer } from "node:net";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

/** Where daemons are that are in no user's path. */
const PATH = `${process.env.PATH}:/usr/sbin:/usr/local/sbin`;

/** Tasks at once. */
export const PLACES = 24;

/** Whether there is a Slurm to start; says in one line where not. */
export function hasSlurm(): boolean {
  const needed = ["munged", "slurmctld", "slurmd", "sbatch"];
  const missing = needed.filter((name) => !PATH.split(":").some((folder) => existsSync(join(folder, name))));
  const why = whyNot(missing);
  if (why !== "") process.stderr.write(`skipped: tests on Slurm (${why})\n`);
  return why === "";
}

function whyNot(missing: readonly string[]): string {
  if (process.env.CRH_SKIP_SLURM === "1") return "CRH_SKIP_SLURM=1";
  if (missing.length > 0) return `no ${missing.join(", ")}; test/slurm/install.sh installs them`;
  return process.getuid?.() === 0 ? "" : "not root";
}

export class Cluster {
  readonly dir = mkdtempSync(join(tmpdir(), "crh-slurm-"));
  /** What a program needs to find this Slurm. */
  readonly env = { PATH, SLURM_CONF: join(this.dir, "slurm.conf") };
  readonly #daemons = new Map<string, ChildProcess>();
  readonly #ports: readonly number[];

  private constructor(ports: readonly number[]) {
    this.#ports = ports;
  }

  /** A cluster of one node, with partitions of limits of one minute and of ten, and one that pre-empts them. */
  static async start(): Promise<Cluster> {
    const cluster = new Cluster([await freePort(), await freePort()]);
    const { dir } = cluster;
    chmodSync(dir, 0o755);
    for (const name of ["spool", "state"]) mkdirSync(join(dir, name));
    writeFileSync(join(dir, "munge.key"), randomBytes(128), { mode: 0o400 });
    const files = { socket: "munge.sock", "key-file": "munge.key", "pid-file": "m.pid", "log-file": "m.log" };
    const flags = Object.entries({ ...files, "seed-file": "m.seed" }).map(
      ([key, name]) => `--${key}=${join(dir, name)}`,
    );
    cluster.#spawn("munged", ["--foreground", "--force", ...flags]);
    await until(() => existsSync(join(dir, "munge.sock")), 20, "munged listens");
    await cluster.configure();
    return cluster;
  }

  /**
   * Starts the controller and the node anew, once all tasks have ended: a task that is killed in its first seconds counts
   * as one that runs, until the node registers again minutes later.
   */
  async configure(lines: readonly string[] = []): Promise<void> {
    if (this.#daemons.has("slurmctld")) await until(() => this.#isEmpty(), 240, "the queue is empty");
    await this.stopController();
    this.failNode();
    writeFileSync(this.env.SLURM_CONF, `${this.#config(lines)}\n`);
    await this.startController();
    this.startNode();
    await this.isIdle();
  }

  async startController(): Promise<void> {
    this.#spawn("slurmctld", ["-D"]);
    await until(() => this.#try("scontrol", "ping").includes("UP"), 30, "the controller answers");
  }

  async stopController(): Promise<void> {
    const daemon = this.#daemons.get("slurmctld");
    if (daemon === undefined) return;
    const ended = new Promise((resolve) => daemon.once("exit", resolve));
    daemon.kill("SIGTERM");
    await ended;
  }

  /** The node loses its power: its daemon and all processes of its jobs are gone, without a word. */
  failNode(): void {
    for (const pid of this.#processes()) if (!/^(munged|slurmctld|slurmscriptd)\n$/.test(about(pid, "comm"))) kill(pid);
  }

  /** The controller learns of it; by itself it would ask for five minutes. */
  noticeFailure(): void {
    this.call("scontrol", "update", `NodeName=${hostname()}`, "State=DOWN", "Reason=failed");
  }

  startNode(): void {
    this.#spawn("slurmd", ["-D"]);
  }

  async isIdle(): Promise<void> {
    const state = () => this.#try("sinfo", "--noheader", "--format=%T (%E)").trim();
    await until(
      () => state().startsWith("idle"),
      240,
      () => `the node is idle, not ${state()}`,
    );
  }

  /** What a program of Slurm prints. */
  call(program: string, ...words: string[]): string {
    return execFileSync(program, words, { env: { ...process.env, ...this.env }, encoding: "utf8", stdio: "pipe" });
  }

  /** Ends everything and takes its files away. */
  async stop(): Promise<void> {
    for (const pid of this.#processes()) kill(pid);
    await until(() => this.#processes().length === 0, 20, "all processes are gone");
    rmSync(this.dir, { recursive: true, force: true });
  }

  #isEmpty(): boolean {
    return this.call("squeue", "--noheader").trim() === "";
  }

  #try(program: string, ...words: string[]): string {
    try {
      return this.call(program, ...words);
    } catch {
      return "";
    }
  }

  #spawn(program: string, words: readonly string[]): void {
    const log = join(this.dir, `${program}.log`);
    const child = spawn(program, words, {
      env: { ...process.env, ...this.env, NODE_OPTIONS: "" },
      stdio: ["ignore", "ignore", "ignore"],
      cwd: this.dir,
    });
    child.on("error", (error) => writeFileSync(log, error.message));
    this.#daemons.set(program, child);
  }

  /** Processes with this cluster in their environment, but this one: daemons, jobs, what they have started. */
  #processes(): number[] {
    const mark = `SLURM_CONF=${this.env.SLURM_CONF}\0`;
    return readdirSync("/proc")
      .filter((name) => /^\d+$/.test(name))
      .map(Number)
      .filter((pid) => pid !== process.pid && `\0${about(pid, "environ")}`.includes(`\0${mark}`));
  }

  #config(lines: readonly string[]): string {
    const [controller, node] = this.#ports;
    const at = (name: string): string => join(this.dir, name);
    return [
      "ClusterName=test",
      `SlurmctldHost=${hostname()}(127.0.0.1)`,
      ...["SlurmUser=root", "SlurmdUser=root", "AuthType=auth/munge", "CredType=cred/munge"],
      // cred_expire is also how long a task waits that goes back into the queue, 120 s by default.
      `AuthInfo=socket=${at("munge.sock")},cred_expire=5`,
      ...[`SlurmctldPort=${controller}`, `SlurmdPort=${node}`],
      ...[`SlurmctldPidFile=${at("slurmctld.pid")}`, `SlurmdPidFile=${at("slurmd.pid")}`],
      ...[`SlurmctldLogFile=${at("slurmctld.log")}`, `SlurmdLogFile=${at("slurmd.log")}`],
      ...[`SlurmdSpoolDir=${at("spool")}`, `StateSaveLocation=${at("state")}`],
      ...["ProctrackType=proctrack/linuxproc", "TaskPlugin=task/none", "MpiDefault=none"],
      ...["SelectType=select/cons_tres", "SelectTypeParameters=CR_Core", "ReturnToService=2"],
      ...["PreemptType=preempt/partition_prio", "PreemptMode=REQUEUE", "JobAcctGatherType=jobacct_gather/none"],
      ...["SlurmdParameters=config_overrides", "SchedulerParameters=batch_sched_delay=0,sched_interval=5"],
      `NodeName=${hostname()} NodeAddr=127.0.0.1 CPUs=${PLACES}`,
      "PartitionName=short Nodes=ALL Default=YES MaxTime=1 DefaultTime=1 PriorityTier=1 State=UP",
      "PartitionName=long Nodes=ALL MaxTime=10 DefaultTime=10 PriorityTier=1 State=UP",
      "PartitionName=urgent Nodes=ALL MaxTime=10 DefaultTime=10 PriorityTier=10 State=UP",
      ...lines,
    ].join("\n");
  }
}

/** Waits for something, at most so many seconds. @throws Error that names it, in the words of the end */
export async function until(
  happened: () => boolean | Promise<boolean>,
  seconds: number,
  what: string | (() => string),
): Promise<void> {
  const end = performance.now() + 1000 * seconds;
  while (!(await happened())) {
    if (performance.now() > end)
      throw new Error(`expected that ${typeof what === "string" ? what : what()} within ${seconds} s`);
    await sleep(250);
  }
}

/** What the system tells of a process; nothing of one that is gone. */
function about(pid: number, what: "comm" | "environ"): string {
  try {
    return readFileSync(`/proc/${pid}/${what}`, "latin1");
  } catch {
    return "";
  }
}

function kill(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // gone meanwhile
  }
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.on("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const { port } = server.address() as { port: number };
      server.close(() => resolve(port));
    });
  });
}
