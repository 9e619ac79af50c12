/**
 * @file Downloads one file to `<path>.part`, continuing an earlier attempt if the server supports Range, and renames it
 * once the checksum matches. A broken connection is retried a few times.
 */
import { createHash } from "node:crypto";
import { createReadStream, existsSync, renameSync, rmSync, statSync } from "node:fs";
import { open } from "node:fs/promises";
import { get as getHttp, type IncomingMessage } from "node:http";
import { get as getHttps } from "node:https";
import { setTimeout as wait } from "node:timers/promises";
import type { Checksum } from "./dataSets.ts";

export interface DownloadOptions {
  readonly checksum: Checksum;
  readonly maxBytes: number;
  readonly signal?: AbortSignal;
  /** Bytes received, and the total if the server reports it. */
  readonly onProgress?: (bytes: number, total: number | undefined) => void;
  /** Milliseconds without a byte after which a connection counts as broken, and between attempts. */
  readonly stall?: number;
  readonly pause?: number;
}

/** chosen: attempts in a row without a single new byte before giving up. */
const ATTEMPTS = 4;
const REDIRECTS = 5;
const REDIRECT_CODES = [301, 302, 303, 307, 308];

/** An error that retrying cannot cure. */
class Refusal extends Error {}

/**
 * @param path target path; its folder must exist
 * @throws Error in one line; received bytes stay in `<path>.part` unless they are wrong
 */
export async function download(url: string, path: string, options: DownloadOptions): Promise<void> {
  const part = `${path}.part`;
  const { pause = 1000, signal, checksum } = options;
  if (await isWhole(part, checksum)) {
    renameSync(part, path);
    return;
  }
  for (let failures = 0; ; ) {
    const before = sizeOf(part);
    try {
      await attempt(url, part, options);
      break;
    } catch (error) {
      if (error instanceof Refusal || signal?.aborted === true || isOfDisk(error)) throw error;
      failures = sizeOf(part) > before ? 0 : failures + 1;
      if (failures >= ATTEMPTS) throw new Error(unreachable(url, error, sizeOf(part)), { cause: error });
      await wait(pause * (failures + 1), undefined, signal === undefined ? {} : { signal });
    }
  }
  const found = await hashOf(part, checksum.kind);
  if (found !== checksum.hex) {
    rmSync(part, { force: true });
    throw new Error(
      `data get: expected ${checksum.kind} ${checksum.hex} of ${url}, got ${found}; the file was deleted, try again or another address (--from)`,
    );
  }
  renameSync(part, path);
}

/** One connection: appends to the part file, or restarts it if the server sends the whole file. */
async function attempt(url: string, part: string, options: DownloadOptions): Promise<void> {
  const { stall = 60_000, signal, maxBytes, onProgress } = options;
  const controller = new AbortController();
  const stop = () => controller.abort();
  signal?.addEventListener("abort", stop, { once: true });
  let timer = setTimeout(stop, stall);
  try {
    let at = sizeOf(part);
    const response = await follow(url, at, controller.signal);
    const { statusCode: status = 0, headers } = response;
    if (status === 206 && !startsAt(headers["content-range"], at)) await beginAnew(response, part);
    if (status === 416) await beginAnew(response, part); // longer than the file
    if (status >= 500 || status === 429) throw new Error(`status ${status}`);
    if (status !== 200 && status !== 206)
      throw new Refusal(`data get: expected ${url}, got status ${status}; try another address (--from)`);
    if (status === 200) at = 0;
    const announced = headers["content-length"];
    const total = announced === undefined ? undefined : at + Number(announced);
    if (total !== undefined && total > maxBytes) throw tooLarge(url, total, maxBytes);
    const handle = await open(part, at === 0 ? "w" : "a");
    try {
      onProgress?.(at, total);
      for await (const chunk of response) {
        clearTimeout(timer);
        timer = setTimeout(stop, stall);
        at += chunk.length;
        if (at > maxBytes) throw tooLarge(url, at, maxBytes);
        await handle.writeFile(chunk);
        onProgress?.(at, total);
      }
    } finally {
      await handle.close();
    }
    if (total !== undefined && at < total) throw new Error("a connection that ended early");
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener("abort", stop);
  }
}

/** The response after redirects, which must not lead from https to http. */
async function follow(url: string, from: number, signal: AbortSignal): Promise<IncomingMessage> {
  let at = new URL(url);
  for (let redirects = 0; redirects <= REDIRECTS; redirects++) {
    const response = await request(at, from, signal);
    const { location } = response.headers;
    if (!REDIRECT_CODES.includes(response.statusCode ?? 0) || location === undefined) return response;
    response.destroy();
    const next = URL.canParse(location, at.href) ? new URL(location, at) : undefined;
    if (
      next === undefined ||
      !/^https?:$/.test(next.protocol) ||
      (at.protocol === "https:" && next.protocol !== "https:")
    )
      throw new Refusal(
        `data get: expected ${url}, got sent on to ${location.slice(0, 200)}; only https is followed, give another address (--from)`,
      );
    at = next;
  }
  throw new Refusal(
    `data get: expected ${url}, got more than ${REDIRECTS} redirections; give another address (--from)`,
  );
}

/** The server's response without decompression, whatever its content encoding. */
function request(url: URL, from: number, signal: AbortSignal): Promise<IncomingMessage> {
  const headers: Record<string, string> = { "accept-encoding": "identity", "user-agent": "crh-lab" };
  if (from > 0) headers.range = `bytes=${from}-`;
  const get = url.protocol === "https:" ? getHttps : getHttp;
  return new Promise((resolve, reject) => {
    get(url, { headers, signal, agent: false }, resolve).on("error", reject);
  });
}

function startsAt(range: string | undefined, at: number): boolean {
  return new RegExp(`^bytes ${at}-`).test(range ?? "");
}

async function beginAnew(response: IncomingMessage, part: string): Promise<never> {
  response.destroy();
  rmSync(part, { force: true });
  throw new Error("a different part of the file than requested");
}

function tooLarge(url: string, bytes: number, most: number): Refusal {
  return new Refusal(
    `data get: expected at most ${most} bytes from ${url}, got ${bytes}; this is another file, give its address (--from)`,
  );
}

function isOfDisk(error: unknown): boolean {
  const { code, syscall } = error as NodeJS.ErrnoException;
  return code !== undefined && ["write", "open", "mkdir"].includes(syscall ?? "");
}

function unreachable(url: string, error: unknown, kept: number): string {
  const { code } = error as NodeJS.ErrnoException;
  const what = code ?? (error instanceof Error ? error.message : String(error)).replace(/\s+/g, " ");
  const network = ["ENOTFOUND", "EAI_AGAIN", "ENETUNREACH", "ECONNREFUSED"].includes(what) ? "no connection" : "an end";
  const rest =
    kept > 0
      ? `; ${kept} bytes are kept, the same command continues`
      : "; check the network or give a mirror (--from URL)";
  return `data get: expected ${url}, got ${network} (${what})${rest}`;
}

function sizeOf(path: string): number {
  return existsSync(path) ? statSync(path).size : 0;
}

async function hashOf(path: string, kind: Checksum["kind"]): Promise<string> {
  const hash = createHash(kind);
  for await (const chunk of createReadStream(path)) hash.update(chunk as Buffer);
  return hash.digest("hex");
}

/** Whether the file exists and has this checksum. */
export async function isWhole(path: string, { kind, hex }: Checksum): Promise<boolean> {
  return existsSync(path) && (await hashOf(path, kind)) === hex;
}
