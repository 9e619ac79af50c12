/**
 * @file Claims on names in a folder that several machines may share, so that only one worker at a time works on a name.
 * They rely only on exclusive file creation and on modification times, which also work on NFS; clocks of different
 * machines are never compared.
 */
import { randomUUID } from "node:crypto";
import {
  closeSync,
  existsSync,
  openSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  utimesSync,
  writeSync,
} from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { z } from "zod";
import { processRuns, processStart } from "../runs/processRuns.ts";
import { writing } from "../runs/writeFile.ts";

/** Contents of a claim's file: its owner. */
const ownerSchema = z.object({
  token: z.string(),
  host: z.string(),
  pid: z.int(),
  processStart: z.string().optional(),
  /** Process ids are only valid within one such namespace. */
  space: z.string().optional(),
  /** The task of a cluster's queue, and the number of its start. */
  task: z.object({ id: z.string(), start: z.int() }).optional(),
  since: z.string(),
});
export type Owner = z.output<typeof ownerSchema>;

/** A name that this process holds. */
export interface Claim {
  readonly name: string;
  /** 0, or one more than that of the dead worker whose claim this one follows. */
  readonly round: number;
  readonly token: string;
  /** If the previous worker died: whether that is certain, or it was only silent. */
  readonly after?: { readonly certain: boolean };
}

/** A claim in the folder. */
export interface Standing {
  readonly name: string;
  readonly round: number;
}

/** chosen: NFS may show changes of a file 60 s late, and some heartbeats may be lost. */
export const STALE_SECONDS = 150;
/** chosen: heartbeats in the time of silence after which a worker counts as dead. */
const BEATS = 10;

export interface ClaimOptions {
  /** This machine's name. */
  readonly host?: string;
  /** Seconds of silence after which a worker of another machine counts as dead. */
  readonly staleSeconds?: number;
  /** The task of a cluster's queue that this process is. */
  readonly task?: QueueTask;
  /** Clock in milliseconds; only differences matter. */
  readonly now?: () => number;
}

/** A task that a cluster's queue restarts if it was ended from outside. */
export interface QueueTask {
  readonly id: string;
  /** Number of starts. */
  readonly start: number;
}

export class Claims {
  readonly #folder: string;
  readonly #host: string;
  readonly #staleMs: number;
  readonly #task: QueueTask | undefined;
  /** Milliseconds between heartbeats. */
  readonly beatMs: number;
  readonly #now: () => number;
  /** When each claim of others was first seen in its current state. */
  readonly #seen = new Map<string, { readonly changed: number; readonly since: number }>();

  constructor(folder: string, options: ClaimOptions = {}) {
    const { host = hostname(), staleSeconds = STALE_SECONDS, now = () => performance.now() } = options;
    this.#folder = folder;
    this.#host = host;
    this.#staleMs = 1000 * staleSeconds;
    this.beatMs = this.#staleMs / BEATS;
    this.#task = options.task;
    this.#now = now;
  }

  /** The newest claim of each name, from the names of the folder's files. */
  static standing(files: readonly string[]): Map<string, Standing> {
    const found = new Map<string, Standing>();
    for (const file of files) {
      const match = /^(.+)\.(\d+)$/.exec(file);
      if (match === null) continue;
      const [name, round] = [match[1]!, Number(match[2])];
      if ((found.get(name)?.round ?? -1) < round) found.set(name, { name, round });
    }
    return found;
  }

  /** Claims a free name. Undefined if another worker was faster. */
  take(name: string): Claim | undefined {
    return this.#create(name, 0);
  }

  /**
   * Claims a name whose worker has died: its process is gone, or the claim did not change for some time. Undefined
   * while it may be alive, and if another worker was faster.
   */
  takeOver(standing: Standing): Claim | undefined {
    const death = this.death(standing);
    return death === undefined
      ? undefined
      : this.#create(standing.name, standing.round + 1, { certain: death === "certain" });
  }

  /**
   * Whether the worker of a claim has died; undefined while it may be alive. Call repeatedly, since silence is only
   * detected over time.
   */
  death({ name, round }: Standing): "certain" | "silent" | undefined {
    const path = this.#path(name, round);
    const owner = readOwner(path);
    if (owner !== undefined && this.#isDead(owner)) return "certain";
    // The queue restarts a task only when it considers the earlier start dead, which is not certain for an unreachable
    // node.
    const { id, start } = owner?.task ?? {};
    if (start !== undefined && id === this.#task?.id && start < this.#task!.start) return "silent";
    return this.#isStale(path) ? "silent" : undefined;
  }

  /** Heartbeat of this process. @returns false if the claim is lost: taken over, or removed */
  beat(claim: Claim): boolean {
    if (!this.holds(claim)) return false;
    try {
      const time = new Date();
      utimesSync(this.#path(claim.name, claim.round), time, time);
      return true;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "ENOENT") return false;
      return true; // a disk that is briefly unavailable: others see an unchanged claim and wait
    }
  }

  /** Whether this process still holds the name. */
  holds({ name, round, token }: Claim): boolean {
    if (existsSync(this.#path(name, round + 1))) return false;
    const path = this.#path(name, round);
    return existsSync(path) && readOwner(path)?.token === token;
  }

  exists({ name, round }: Standing): boolean {
    return existsSync(this.#path(name, round));
  }

  /** Releases a name, the newest claim first, because a name counts as free once its first claim is gone. */
  release({ name, round }: Claim): void {
    for (let earlier = round; earlier >= 0; earlier--) rmSync(this.#path(name, earlier), { force: true });
  }

  #path(name: string, round: number): string {
    return join(this.#folder, `${name}.${round}`);
  }

  #create(name: string, round: number, after?: NonNullable<Claim["after"]>): Claim | undefined {
    const token = randomUUID();
    const start = processStart(process.pid);
    const space = processSpace();
    const owner: Owner = {
      ...{ token, host: this.#host, pid: process.pid },
      ...(start !== undefined && { processStart: start }),
      ...(space !== undefined && { space }),
      ...(this.#task !== undefined && { task: this.#task }),
      since: new Date().toISOString(),
    };
    return writing("sweep", this.#folder, () => {
      let file: number;
      try {
        file = openSync(this.#path(name, round), "wx");
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === "EEXIST") return undefined;
        throw error;
      }
      try {
        writeSync(file, `${JSON.stringify(owner)}\n`);
      } catch (error) {
        rmSync(this.#path(name, round), { force: true }); // a full disk: others must not wait for it
        throw error;
      } finally {
        closeSync(file);
      }
      return { name, round, token, ...(after && { after }) };
    });
  }

  #isDead({ host, space, pid, processStart: start }: Owner): boolean {
    return host === this.#host && space !== undefined && space === processSpace() && !processRuns(pid, start);
  }

  #isStale(path: string): boolean {
    const changed = statSync(path, { throwIfNoEntry: false })?.mtimeMs;
    if (changed === undefined) return false; // released meanwhile
    const seen = this.#seen.get(path);
    if (seen === undefined || seen.changed !== changed) {
      this.#seen.set(path, { changed, since: this.#now() });
      return false;
    }
    return this.#now() - seen.since > this.#staleMs;
  }
}

/** Undefined for a file that is incomplete or missing. */
function readOwner(path: string): Owner | undefined {
  try {
    return ownerSchema.parse(JSON.parse(readFileSync(path, "utf8")));
  } catch {
    return undefined;
  }
}

let space: string | undefined;

/** The namespace of process ids on this machine (a container has its own). */
function processSpace(): string | undefined {
  try {
    space ??= readlinkSync("/proc/self/ns/pid");
  } catch {
    space ??= process.platform === "linux" ? undefined : "machine";
  }
  return space;
}
