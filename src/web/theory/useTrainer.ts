/** @file A network that trains in a worker, as the state of a view. */
import { useCallback, useEffect, useRef, useState } from "react";
import type { FollowedStep } from "../../train/follow.ts";
import type { Metric } from "../../train/trainOptions.ts";
import type { Built, TrainerEvent, TrainerState, TrainRequest } from "../trainer/messages.ts";
import { Trainer } from "../trainer/trainer.ts";

export interface TrainedSoFar {
  readonly state: TrainerState | "idle";
  readonly built?: Built | undefined;
  readonly step: number;
  readonly loss?: number | undefined;
  /** Steps per second. */
  readonly rate?: number | undefined;
  readonly error?: string | undefined;
  /** All metrics of this training. The lists grow in place, and `count` shows that they did. */
  readonly metrics: readonly Metric[];
  readonly followed: readonly FollowedStep[];
  readonly count: number;
}

/** chosen: milliseconds between two drawings during training. */
const DRAWN_MS = 250;

const idle: TrainedSoFar = { state: "idle", step: 0, metrics: [], followed: [], count: 0 };

/** @param onEvent called with each event before the view is drawn */
export function useTrainer(onEvent: (event: TrainerEvent) => void = () => {}) {
  const [now, setNow] = useState(idle);
  const latest = useRef(onEvent);
  latest.current = onEvent;
  const gathered = useRef<{ metrics: Metric[]; followed: FollowedStep[] }>({ metrics: [], followed: [] });
  const trainer = useRef<Trainer>(undefined);
  useEffect(() => () => trainer.current?.close(), []);

  const waiting = useRef<{ events: TrainerEvent[]; timer: ReturnType<typeof setTimeout> | undefined }>({
    events: [],
    timer: undefined,
  });
  const flush = useCallback(() => {
    const { events, timer } = waiting.current;
    clearTimeout(timer);
    waiting.current = { events: [], timer: undefined };
    const { metrics, followed } = gathered.current;
    if (events.length > 0)
      setNow((before) => events.reduce((now, event) => changed(now, event, metrics.length + followed.length), before));
  }, []);

  const hear = useCallback(
    (event: TrainerEvent) => {
      latest.current(event);
      const { metrics, followed } = gathered.current;
      waiting.current.events.push(event);
      if (event.type !== "progress") {
        flush();
        return;
      }
      metrics.push(...event.metrics);
      followed.push(...event.followed);
      waiting.current.timer ??= setTimeout(flush, DRAWN_MS);
    },
    [flush],
  );

  const start = useCallback(
    (request: TrainRequest) => {
      trainer.current?.close(); // ignores events of the previous training
      trainer.current = new Trainer(hear);
      waiting.current.events = [];
      gathered.current = { metrics: [], followed: [] };
      const { metrics, followed } = gathered.current;
      setNow({ ...idle, metrics, followed, state: "preparing" });
      trainer.current.start(request);
    },
    [hear],
  );
  const reset = useCallback(() => {
    trainer.current?.close();
    waiting.current.events = [];
    trainer.current = undefined;
    setNow(idle);
  }, []);
  const pause = useCallback(() => trainer.current?.pause(), []);
  const resume = useCallback(() => trainer.current?.resume(), []);
  return { now, start, pause, resume, reset };
}

function changed(before: TrainedSoFar, event: TrainerEvent, count: number): TrainedSoFar {
  if (event.type === "built") return { ...before, built: event.built };
  if (event.type === "state") return { ...before, state: event.state };
  if (event.type === "progress") {
    const { step, loss, rate } = event;
    return { ...before, step, loss, rate: rate ?? before.rate, count };
  }
  if (event.type === "failed") return { ...before, error: event.message };
  return before;
}

export const isTraining = ({ state }: Pick<TrainedSoFar, "state">): boolean =>
  state === "preparing" || state === "running" || state === "paused";
