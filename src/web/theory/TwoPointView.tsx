/**
 * @file The two-point theory of learning (van Rossem and Saxe, arXiv 2402.09142): its equations with adjustable
 * constants, and a network that trains beside them (docs/theory.md Eqs. 93 to 99).
 */
import { useParam } from "../route.ts";
import { NetworkBeside } from "./NetworkBeside.tsx";
import { TheoryAlone } from "./TheoryAlone.tsx";
import "./theory.css";

export default function TwoPointView() {
  const [axes, setAxes] = useParam("axes", "linear");
  const [logSteps, logValues] = [axes.includes("steps"), axes.includes("values")];
  const set = (steps: boolean, values: boolean) =>
    setAxes([...(steps ? ["steps"] : []), ...(values ? ["values"] : [])].join("-") || "linear");
  return (
    <>
      <h1>Two points</h1>
      <p>
        How far apart does a network keep two inputs? H is the squared distance between their hidden representations, Y
        that between the outputs; w is negative while the outputs are closer together than their targets. Three
        equations with two rates describe how they change, whatever the network’s architecture.
      </p>
      <p className="theory-row">
        <label>
          <input type="checkbox" checked={logSteps} onChange={({ target }) => set(target.checked, logValues)} />{" "}
          logarithmic steps
        </label>
        <label>
          <input type="checkbox" checked={logValues} onChange={({ target }) => set(logSteps, target.checked)} />{" "}
          logarithmic H and Y
        </label>
      </p>
      <TheoryAlone logSteps={logSteps} logValues={logValues} />
      <NetworkBeside logSteps={logSteps} logValues={logValues} />
    </>
  );
}
