/**
 * @file Networks with a charge that gradient descent conserves and the noise of SGD changes (docs/theory.md Eqs. 104 to
 * 109). Both are trained side by side in the page.
 */
import { useMemo } from "react";
import { weightPathsFigure } from "../../figures/symmetry/weightPaths.ts";
import { watchedFigure } from "../../figures/watched.ts";
import { matrix } from "../../linalg/matrix.ts";
import { noiseBalanceEquation, scalarChargeEquation } from "../../report/equations.ts";
import { noiseFixedPoint } from "../../symmetry/fixedPoint.ts";
import { watchMetric } from "../../train/watch.ts";
import { Problem } from "../ErrorNote.tsx";
import { FigureBlock } from "../figures/FigureBlock.tsx";
import { useParam } from "../route.ts";
import { Equation } from "./Equation.tsx";
import { numberWords, Slider, useNumber } from "./Slider.tsx";
import { TrainButtons } from "./TrainButtons.tsx";
import { isTraining, type TrainedSoFar, useTrainer } from "./useTrainer.ts";

const names = { sgd: "SGD, one sample per step", gd: "gradient descent" } as const;

export function Charges() {
  const [setting, choose] = useParam("setting", "scalar");
  return (
    <section>
      <h2>Charges under gradient descent and SGD</h2>
      <p>
        Gradient descent conserves the charge of a symmetry, apart from the effect of finite steps. The noise of SGD
        changes it until both weights are equally noisy.
      </p>
      <p className="theory-row">
        <label>
          Network{" "}
          <select value={setting} onChange={({ target }) => choose(target.value)}>
            <option value="scalar">two numbers, u w x</option>
            <option value="factorization">two matrices, U W x</option>
          </select>
        </label>
      </p>
      {setting === "factorization" ? <Factorization /> : <Scalar />}
    </section>
  );
}

/** Two trainings that differ only in their noise. */
function usePair() {
  const [sgd, gd] = [useTrainer(), useTrainer()];
  return {
    sgd: sgd.now,
    gd: gd.now,
    start: (setting: string, parameters: Readonly<Record<string, unknown>>, gdSteps: number) => {
      const options = { measure: [], cost: "economy" } as const;
      sgd.start({ setting, parameters: { ...parameters, descent: "sgd" }, options });
      gd.start({ setting, parameters: { ...parameters, descent: "gd", steps: gdSteps }, options });
    },
    pause: () => {
      sgd.pause();
      gd.pause();
    },
    resume: () => {
      sgd.resume();
      gd.resume();
    },
    reset: () => {
      sgd.reset();
      gd.reset();
    },
  };
}

/** The buttons show the progress of the slower training. */
function PairButtons({ pair, start }: { readonly pair: ReturnType<typeof usePair>; start(): void }) {
  const slower = isTraining(pair.gd) && !isTraining(pair.sgd) ? pair.gd : pair.sgd;
  const error = pair.sgd.error ?? pair.gd.error;
  return (
    <>
      <TrainButtons
        now={slower}
        label="Train both"
        start={start}
        pause={pair.pause}
        resume={pair.resume}
        reset={pair.reset}
      />
      {error !== undefined && <Problem error={new Error(`${error}; a smaller learning rate may help`)} />}
    </>
  );
}

/** A watched quantity of a training, by step. */
function courseOf({ metrics }: TrainedSoFar, quantity: string): { step: number; value: number }[] {
  const name = watchMetric(quantity);
  return metrics.flatMap((row) => (row.name === name ? [{ step: row.step, value: row.value }] : []));
}

function usePairFigure(pair: ReturnType<typeof usePair>, quantity: string, axis: string) {
  const { sgd, gd } = pair;
  // biome-ignore lint/correctness/useExhaustiveDependencies: the lists grow in place, and the counts say so
  return useMemo(
    () =>
      watchedFigure(
        [
          { name: names.sgd, points: courseOf(sgd, quantity) },
          { name: names.gd, points: courseOf(gd, quantity) },
        ],
        { axis, log: true, expected: [], logSteps: false },
      ),
    [sgd.metrics, sgd.count, gd.metrics, gd.count, quantity, axis],
  );
}

/** The generator of (c u, w / c). */
const GENERATOR = { ...matrix(2, 2), data: Float64Array.of(1, 0, 0, -1) };

/**
 * The weights to which noise leads from a point on u w = 1: along the symmetry to the zero of the current (Eq. 109). At
 * u w = 1 the gradients of a sample are proportional to (w, u).
 */
function restOf(u: number, w: number): readonly [number, number] | undefined {
  if (!(u * w > 0)) return undefined;
  const size = Math.sqrt(u * w);
  const [from, to] = [u / size, w / size];
  const noise = { ...matrix(2, 2), data: Float64Array.of(to * to, to * from, to * from, from * from) };
  const found = noiseFixedPoint(GENERATOR, noise);
  return found.lambda === null ? undefined : [from * Math.exp(found.lambda), to * Math.exp(-found.lambda)];
}

function Scalar() {
  const pair = usePair();
  const [u, setU] = useNumber("u", 2, [0.05, 3]);
  const [w, setW] = useNumber("w", 0.3, [0.05, 3]);
  const [noise, setNoise] = useNumber("noise", 1, [0.1, 3]);
  const [lr, setLr] = useNumber("lr", 0.02, [1e-4, 0.1]);
  const [steps, setSteps] = useNumber("steps", 20_000, [1000, 100_000]);
  const charge = usePairFigure(pair, "charge", "|u² − w²|");
  const { sgd, gd } = pair;
  // biome-ignore lint/correctness/useExhaustiveDependencies: the lists grow in place, and the counts say so
  const plane = useMemo(() => {
    const way = (name: string, now: TrainedSoFar) => ({
      name,
      u: courseOf(now, "u").map(({ value }) => value),
      w: courseOf(now, "w").map(({ value }) => value),
    });
    return weightPathsFigure([way(names.sgd, sgd), way(names.gd, gd)], { product: 1, rest: restOf(u, w) });
  }, [sgd.metrics, sgd.count, gd.metrics, gd.count, u, w]);
  const last = { sgd: courseOf(sgd, "charge").at(-1)?.value, gd: courseOf(gd, "charge").at(-1)?.value };
  return (
    <div className="theory-split">
      <form className="theory-controls" aria-label="Two numbers" onSubmit={(event) => event.preventDefault()}>
        <Slider label="u at the start" min={0.1} max={3} step={0.05} value={u} set={setU} />
        <Slider label="w at the start" min={0.1} max={3} step={0.05} value={w} set={setW} />
        <Slider label="noise of the targets" min={0.1} max={3} step={0.1} value={noise} set={setNoise} />
        <Slider label="learning rate" min={1e-3} max={0.05} log value={lr} set={setLr} />
        <Slider label="steps" min={1000} max={100_000} log value={steps} set={(value) => setSteps(Math.round(value))} />
      </form>
      <div className="theory-shown">
        <Equation of={scalarChargeEquation} />
        <PairButtons pair={pair} start={() => pair.start("scalar", { u, w, noise, lr, steps, samples: 64 }, steps)} />
        <FigureBlock
          title="The charge over training"
          figure={charge}
          name="charge"
          missing="Press Train both to draw |C| of both."
          caption="C = u² − w² of l = (u w x − y)², y = x + noise. A step multiplies C by 1 − η² g² (Eq. 106), where g is the derivative of the batch’s loss with respect to u w. Without noise g dies out and C stays; with noise C decays to rounding."
        />
        {last.sgd !== undefined && last.gd !== undefined && (
          <p data-sgd={last.sgd} data-gd={last.gd}>
            |C| is {numberWords(last.sgd)} with noise and {numberWords(last.gd)} without.
          </p>
        )}
        <FigureBlock
          title="The path to noise balance"
          figure={plane}
          name="way-to-balance"
          missing="Press Train both to draw the path of u and w."
          caption="Rings: the start. Gradient descent stops at the dashed line of minimal loss; SGD continues along it to the cross, where the current of the charge is 0 (Eq. 109), here |u| = |w|."
        />
      </div>
    </div>
  );
}

function Factorization() {
  const pair = usePair();
  const [inputs, setInputs] = useNumber("inputs", 6, [2, 30]);
  const [width, setWidth] = useNumber("width", 8, [2, 40]);
  const [spread, setSpread] = useNumber("spread", 3, [1, 5]);
  const [steps, setSteps] = useNumber("steps", 40_000, [1000, 200_000]);
  const [lr, setLr] = useNumber("rate", 0.005, [1e-4, 0.05]);
  const residual = usePairFigure(pair, "residual", "distance from noise balance");
  const norms = usePairFigure(pair, "normResidual", "distance from norm balance");
  const change = usePairFigure(pair, "change", "change of the charge");
  const start = () =>
    pair.start(
      "factorization",
      { inputs, width, spread, lr, lrEnd: lr / 20, steps, samples: 64 },
      Math.min(steps, 10_000),
    );
  return (
    <div className="theory-split">
      <form className="theory-controls" aria-label="Two matrices" onSubmit={(event) => event.preventDefault()}>
        <Slider label="dimension of x and y" min={2} max={30} step={1} value={inputs} set={setInputs} />
        <Slider label="hidden neurons" min={2} max={40} step={1} value={width} set={setWidth} />
        <Slider
          label="spread of variances"
          min={1}
          max={5}
          step={0.1}
          value={spread}
          set={setSpread}
          hint="1: isotropic, norms balance too"
        />
        <Slider label="learning rate" min={1e-3} max={0.02} log value={lr} set={setLr} />
        <Slider label="steps" min={1000} max={200_000} log value={steps} set={(value) => setSteps(Math.round(value))} />
      </form>
      <div className="theory-shown">
        <Equation of={noiseBalanceEquation} />
        <PairButtons pair={pair} start={start} />
        <FigureBlock
          title="Distance from noise balance"
          figure={residual}
          name="noise-balance-distance"
          missing="Press Train both to draw both distances."
          caption="|W Γx Wᵀ − Uᵀ Γε U| over the sum of both norms (Eq. 118). SGD is stationary only at 0, gradient descent anywhere."
        />
        <FigureBlock
          title="Distance from norm balance"
          figure={norms}
          name="norm-balance-distance"
          missing="Press Train both to draw both distances."
          caption="|W Wᵀ − Uᵀ U| over the sum of both norms. With isotropic data the two balances coincide; otherwise noise does not lead to this one."
        />
        <FigureBlock
          title="Change of the charge"
          figure={change}
          name="charge-change"
          missing="Press Train both to draw the change of both charges."
          caption="Change of Uᵀ U − W Wᵀ, over its size at the start (Eq. 105)."
        />
      </div>
    </div>
  );
}
