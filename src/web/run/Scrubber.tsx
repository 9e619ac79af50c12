/**
 * @file The timeline of a run: a slider over the measured steps that the whole page follows, a button that plays them,
 * the kind of step axis, and the convention. It stays at the foot of the window.
 */
import { useEffect, useMemo, useState } from "react";
import { brief, fixed, grouped } from "../../findings/numbers.ts";
import { conventionMeaning } from "../../findings/vocabulary.ts";
import type { Snapshot } from "../../measure/snapshot.ts";
import { type Convention, conventions } from "../../moments/moments.ts";
import { useStep, useStepStore } from "./stepStore.ts";
import { stepAfter } from "./steps.ts";

interface ScrubberProps {
  readonly snapshots: readonly Snapshot[];
  readonly momentSteps: readonly number[];
  readonly convention: Convention;
  readonly setConvention: (convention: Convention) => void;
  readonly scale: StepScale;
  readonly setScale: (scale: StepScale) => void;
  readonly showHelp: () => void;
}

/** The scale of step axes in figures. */
export type StepScale = "" | "log" | "linear";

/** chosen: milliseconds for which each step is shown during playback. */
const PERIOD = 140;

export function Scrubber(props: ScrubberProps) {
  const { snapshots, momentSteps, convention, setConvention, scale, setScale, showHelp } = props;
  const store = useStepStore();
  const step = useStep();
  const steps = useMemo(() => snapshots.map((snapshot) => snapshot.step), [snapshots]);
  const [isPlaying, setPlaying] = usePlayback(steps);
  if (step === undefined) return null;
  const shown = snapshots[steps.indexOf(step)];
  const loss = shown?.loss.mean ?? null;
  return (
    <section className="run-scrubber" aria-label="Time">
      <button
        type="button"
        className="run-play"
        onClick={() => setPlaying(!isPlaying)}
        disabled={steps.length < 2}
        aria-label={isPlaying ? "Pause" : "Play the measured steps"}
      >
        {isPlaying ? "❚❚" : "▶"}
      </button>
      <Track
        {...{ steps, step, momentSteps }}
        look={(one) => {
          setPlaying(false);
          store.look(one);
        }}
      />
      <output className="run-now">
        step <b>{grouped(step)}</b>
        <small>
          {loss === null ? "" : ` loss ${brief(loss)}`}
          {shown?.accuracy === undefined ? "" : `, ${fixed(100 * shown.accuracy, 1)} %`}
        </small>
      </output>
      <label title="Scale of the step axes in all figures">
        <span>Steps </span>
        <select aria-label="Axes of steps" value={scale} onChange={({ target }) => setScale(target.value as StepScale)}>
          <option value="">as measured</option>
          <option value="log">logarithmic</option>
          <option value="linear">linear</option>
        </select>
      </label>
      <label title={conventionMeaning[convention]}>
        <span>Convention </span>
        <select
          aria-label="Convention"
          value={convention}
          onChange={({ target }) => setConvention(target.value as Convention)}
        >
          {conventions.map((one) => (
            <option key={one} value={one}>
              {one}
            </option>
          ))}
        </select>
      </label>
      <button type="button" className="run-help" onClick={showHelp} aria-label="Keys">
        ?
      </button>
    </section>
  );
}

interface TrackProps {
  readonly steps: readonly number[];
  readonly step: number;
  readonly momentSteps: readonly number[];
  readonly look: (step: number | undefined) => void;
}

/** The slider over the measured steps, with a tick for each; those that kept second moments are marked. */
function Track({ steps, step, momentSteps, look }: TrackProps) {
  return (
    <div className="run-track">
      <input
        type="range"
        min={0}
        max={Math.max(0, steps.length - 1)}
        value={Math.max(0, steps.indexOf(step))}
        disabled={steps.length < 2}
        aria-label="Measured step"
        aria-valuetext={`step ${grouped(step)}`}
        onChange={({ target }) => look(steps[Number(target.value)])}
      />
      <div className="run-ticks" aria-hidden="true">
        {steps.length <= 200 &&
          steps.map((one, i) => (
            <i
              key={one}
              className={momentSteps.includes(one) ? "kept" : ""}
              style={{ left: `${steps.length < 2 ? 50 : (100 * i) / (steps.length - 1)}%` }}
            />
          ))}
      </div>
    </div>
  );
}

/** Plays from the step shown to the end, or from the first step if the last one is shown. */
function usePlayback(steps: readonly number[]): [boolean, (isPlaying: boolean) => void] {
  const store = useStepStore();
  const [isPlaying, setPlaying] = useState(false);
  useEffect(() => {
    if (!isPlaying) return undefined;
    if (store.step === steps.at(-1)) store.look(steps[0]);
    const timer = setInterval(() => {
      const next = stepAfter(steps, store.step ?? 0, 1);
      store.look(next);
      if (next === steps.at(-1)) setPlaying(false);
    }, PERIOD);
    return () => clearInterval(timer);
  }, [isPlaying, steps, store]);
  useEffect(() => {
    const toggle = () => setPlaying((before) => !before);
    addEventListener("crh-play", toggle);
    return () => removeEventListener("crh-play", toggle);
  }, []);
  return [isPlaying, setPlaying];
}
