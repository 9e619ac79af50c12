/**
 * @file Two linear maps and the rotation between them: a penalty removes the ranks of their product one by one
 * (docs/theory.md Eq. 102); decay towards a random point does not (Eq. 119). Both are trained in the page at any
 * penalty.
 */
import { useEffect, useMemo, useState } from "react";
import { rotationFigure, type SingularValues } from "../../figures/symmetry/rotation.ts";
import { type Matrix, matrix } from "../../linalg/matrix.ts";
import { rotationEquation } from "../../report/equations.ts";
import { decayFor } from "../../studies/symmetry/syreRuns.ts";
import { factorisationMinimum } from "../../symmetry/thresholds.ts";
import { watchMetric } from "../../train/watch.ts";
import { Problem } from "../ErrorNote.tsx";
import { FigureBlock } from "../figures/FigureBlock.tsx";
import { Equation } from "./Equation.tsx";
import { numberWords, Slider, useNumber } from "./Slider.tsx";
import { TrainButtons } from "./TrainButtons.tsx";
import { isTraining, type TrainedSoFar, useTrainer } from "./useTrainer.ts";

/** Singular values of the target map, as in the setting low-rank. */
const singular = [2, 1.5, 1, 0.7, 0.4, 0.2];
/** As in the setting; syre's decay is proportional to the rate. */
const [STEPS, RATE] = [20_000, 0.02];
const names = { plain: "decay towards 0", syre: "towards a random point (syre)" } as const;

/** The target in the basis of its singular vectors. */
const target: Matrix = (() => {
  const T = matrix(singular.length, singular.length);
  for (const [i, value] of singular.entries()) T.data[i * (singular.length + 1)] = value;
  return T;
})();
const { critical } = factorisationMinimum(target, 0);
/** chosen: the penalties at which the curves are computed. */
const theory = Array.from({ length: 111 }, (_, i): SingularValues => {
  const penalty = (1.1 * critical * i) / 110;
  return { penalty, values: [...factorisationMinimum(target, penalty).singularValues] };
});

export function Rotation() {
  const [penalty, setPenalty] = useNumber("penalty", 0.6, [0, 1.1 * critical]);
  const [plain, syre] = [useTrained(), useTrained()];
  const figure = useMemo(
    () =>
      rotationFigure({
        ...{ penalty, critical, theory },
        trained: [
          { name: names.plain, at: plain.found },
          { name: names.syre, at: syre.found },
        ],
      }),
    [penalty, plain.found, syre.found],
  );
  const { rank } = factorisationMinimum(target, penalty);
  const both = [plain, syre];
  const slower = isTraining(plain.now) ? plain.now : syre.now;
  const error = plain.now.error ?? syre.now.error;
  const last = both.map(({ found }) => found.find((one) => one.penalty === penalty)?.values);
  return (
    <section>
      <h2>Rank by rank: the rotation between two maps</h2>
      <p>
        U Qᵀ and Q W give the same output for every rotation Q. A penalty on both maps acts on the singular values of
        their product: each falls by γ, and is 0 once γ exceeds it.
      </p>
      <div className="theory-split">
        <form className="theory-controls" aria-label="Two linear maps" onSubmit={(event) => event.preventDefault()}>
          <Slider
            label="penalty γ"
            min={0}
            max={1.1 * critical}
            step={0.05}
            value={penalty}
            set={(value) => setPenalty(Number(value.toPrecision(3)))}
            hint={`singular values of the target: ${singular.join(", ")}`}
          />
          <p className="soft" data-rank={rank} aria-live="polite">
            The minimum has rank {rank}.
          </p>
        </form>
        <div className="theory-shown">
          <Equation of={rotationEquation} />
          <TrainButtons
            now={slower}
            label="Train both"
            start={() => {
              plain.start(penalty, false);
              syre.start(penalty, true);
            }}
            pause={() => {
              for (const one of both) one.pause();
            }}
            resume={() => {
              for (const one of both) one.resume();
            }}
            reset={() => {
              for (const one of both) one.reset();
            }}
          />
          {error !== undefined && <Problem error={new Error(error)} />}
          <FigureBlock
            title="Singular values over the penalty"
            figure={figure}
            name="rotation"
            caption={`Two maps of width 8 after ${STEPS.toLocaleString("en")} steps at the chosen γ; train at other penalties to add theirs. The foot of the logarithmic axis is 1e−8 and below. Decay towards a random point keeps what decay towards 0 removes, at the size of that point.`}
          />
          {last[0] !== undefined && last[1] !== undefined && (
            <p data-plain={last[0].join()} data-syre={last[1].join()}>
              The smallest of the six is {numberWords(last[0].at(-1)!)} under plain decay and{" "}
              {numberWords(last[1].at(-1)!)} with syre.
            </p>
          )}
        </div>
      </div>
    </section>
  );
}

/** Trainings of the setting low-rank, one after another, and their results. */
function useTrained() {
  const { now, start, pause, resume, reset } = useTrainer();
  const [found, setFound] = useState<readonly SingularValues[]>([]);
  const [penalty, setPenalty] = useState(0);
  // biome-ignore lint/correctness/useExhaustiveDependencies: read once, after training has ended
  useEffect(() => {
    if (now.state !== "finished") return;
    const values = singular.map((_, i) => lastOf(now, `s${i + 1}`));
    setFound((before) => [...before.filter((one) => one.penalty !== penalty), { penalty, values }]);
  }, [now.state]);
  return {
    now,
    found,
    pause,
    resume,
    start: (gamma: number, syre: boolean) => {
      setPenalty(gamma);
      const decay = decayFor(2 * gamma, syre, { lr: RATE });
      const parameters = { singular: singular.join(), decay, syre, lr: RATE, steps: STEPS };
      start({ setting: "low-rank", parameters, options: { measure: [], cost: "economy" } });
    },
    reset: () => {
      reset();
      setFound([]);
    },
  };
}

const lastOf = ({ metrics }: TrainedSoFar, quantity: string): number =>
  metrics.findLast(({ name }) => name === watchMetric(quantity))?.value ?? 0;
