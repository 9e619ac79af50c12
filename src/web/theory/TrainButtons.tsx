/** @file Starts, pauses and ends a training, and shows its progress. */
import { grouped } from "../../findings/numbers.ts";
import { isTraining, type TrainedSoFar } from "./useTrainer.ts";

interface TrainButtonsProps {
  readonly now: TrainedSoFar;
  readonly label?: string;
  start(): void;
  pause(): void;
  resume(): void;
  reset(): void;
}

export function TrainButtons({ now, label = "Train", start, pause, resume, reset }: TrainButtonsProps) {
  const { state, step, built, rate } = now;
  return (
    <p className="theory-row">
      <button type="button" className="primary" onClick={start}>
        {state === "idle" ? label : `${label} anew`}
      </button>
      {state === "running" && (
        <button type="button" onClick={pause}>
          Pause
        </button>
      )}
      {state === "paused" && (
        <button type="button" onClick={resume}>
          Go on
        </button>
      )}
      {state !== "idle" && (
        <button type="button" onClick={reset}>
          {isTraining(now) ? "Stop" : "Clear"}
        </button>
      )}
      <span className="soft" data-state={state}>
        {state === "preparing" && "Loading the engine …"}
        {built !== undefined && `step ${grouped(step)} of ${grouped(built.steps)}`}
        {state === "running" && rate !== undefined && `, ${grouped(Math.round(rate))} per second`}
      </span>
    </p>
  );
}
