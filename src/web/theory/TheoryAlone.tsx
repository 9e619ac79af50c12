/** @file The equations of the two-point theory, solved anew whenever a constant is moved. */
import { useMemo } from "react";
import { logarithmicSteps, theoryCurvesFigure } from "../../figures/twopoint/theoryCurves.ts";
import { fixed } from "../../findings/numbers.ts";
import { percent, regimeWord } from "../../findings/twopoint/sentences.ts";
import { conservedEquation, finalDistanceEquation, twoPointEquation } from "../../report/equations.ts";
import { type TwoPointSystem, twoPointSystems } from "../../twopoint/equations.ts";
import { finalDistance } from "../../twopoint/finalDistance.ts";
import { twoPointTheory } from "../../twopoint/theory.ts";
import { Problem } from "../ErrorNote.tsx";
import { FigureBlock } from "../figures/FigureBlock.tsx";
import { useParam } from "../route.ts";
import { Equation } from "./Equation.tsx";
import { numberWords, Slider, useNumber } from "./Slider.tsx";

/** The defaults of `crh twopoint theory`: a rich network of four layers of 100, which learns within the time. */
const DEFAULTS = { dx2: 1, dy2: 0.5, h0: 0.008, y0: 1e-5, etaH: 0.018, etaY: 0.04, time: 3000 };
const POINTS = 301;

const bounds = {
  etaH: [1e-5, 1],
  etaY: [1e-5, 1],
  h0: [1e-5, 10],
  y0: [1e-8, 10],
  dx2: [0.01, 10],
  dy2: [0.01, 10],
  time: [10, 100_000],
} as const;

const systemWords: Readonly<Record<TwoPointSystem, string>> = {
  theory: "the theory",
  "dy2-doubled": "altered: dY/dt doubled",
  "dh2-doubled": "altered: dH/dt doubled",
  "w-sign-flipped": "altered: last term of dw/dt flipped",
  "dy2-without-etaH": "altered: dY/dt without its second term",
};

export function TheoryAlone({ logSteps, logValues }: { readonly logSteps: boolean; readonly logValues: boolean }) {
  const constants = useConstants();
  const [chosen, choose] = useParam("system", "theory");
  const system = twoPointSystems.find((one) => one === chosen) ?? "theory";
  const { found, start, end, error } = useSolution(constants, system, logSteps);
  const target = constants.dy2.value;
  const figure = useMemo(
    () =>
      found &&
      theoryCurvesFigure({
        theory: { step: found.t, dh2: found.dh2, dy2: found.dy2, w: found.w },
        finalDistance: system === "theory" ? end.dh2 : undefined,
        target,
        logSteps,
        logValues,
      }),
    [found, end, target, system, logSteps, logValues],
  );
  return (
    <section>
      <h2>The equations</h2>
      <Equation of={twoPointEquation} />
      <div className="theory-split">
        <Controls {...{ constants, system, choose }} w0={start.w} />
        <div className="theory-shown">
          {error !== undefined && <Problem error={error} />}
          <FigureBlock
            title="H, Y and w by the theory"
            figure={figure}
            name="two-point-theory"
            caption="Solutions of Eq. 93; one unit of time is one training step. Dashed: final H from Eq. 95, and Y of the targets."
          />
          {end !== undefined && <End {...end} />}
        </div>
      </div>
    </section>
  );
}

/** Value, bounds and setter of a constant, as its slider takes them. */
function useConstant(name: keyof typeof bounds) {
  const [min, max] = bounds[name];
  const [value, set] = useNumber(name, DEFAULTS[name], [min, max]);
  return { value, set, min, max, log: true } as const;
}

/** All that can be moved; kept in the address. */
function useConstants() {
  const [cosine, setCosine] = useNumber("cosine", 1, [-1, 1]);
  return {
    etaH: useConstant("etaH"),
    etaY: useConstant("etaY"),
    h0: useConstant("h0"),
    y0: useConstant("y0"),
    dx2: useConstant("dx2"),
    dy2: useConstant("dy2"),
    time: useConstant("time"),
    /** Of dy and dy* at the start. */
    cosine: { value: cosine, set: setCosine, min: -1, max: 1, step: 0.01 },
  };
}

type Constants = ReturnType<typeof useConstants>;

/** The courses of H, Y and w and where H ends (theory.md Eqs. 93, 95), or the error where they cannot be solved. */
function useSolution(constants: Constants, system: TwoPointSystem, logSteps: boolean) {
  const [etaH, etaY] = [constants.etaH.value, constants.etaY.value];
  const [h0, y0, cosine] = [constants.h0.value, constants.y0.value, constants.cosine.value];
  const [dx2, dy2, time] = [constants.dx2.value, constants.dy2.value, constants.time.value];
  return useMemo(() => {
    const start = { dh2: h0, dy2: y0, w: y0 - cosine * Math.sqrt(y0 * dy2) };
    const given = { dx2, dy2, etaH, etaY };
    const times = logSteps
      ? logarithmicSteps(time, POINTS)
      : Float64Array.from({ length: POINTS }, (_, i) => (time * i) / (POINTS - 1));
    try {
      const found = twoPointTheory(given, start, times, { system });
      return { start, found, end: finalDistance(given, start) };
    } catch (error) {
      return { start, error: error as Error };
    }
  }, [etaH, etaY, h0, y0, cosine, dx2, dy2, time, system, logSteps]);
}

interface ControlsProps {
  readonly constants: Constants;
  readonly system: TwoPointSystem;
  readonly choose: (system: string) => void;
  /** w at the start. */
  readonly w0: number;
}

function Controls({ constants, system, choose, w0 }: ControlsProps) {
  return (
    <form className="theory-controls" aria-label="Constants of the theory" onSubmit={(event) => event.preventDefault()}>
      <Slider
        label={
          <>
            η<sub>h</sub>, rate of the representation
          </>
        }
        {...constants.etaH}
      />
      <Slider
        label={
          <>
            η<sub>y</sub>, rate of the layers after it
          </>
        }
        {...constants.etaY}
      />
      <Slider label="H₀ = |dh|² at the start" {...constants.h0} />
      <Slider label="Y₀ = |dy|² at the start" {...constants.y0} />
      <Slider
        label="cosine of dy and dy* at the start"
        {...constants.cosine}
        hint={`w₀ = ${numberWords(w0)}; 1: one output that grows`}
      />
      <Slider label="X = |dx|², inputs" {...constants.dx2} />
      <Slider label="Y* = |dy*|², targets" {...constants.dy2} />
      <Slider label="steps" {...constants.time} />
      <label className="theory-field">
        <span>System</span>
        <select value={system} onChange={({ target }) => choose(target.value)}>
          {twoPointSystems.map((one) => (
            <option key={one} value={one}>
              {systemWords[one]}
            </option>
          ))}
        </select>
      </label>
    </form>
  );
}

/** Where H ends, and from what. */
function End({ dh2, aLow, aHigh, regime, richness }: ReturnType<typeof finalDistance>) {
  return (
    <>
      <Equation of={finalDistanceEquation} />
      <p data-final={dh2}>
        H ends at <b>{numberWords(dh2)}</b>: A<sub>low</sub> = {numberWords(aLow)} from input and target, A
        <sub>high</sub> = {numberWords(aHigh)} from the start, {regimeWord[regime]} (Eq. 96:{" "}
        {richness > 1 ? fixed(richness, 2) : percent(richness)} of it does not come from the start).
      </p>
      <Equation of={conservedEquation} />
      <p className="soft">
        C keeps its initial value whatever the targets are, so the final state is known without the path.
      </p>
    </>
  );
}
