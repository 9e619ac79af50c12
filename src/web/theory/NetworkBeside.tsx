/** @file A network that trains on two points in the page, compared with the theory at fitted rates. */
import { useMemo } from "react";
import { evenly } from "../../figures/evenlySpaced.ts";
import { overDepthFigure } from "../../figures/twopoint/overDepth.ts";
import { logarithmicSteps, type PairCourse, theoryCurvesFigure } from "../../figures/twopoint/theoryCurves.ts";
import { theoryCurves } from "../../findings/twopoint/curves.ts";
import { headline, layerSentences, layersSentence } from "../../findings/twopoint/sentences.ts";
import type { FollowedLayer, TwopointRecord } from "../../findings/twopoint/twopointRecord.ts";
import { withIndices } from "../../report/withIndices.ts";
import type { FollowedStep } from "../../train/follow.ts";
import { Problem } from "../ErrorNote.tsx";
import { FigureBlock } from "../figures/FigureBlock.tsx";
import { setParams, useParam } from "../route.ts";
import type { Built } from "../trainer/messages.ts";
import { Slider, useNumber } from "./Slider.tsx";
import { TrainButtons } from "./TrainButtons.tsx";
import { useFit } from "./useFit.ts";
import { isTraining, useTrainer } from "./useTrainer.ts";

const architectures = ["leaky-relu", "relu", "elu", "tanh", "silu", "linear", "skip"] as const;

/** The setting's presets 4x100 and lazy: a gain with a learning rate that is stable for it. */
const RICH = { gain: 0.6, lr: 0.05 };
const LAZY = { gain: 2.5, lr: 5e-4 };

/** A rate between those of the two presets, depending on the gain. */
function usualRate(gain: number): number {
  const share = (gain - RICH.gain) / (LAZY.gain - RICH.gain);
  const lr = Math.exp(Math.log(RICH.lr) + share * (Math.log(LAZY.lr) - Math.log(RICH.lr)));
  return Number(Math.min(0.2, Math.max(1e-6, lr)).toPrecision(2));
}

/** chosen: points in the theory's curves. */
const POINTS = 200;

export function NetworkBeside({ logSteps, logValues }: { readonly logSteps: boolean; readonly logValues: boolean }) {
  const network = useNetwork();
  const { layer } = network;
  const fit = useFit(String(layer));
  const { now, start, pause, resume, reset } = useTrainer(fit.hear);
  const { built, followed, count } = now;
  const busy = isTraining(now);

  const train = () => {
    fit.begin();
    start({ setting: "twopoint", parameters: network.parameters });
  };

  const at = built?.followed?.layers.indexOf(String(layer)) ?? -1;
  // biome-ignore lint/correctness/useExhaustiveDependencies: the list grows in place, and count says so
  const measured = useMemo(
    () => (at < 0 || followed.length < 2 ? undefined : courseOf(busy && !logSteps ? thinned(followed) : followed, at)),
    [followed, count, at, busy, logSteps],
  );
  const fitted = fit.record?.layers.find((one) => String(one.layer) === String(layer));
  const figure = useTheoryFigure({ built, fitted, measured, logSteps, logValues }, fit.record);
  const depthFigure = useMemo(
    () =>
      fit.record !== undefined && fit.record.layers.length > 1
        ? overDepthFigure(fit.record.layers, fit.record.layer)
        : undefined,
    [fit.record],
  );
  return (
    <section>
      <h2>Beside a network</h2>
      <p>
        The network learns the same two points by gradient descent, in this page. The two rates are fitted to it; the
        rest of the curves is theory.
      </p>
      <div className="theory-split">
        <NetworkControls network={network} />
        <div className="theory-shown">
          <TrainButtons
            now={now}
            start={train}
            pause={pause}
            resume={resume}
            reset={() => {
              reset();
              fit.forget();
            }}
          />
          {now.error !== undefined && <Problem error={new Error(`${now.error}; a smaller learning rate may help`)} />}
          <FigureBlock
            title={`Hidden layer ${layer}, the network over the theory`}
            figure={figure}
            name="two-points-network"
            missing={
              busy
                ? "Waiting for the first measurements."
                : "Press Train to draw the network’s dots and the theory with fitted rates."
            }
            caption="Dots: measured. Lines: Eq. 93 from the measured start, with the two rates that best fit H, Y and w (Eq. 98). On the right: R² of each variable."
          />
          {fit.record !== undefined && fitted !== undefined && <Findings record={fit.record} fitted={fitted} />}
        </div>
      </div>
      {depthFigure !== undefined && (
        <FigureBlock
          title="The theory over depth"
          figure={depthFigure}
          name="two-points-by-depth"
          caption="Every hidden layer is fitted separately after training. An R² below −0.5 is drawn at the edge. The cost is that of Eq. 98; rings: final H from Eq. 95."
        />
      )}
    </section>
  );
}

/** The parameters of the network, from the address, and the hidden layer shown. */
function useNetwork() {
  const [gain] = useNumber("gain", RICH.gain, [0.05, 3]);
  const [lr, setLr] = useNumber("lr", usualRate(gain), [1e-7, 1]);
  const [depth, setDepth] = useNumber("depth", 4, [1, 20]);
  const [width, setWidth] = useNumber("width", 100, [2, 500]);
  const [steps, setSteps] = useNumber("steps", 3000, [100, 20_000]);
  const [seed, setSeed] = useNumber("seed", 0, [0, 1e6]);
  const [architecture, setArchitecture] = useParam("architecture", "leaky-relu");
  const [chosen, choose] = useNumber("hidden", Math.floor(depth / 2), [0, 40]);
  const layer = Math.min(chosen, depth - 1);
  const known = architectures.find((one) => one === architecture) ?? "leaky-relu";
  const parameters = { gain, lr, depth, width, steps, seed, architecture: known, layer: Math.floor(depth / 2) };
  return { parameters, architecture, layer, setLr, setDepth, setWidth, setSteps, setSeed, setArchitecture, choose };
}

function NetworkControls({ network }: { readonly network: ReturnType<typeof useNetwork> }) {
  const { parameters, architecture, layer, setLr, setDepth, setWidth, setSteps, setSeed, setArchitecture, choose } =
    network;
  const { gain, lr, depth, width, steps, seed } = parameters;
  const changeGain = (value: number) => setParams({ gain: String(value), lr: undefined });
  return (
    <form className="theory-controls" aria-label="The network" onSubmit={(event) => event.preventDefault()}>
      <Slider
        label="gain of the initial weights"
        min={0.3}
        max={2.8}
        step={0.05}
        value={gain}
        set={changeGain}
        hint="small: rich, set by the target; large: lazy, set by the start"
      />
      <Slider
        label="learning rate"
        min={1e-6}
        max={0.2}
        log
        value={lr}
        set={setLr}
        hint="follows the gain until you move it"
      />
      <Slider label="hidden layers" min={1} max={20} step={1} value={depth} set={setDepth} />
      <Slider
        label="neurons in each"
        min={2}
        max={500}
        log
        value={width}
        set={(value) => setWidth(Math.round(value))}
      />
      <Slider label="steps" min={100} max={20_000} log value={steps} set={(value) => setSteps(Math.round(value))} />
      <Slider label="seed" min={0} max={20} step={1} value={seed} set={setSeed} />
      <label className="theory-field">
        <span>Activation</span>
        <select value={architecture} onChange={({ target }) => setArchitecture(target.value)}>
          {architectures.map((one) => (
            <option key={one}>{one}</option>
          ))}
        </select>
      </label>
      <Slider label="hidden layer shown" min={0} max={Math.max(1, depth - 1)} step={1} value={layer} set={choose} />
    </form>
  );
}

interface Compared {
  readonly built: Built | undefined;
  readonly fitted: FollowedLayer | undefined;
  readonly measured: PairCourse | undefined;
  readonly logSteps: boolean;
  readonly logValues: boolean;
}

/** The measured course of the layer shown, with the fitted theory once there is a fit. */
function useTheoryFigure(
  { built, fitted, measured, logSteps, logValues }: Compared,
  record: TwopointRecord | undefined,
) {
  const pair = record?.pairs[0];
  const theory = useMemo((): PairCourse | undefined => {
    if (fitted === undefined || pair === undefined || measured === undefined) return undefined;
    const [from, to] = [measured.step[0]!, measured.step[measured.step.length - 1]!];
    const step = logSteps
      ? logarithmicSteps(to - from, POINTS).map((one) => from + one)
      : Array.from({ length: POINTS }, (_, i) => from + ((to - from) * i) / (POINTS - 1));
    const curves = theoryCurves(pair, fitted, step);
    return curves && { step, dh2: curves.dh2, dy2: curves.dy2, w: curves.w };
  }, [fitted, pair, measured, logSteps]);
  return useMemo(
    () =>
      measured &&
      theoryCurvesFigure({
        ...{ theory, measured, logSteps, logValues },
        r2: fitted?.r2,
        finalDistance: fitted?.finalDistance.predicted,
        target: built?.followed?.pairs[0]?.dy2,
      }),
    [theory, measured, fitted, built, logSteps, logValues],
  );
}

/** What the fit says, in a headline and in sentences. */
function Findings({ record, fitted }: { readonly record: TwopointRecord; readonly fitted: FollowedLayer }) {
  return (
    <div>
      <p className="theory-finding" aria-live="polite">
        {headline({ ...record, layer: String(fitted.layer) }).claim}.
      </p>
      <ul className="theory-sentences">
        {[...layerSentences(fitted, record.pairs[0]?.missing ?? 0), layersSentence(record)].map((sentence) =>
          sentence === "" ? null : (
            // biome-ignore lint/security/noDangerouslySetInnerHtml: numbers in words, escaped here
            <li key={sentence} dangerouslySetInnerHTML={{ __html: withIndices(sentence) }} />
          ),
        )}
      </ul>
    </div>
  );
}

/** chosen: steps that are drawn while the network trains, so that drawing takes milliseconds. */
const DRAWN = 60;

/** Evenly spaced steps, including the first and the last. */
function thinned(followed: readonly FollowedStep[]): FollowedStep[] {
  const kept = new Set([0, ...evenly(followed.length, DRAWN), followed.length - 1]);
  return [...kept].map((i) => followed[i]!);
}

/** One hidden layer of the first pair over all steps. */
function courseOf(followed: readonly FollowedStep[], layer: number): PairCourse {
  return {
    step: followed.map(({ step }) => step),
    dh2: followed.map(({ dh2 }) => dh2[layer]![0]!),
    dy2: followed.map(({ dy2 }) => dy2[0]!),
    w: followed.map(({ w }) => w[0]!),
  };
}
