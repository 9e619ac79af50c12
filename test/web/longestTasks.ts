/** @file How long the page's own thread was held up, from a trace of the browser. */
import type { Browser, Page } from "playwright-core";

interface TraceEvent {
  readonly name: string;
  readonly ph: string;
  readonly pid: number;
  readonly tid: number;
  /** Microseconds, and those of the processor. */
  readonly dur?: number;
  readonly tdur?: number;
  readonly args?: { readonly name?: string };
}

/** Milliseconds of the longest task: of the processor, and on the clock, which other programs share. */
export interface LongestTasks {
  readonly cpu: number;
  readonly wall: number;
}

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
  return { cpu: longest(({ tdur = 0 }) => tdur), wall: longest(({ dur = 0 }) => dur) };
}
