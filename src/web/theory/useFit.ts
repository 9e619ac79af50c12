/** @file The theory fitted to a network while it trains, in a worker, one fit after another. */
import { useCallback, useEffect, useRef, useState } from "react";
import { lossFactorOf } from "../../findings/twopoint/followedRecord.ts";
import type { TwopointRecord } from "../../findings/twopoint/twopointRecord.ts";
import type { TrainerEvent } from "../trainer/messages.ts";
import type { FitAnswer, FitTask } from "./fitWorker.ts";

/** chosen: milliseconds between two fits during training. */
const EVERY_MS = 1500;

/** @param layer the hidden layer shown */
export function useFit(layer: string) {
  const [record, setRecord] = useState<TwopointRecord>();
  const worker = useRef<Worker>(undefined);
  const state = useRef({ id: 0, isBusy: false, isFinished: false, asked: 0, layer });
  state.current.layer = layer;
  useEffect(() => () => worker.current?.terminate(), []);

  const say = (task: FitTask): void => worker.current?.postMessage(task);

  const ask = useCallback((all: boolean) => {
    const { current } = state;
    current.id += 1;
    current.isBusy = true;
    current.asked = performance.now();
    const task = { type: "fit", id: current.id, first: current.layer } as const;
    worker.current?.postMessage(all ? task : { ...task, layer: current.layer });
  }, []);

  const begin = useCallback(() => {
    worker.current?.terminate();
    worker.current = new Worker(new URL("./fitWorker.ts", import.meta.url), { type: "module" });
    worker.current.onmessage = ({ data }: MessageEvent<FitAnswer>) => {
      const { current } = state;
      if (data.id !== current.id) return;
      current.isBusy = false;
      if (data.record !== undefined) setRecord(data.record);
    };
    Object.assign(state.current, { isBusy: false, isFinished: false, asked: performance.now() });
    setRecord(undefined);
  }, []);

  const hear = (event: TrainerEvent): void => {
    const { current } = state;
    if (event.type === "built" && event.built.followed !== undefined) {
      const { followed, objective } = event.built;
      say({ type: "begin", followed, lossFactor: lossFactorOf(objective, followed.outputs) });
    }
    if (event.type === "progress") {
      if (event.followed.length > 0) say({ type: "add", looks: event.followed });
      if (!current.isBusy && performance.now() - current.asked > EVERY_MS) ask(false);
    }
    if (event.type !== "state" || (event.state !== "finished" && event.state !== "paused")) return;
    current.isFinished = event.state === "finished";
    ask(current.isFinished);
  };

  // biome-ignore lint/correctness/useExhaustiveDependencies: a newly chosen layer is fitted
  useEffect(() => {
    if (worker.current !== undefined && !state.current.isBusy && !state.current.isFinished) ask(false);
  }, [layer, ask]);

  const forget = useCallback(() => {
    worker.current?.terminate();
    worker.current = undefined;
    setRecord(undefined);
  }, []);
  return { record, begin, hear, forget };
}
