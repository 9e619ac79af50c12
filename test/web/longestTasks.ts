/** @file How long the page's own thread was held up, from a trace of the browser. */
import type { Browser, Page } from "playwright-core";

interface TraceEvent {
  readonly name: string;
  readonly ph: string;
  readonly pid: number;
  readonly tid: number;
  readonly ts: number;
  /** Microseconds, and those of the processor. */
  readonly dur?: number;
  readonly tdur?: number;
  readonly args?: { readonly name?: string };
}

/** Milliseconds of the longest task: of the processor, and on the clock, which other programs share. */
export interface LongestTasks {
  readonly cpu: number;
  readonly wall: number;
  /** What the task that took the processor longest consisted of. */
  readonly parts: string;
}

export const taskWords = ({ cpu, wall }: LongestTasks): string =>
  `${cpu} ms of processor time, ${wall} ms on the clock`;

/** chosen: shorter parts of a task are not named. */
const PART_MS = 5;

export const startTrace = (browser: Browser, page: Page): Promise<void> =>
  browser.startTracing(page, { categories: ["disabled-by-default-devtools.timeline"] });

/** The longest tasks of the main thread since the trace began. */
export async function stopTrace(browser: Browser): Promise<LongestTasks> {
  const { traceEvents } = JSON.parse((await browser.stopTracing()).toString()) as { traceEvents: TraceEvent[] };
  const isMain = ({ name, args }: TraceEvent) => name === "thread_name" && args?.name === "CrRendererMain";
  const main = new Set(traceEvents.filter(isMain).map(({ pid, tid }) => `${pid} ${tid}`));
  const tasks = traceEvents.filter(
    ({ name, ph, pid, tid }) => name === "RunTask" && ph === "X" && main.has(`${pid} ${tid}`),
  );
  if (tasks.length === 0) throw new Error("test: expected tasks of the main thread in the trace, got none");
  const longest = (of: (task: TraceEvent) => number) => Math.round(Math.max(...tasks.map(of)) / 1000);
  const slowest = tasks.reduce((most, task) => ((task.tdur ?? 0) > (most.tdur ?? 0) ? task : most));
  const parts = traceEvents.filter(
    ({ ph, pid, tid, ts, tdur = 0 }) =>
      ph === "X" &&
      `${pid} ${tid}` === `${slowest.pid} ${slowest.tid}` &&
      ts >= slowest.ts &&
      ts < slowest.ts + (slowest.dur ?? 0) &&
      tdur > 1000 * PART_MS,
  );
  return {
    cpu: longest(({ tdur = 0 }) => tdur),
    wall: longest(({ dur = 0 }) => dur),
    parts: parts.map(({ name, tdur = 0 }) => `${name} ${Math.round(tdur / 1000)}`).join(", "),
  };
}
