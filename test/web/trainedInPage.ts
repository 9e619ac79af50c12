/** @file A training by the worker of the built page, without the page's own views: what it told, and that in numbers. */
import { readdirSync } from "node:fs";
import { join } from "node:path";
import type { Page } from "playwright-core";
import type { Told, TrainerEvent, TrainRequest } from "../../src/web/trainer/messages.ts";
import { PAGE } from "./lab.ts";

/** What a training told, in numbers. */
export function numbers(events: readonly TrainerEvent[]): { readonly name: string; readonly value: number }[] {
  return events.flatMap((event) => {
    if (event.type === "progress")
      return event.metrics.map(({ step, name, value }) => ({ name: `${name} ${step}`, value }));
    if (event.type !== "snapshot") return [];
    return event.snapshot.layers.flatMap(({ name, alignment: { paper } }) =>
      (["a", "b"] as const).flatMap((side) =>
        (["rga", "rwa", "gwa"] as const).map((relation) => ({
          name: `${event.snapshot.step} ${name} ${side} ${relation}`,
          value: paper[side]?.[relation].value ?? Number.NaN,
        })),
      ),
    );
  });
}

/** What a page has, as far as it is needed here. */
interface PageGlobals {
  readonly Worker: new (url: string, options: { type: "module" }) => PageWorker;
}
interface PageWorker {
  onerror: (event: { readonly message: string }) => void;
  onmessage: (event: { readonly data: Told }) => void;
  postMessage(message: unknown): void;
}

/** All that the worker of the built page tells of a training. */
export function trainedInPage(page: Page, request: TrainRequest): Promise<TrainerEvent[]> {
  const worker = readdirSync(join(PAGE, "assets")).find((name) => /^trainerWorker.*\.js$/.test(name))!;
  return page.evaluate(
    ([url, wanted]) =>
      new Promise<TrainerEvent[]>((resolve, reject) => {
        const events: TrainerEvent[] = [];
        const { Worker: Made } = globalThis as unknown as PageGlobals;
        const trainer = new Made(url, { type: "module" });
        trainer.onerror = ({ message }) => reject(new Error(message));
        trainer.onmessage = ({ data: { event } }) => {
          events.push(event);
          if (event.type === "state" && ["finished", "failed", "stopped"].includes(event.state)) resolve(events);
        };
        trainer.postMessage({ type: "start", run: 1, request: wanted });
      }),
    [`./assets/${worker}`, request] as const,
  );
}

/** All entries of all matrices that were handed over. */
export const matrixEntries = (events: readonly TrainerEvent[]): number[] =>
  events.flatMap((event) => (event.type === "matrices" ? event.matrices.flatMap(({ values }) => [...values]) : []));
