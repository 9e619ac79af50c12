/** @file A loss with a symmetry, below and above its critical penalty. */
import { useMemo } from "react";
import { landscapeFigure } from "../../figures/symmetry/landscape.ts";
import { permutationEquation, rescalingEquation, signEquation } from "../../report/equations.ts";
import { type LandscapeName, landscape, landscapeNames } from "../../symmetry/landscapes.ts";
import { FigureBlock } from "../figures/FigureBlock.tsx";
import { useParam } from "../route.ts";
import { Equation } from "./Equation.tsx";
import { numberWords, Slider, useNumber } from "./Slider.tsx";

const kinds: Readonly<
  Record<
    LandscapeName,
    { readonly title: string; readonly value: string; readonly equation: string; readonly words: string }
  >
> = {
  rescaling: {
    ...{ title: "rescaling: u w", value: "u w", equation: rescalingEquation },
    words:
      "c u and w / c give the same output. Below the critical γ there are two minima with |u| = |w|; from there on the minimum is 0, a neuron that does nothing.",
  },
  permutation: {
    ...{ title: "exchange of two neurons", value: "(u − w)²", equation: permutationEquation },
    words: "Two neurons may be exchanged. Below the critical γ they differ; from there on they are equal.",
  },
  sign: {
    ...{ title: "the sign of a weight", value: "w²", equation: signEquation },
    words: "w and −w give the same output. Below the critical γ the loss has two minima; from there on one, w = 0.",
  },
};

/** chosen: end of the slider, in units of the critical penalty. */
const MOST = 2;

export function Landscape() {
  const [chosen, choose] = useParam("loss", "rescaling");
  const [share, setShare] = useNumber("gamma", 0.4, [0, MOST]);
  const name = landscapeNames.find((one) => one === chosen) ?? "rescaling";
  const { title, value, equation, words } = kinds[name];
  const { critical } = useMemo(() => landscape(name, 0), [name]);
  const penalty = share * critical;
  const figure = useMemo(() => {
    const found = landscape(name, penalty);
    return landscapeFigure({
      ...found,
      parameters: name === "sign" ? 1 : 2,
      penalty,
      value: { name: value, at: (gamma) => landscape(name, gamma).value },
    });
  }, [name, penalty, value]);
  const isBelow = penalty < critical;
  return (
    <section>
      <h2>Below and above the critical penalty</h2>
      <div className="theory-split">
        <form className="theory-controls" aria-label="The loss" onSubmit={(event) => event.preventDefault()}>
          <label className="theory-field">
            <span>Symmetry</span>
            <select value={name} onChange={({ target }) => choose(target.value)}>
              {landscapeNames.map((one) => (
                <option key={one} value={one}>
                  {kinds[one].title}
                </option>
              ))}
            </select>
          </label>
          <Slider
            label="penalty γ over its critical value"
            min={0}
            max={MOST}
            step={0.01}
            value={share}
            set={setShare}
            hint={`γ = ${numberWords(penalty)}, critical at ${numberWords(critical)}`}
          />
          <p className="soft" data-below={isBelow} data-critical={critical} aria-live="polite">
            {isBelow ? "Below: the symmetry is broken." : "At or above: the symmetric point is the minimum."}
          </p>
        </form>
        <div className="theory-shown">
          <Equation of={equation} />
          <FigureBlock
            title={`Loss under a penalty, ${title}`}
            figure={figure}
            name={`landscape-${name}`}
            caption={`${words} Data: E[x²] = E[xy] = E[y²] = 1, a = 1. A weight decay λ of the step is a penalty γ = λ / 2.`}
          />
        </div>
      </div>
    </section>
  );
}
