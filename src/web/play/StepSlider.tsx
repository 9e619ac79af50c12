/** @file Chooses the measurement of a play to look at: always the newest, or an earlier one. */
import { memo } from "react";
import { grouped } from "../../findings/numbers.ts";

export interface StepSliderProps {
  /** Measured steps, ascending. */
  readonly steps: readonly number[];
  /** Undefined: the newest. */
  readonly wanted: number | undefined;
  readonly look: (step: number | undefined) => void;
}

export const StepSlider = memo(function StepSlider({ steps, wanted, look }: StepSliderProps) {
  const last = steps.length - 1;
  const at = wanted === undefined ? last : Math.max(0, steps.indexOf(wanted));
  return (
    <div className="play-step">
      <label className="wanted">
        look at step{" "}
        <input
          className="slider"
          type="range"
          min={0}
          max={Math.max(1, last)}
          value={at}
          aria-valuetext={`step ${grouped(steps[at] ?? 0)}`}
          onChange={({ target }) => look(Number(target.value) >= last ? undefined : steps[Number(target.value)])}
        />
      </label>{" "}
      <output>{grouped(steps[at] ?? 0)}</output>
      <button type="button" disabled={wanted === undefined} onClick={() => look(undefined)}>
        Newest
      </button>
    </div>
  );
});
