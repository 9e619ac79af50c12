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
  const [etaH, setEtaH] = useNumber("etaH", DEFAULTS.etaH, bounds.etaH);
  const [etaY, setEtaY] = useNumber("etaY", DEFAULTS.etaY, bounds.etaY);
  const [h0, setH0] = useNumber("h0", DEFAULTS.h0, bounds.h0);
  const [y0, setY0] = useNumber("y0", DEFAULTS.y0, bounds.y0);
  const [dx2, setDx2] = useNumber("dx2", DEFAULTS.dx2, bounds.dx2);
  const [dy2, setDy2] = useNumber("dy2", DEFAULTS.dy2, bounds.dy2);
  const [time, setTime] = useNumber("time", DEFAULTS.time, bounds.time);
  const [share, setShare] = useNumber("cosine", 1, [-1, 1]);
  const [chosen, choose] = useParam("system", "theory");
  const system = twoPointSystems.find((one) => one === chosen) ?? "theory";
  const solved = useMemo(() => {
    const start = { dh2: h0, dy2: y0, w: y0 - share * Math.sqrt(y0 * dy2) };
    const constants = { dx2, dy2, etaH, etaY };
    const times = logSteps
      ? logarithmicSteps(time, POINTS)
      : Float64Array.from({ length: POINTS }, (_, i) => (time * i) / (POINTS - 1));
    try {
      const found = twoPointTheory(constants, start, times, { system });
      return { start, found, end: finalDistance(constants, start) };
    } catch (error) {
      return { start, error: error as Error };
    }
  }, [etaH, etaY, h0, y0, share, dx2, dy2, time, system, logSteps]);
  const { found, end, start } = solved;
  const figure = useMemo(
    () =>
      found &&
      theoryCurvesFigure({
        theory: { step: found.t, dh2: found.dh2, dy2: found.dy2, w: found.w },
        finalDistance: system === "theory" ? end.dh2 : undefined,
        target: dy2,
        logSteps,
        logValues,
      }),
    [found, end, dy2, system, logSteps, logValues],
  );
  return (
    <section>
      <h2>The equations</h2>
      <Equation of={twoPointEquation} />
      <div className="theory-split">
        <form
          className="theory-controls"
          aria-label="Constants of the theory"
          onSubmit={(event) => event.preventDefault()}
        >
          <Slider
            label={
              <>
                η<sub>h</sub>, rate of the representation
              </>
            }
            {...span("etaH")}
            value={etaH}
            set={setEtaH}
          />
          <Slider
            label={
              <>
                η<sub>y</sub>, rate of the layers after it
              </>
            }
            {...span("etaY")}
            value={etaY}
            set={setEtaY}
          />
          <Slider label="H₀ = |dh|² at the start" {...span("h0")} value={h0} set={setH0} />
          <Slider label="Y₀ = |dy|² at the start" {...span("y0")} value={y0} set={setY0} />
          <Slider
            label="cosine of dy and dy* at the start"
            min={-1}
            max={1}
            step={0.01}
            value={share}
            set={setShare}
            hint={`w₀ = ${numberWords(start.w)}; 1: one output that grows`}
          />
          <Slider label="X = |dx|², inputs" {...span("dx2")} value={dx2} set={setDx2} />
          <Slider label="Y* = |dy*|², targets" {...span("dy2")} value={dy2} set={setDy2} />
          <Slider label="steps" {...span("time")} value={time} set={setTime} />
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
        <div className="theory-shown">
          {solved.error !== undefined && <Problem error={solved.error} />}
          <FigureBlock
            title="H, Y and w by the theory"
            figure={figure}
            name="two-point-theory"
            caption="Solutions of Eq. 93; one unit of time is one training step. Dashed: final H from Eq. 95, and Y of the targets."
          />
          {end !== undefined && (
            <>
              <Equation of={finalDistanceEquation} />
              <p data-final={end.dh2}>
                H ends at <b>{numberWords(end.dh2)}</b>: A<sub>low</sub> = {numberWords(end.aLow)} from input and
                target, A<sub>high</sub> = {numberWords(end.aHigh)} from the start, {regimeWord[end.regime]} (Eq. 96:{" "}
                {end.richness > 1 ? fixed(end.richness, 2) : percent(end.richness)} of it does not come from the start).
              </p>
              <Equation of={conservedEquation} />
              <p className="soft">
                C keeps its initial value whatever the targets are, so the final state is known without the path.
              </p>
            </>
          )}
        </div>
      </div>
    </section>
  );
}

function span(name: keyof typeof bounds) {
  const [min, max] = bounds[name];
  return { min, max, log: true } as const;
}
