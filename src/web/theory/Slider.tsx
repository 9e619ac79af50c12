/** @file A slider for a number, on a linear or a logarithmic scale. The number is kept in the address. */
import type { ReactNode } from "react";
import { useParam } from "../route.ts";

export interface SliderProps {
  readonly label: ReactNode;
  readonly value: number;
  readonly min: number;
  readonly max: number;
  readonly log?: boolean;
  /** Distance between two values on a linear scale. Default: any. */
  readonly step?: number;
  /** What the number means, in one line. */
  readonly hint?: string;
  readonly isDisabled?: boolean;
  set(value: number): void;
}

/** chosen: positions of a slider. */
const PLACES = 400;

export function Slider({ label, value, min, max, log = false, step, hint, isDisabled = false, set }: SliderProps) {
  const bend = (number: number) => (log ? Math.log(number) : number);
  const place = ((bend(value) - bend(min)) / (bend(max) - bend(min))) * PLACES;
  const at = (where: number): number => {
    const number = bend(min) + (where / PLACES) * (bend(max) - bend(min));
    return log ? Number(Math.exp(number).toPrecision(3)) : Number(number.toPrecision(6));
  };
  const linear = !log && step !== undefined;
  return (
    <label className="theory-slider">
      <span>
        <span>{label}</span> <b>{numberWords(value)}</b>
      </span>
      <input
        type="range"
        min={linear ? min : 0}
        max={linear ? max : PLACES}
        step={linear ? step : 1}
        value={linear ? value : place}
        disabled={isDisabled}
        aria-valuetext={numberWords(value)}
        onChange={({ target }) => set(linear ? Number(target.value) : at(Number(target.value)))}
      />
      {hint !== undefined && <small>{hint}</small>}
    </label>
  );
}

/** A number from the address; the initial one if the address has none within the bounds. */
export function useNumber(
  name: string,
  initial: number,
  [min, max]: readonly [number, number],
): [number, (value: number) => void] {
  const [text, set] = useParam(name, String(initial));
  const value = Number(text);
  const known = text.trim() !== "" && value >= min && value <= max ? value : initial;
  return [known, (next) => set(String(next))];
}

/** "0.0123", "1.2e−5". */
export function numberWords(value: number): string {
  const rounded = Number(value.toPrecision(3));
  const size = Math.abs(rounded);
  const text = size !== 0 && (size < 1e-3 || size >= 1e5) ? rounded.toExponential() : String(rounded);
  return text.replaceAll("-", "−").replace("e+", "e");
}
