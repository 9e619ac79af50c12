/** @file One layer: its matrices at the step shown, entries, neurons, clusters, spectra and power laws. */
import { useEffect, useMemo, useState } from "react";
import { spectra } from "../../figures/spectra.ts";
import { grouped } from "../../findings/numbers.ts";
import { findings } from "../../findings/relationFindings.ts";
import type { LayerSnapshot } from "../../measure/snapshot.ts";
import { isMap, type Moments } from "../../moments/moments.ts";
import { layerCaptions } from "../../report/layerCaptions.ts";
import { renderLayerStrip } from "../../report/relationStrip.ts";
import { withStart } from "../../report/reportData.ts";
import { type Drawn, LazyFigure } from "../figures/LazyFigure.tsx";
import { useParam } from "../route.ts";
import { drawLayer } from "./layerThread.ts";
import type { LayerFigures } from "./layerWorker.ts";
import { Matrices } from "./Matrices.tsx";
import type { OrderName } from "./matrixStore.ts";
import { ReportHtml } from "./ReportHtml.tsx";
import { dataUpTo, type SectionProps } from "./runContext.ts";
import { useSettledStep } from "./stepStore.ts";
import { nearestStep } from "./steps.ts";

export function LayerSection(props: SectionProps) {
  const { source, id, run, data, layers, layer, side, convention, choose, measured } = props;
  const step = useSettledStep();
  const [order, setOrder] = useParam("order", "neuron");
  const now = useMemo(() => dataUpTo(data, step), [data, step]);
  const shown = now.snapshots.at(-1)?.layers.find(({ name }) => name === layer);
  const strip = useMemo(
    () => renderLayerStrip(findings(withStart(now), convention).filter((finding) => finding.layer.name === layer)),
    [now, convention, layer],
  );
  if (layer === "") return <p className="missing">No layer was measured.</p>;
  return (
    <>
      <LayerChoice {...{ layers, layer, side, choose, shown }} />
      <ReportHtml html={strip} layers={layers} choose={(name) => choose({ layer: name })} className="run-alone" />
      <Matrices
        {...{ source, id, layer, side, convention }}
        momentSteps={run.momentSteps}
        order={order as OrderName}
        setOrder={setOrder}
      />
      <Spectra {...props} shown={shown} version={`${measured} ${layer} ${step}`} />
      {run.momentSteps.length > 0 && <FromMoments {...props} step={nearestStep(run.momentSteps, step ?? 0)!} />}
    </>
  );
}

interface ChoiceProps extends Pick<SectionProps, "layers" | "layer" | "side" | "choose"> {
  readonly shown: LayerSnapshot | undefined;
}

function LayerChoice({ layers, layer, side, choose, shown }: ChoiceProps) {
  const at = layers.indexOf(layer);
  const go = (by: number) => choose({ layer: layers[at + by] });
  return (
    <div className="run-picker">
      <label>
        Layer{" "}
        <select value={layer} onChange={({ target }) => choose({ layer: target.value })} className="mono">
          {layers.map((name) => (
            <option key={name}>{name}</option>
          ))}
        </select>
      </label>
      <button type="button" onClick={() => go(-1)} disabled={at <= 0} aria-label="Previous layer">
        ‹
      </button>
      <button type="button" onClick={() => go(1)} disabled={at >= layers.length - 1} aria-label="Next layer">
        ›
      </button>
      <fieldset className="run-sides">
        <legend className="unseen">Side</legend>
        {(["a", "b"] as const).map((one) => (
          <button key={one} type="button" aria-pressed={one === side} onClick={() => choose({ side: one })}>
            {one === "a" ? "input (a), backward" : "output (b), forward"}
          </button>
        ))}
      </fieldset>
      <span className="soft">
        {shown &&
          `${shown.kind}, ${isMap(shown) ? `${grouped(shown.dIn)} → ${grouped(shown.dOut)}` : grouped(shown.dOut)}, ${grouped(shown.samples)} samples`}
      </span>
    </div>
  );
}

interface SpectraProps extends SectionProps {
  readonly shown: LayerSnapshot | undefined;
  readonly version: string;
}

function Spectra({ data, layer, shown, version }: SpectraProps) {
  return (
    <LazyFigure
      title="Eigenvalues of H, G and Z"
      version={version}
      draw={() => captioned(data, "spectra", layer, shown && spectra(shown), noSpectra(shown))}
    />
  );
}

const noSpectra = (shown: LayerSnapshot | undefined): string =>
  shown === undefined
    ? "The layer was not measured at this step."
    : "Spectra were not measured at this step: during training a run leaves out slow measures (crh run --cost standard measures them each time).";

type Kind = keyof LayerFigures | "spectra";

function captioned(
  data: SectionProps["data"],
  kind: Kind,
  layer: string,
  figure: Drawn["figure"],
  missing: string,
): Drawn {
  const { title, caption, counterpart, paper = "2410.03006" } = layerCaptions(data)[kind];
  return {
    title,
    name: `${kind}-${layer}`,
    figure,
    missing,
    caption: (
      // biome-ignore lint/security/noDangerouslySetInnerHtml: src/report escapes whatever comes from data
      <span dangerouslySetInnerHTML={{ __html: `${caption} Cf. ${counterpart} of arXiv ${paper}.` }} />
    ),
  };
}

const whyNone: Readonly<Record<keyof LayerFigures, string>> = {
  laws: "The layer is too large to compute its eigenvectors in the page; crh report has them.",
  entries: "H or G was not kept.",
  neurons: "H or G was not kept.",
  clusters: "The layer is too large for this figure; the images above can be ordered by cluster.",
};

/** Figures that need the moments themselves, drawn in a worker on request. */
function FromMoments(props: SectionProps & { readonly step: number }) {
  const { source, id, data, snapshots, layer, step } = props;
  const [isOpen, setOpen] = useState(false);
  const { figures, missing } = useFigures({ source, id, layer, step, snapshots, isOpen });
  const drawing = { ...data, moments: { step } as Moments };
  const version = `${layer} ${step} ${figures === undefined ? missing : "there"}`;
  return (
    <details className="run-more" onToggle={({ currentTarget }) => setOpen(currentTarget.open)}>
      <summary>Power laws, entries, neurons and clusters, from the moments of step {grouped(step)}</summary>
      {isOpen && missing !== undefined && <p className="missing">{missing}</p>}
      {isOpen && figures === undefined && missing === undefined && <p className="soft">Reading the moments …</p>}
      {figures !== undefined &&
        (Object.keys(whyNone) as (keyof LayerFigures)[]).map((kind) => (
          <LazyFigure
            key={kind}
            title={layerCaptions(drawing)[kind].title}
            version={version}
            draw={() => captioned(drawing, kind, layer, figures[kind], whyNone[kind])}
          />
        ))}
    </details>
  );
}

interface FiguresOf extends Pick<SectionProps, "source" | "id" | "layer" | "snapshots"> {
  readonly step: number;
  readonly isOpen: boolean;
}

function useFigures({ source, id, layer, step, snapshots, isOpen }: FiguresOf): {
  readonly figures?: LayerFigures;
  readonly missing?: string;
} {
  const [found, setFound] = useState<{ key: string; figures?: LayerFigures; missing?: string }>();
  const key = `${id} ${layer} ${step}`;
  // biome-ignore lint/correctness/useExhaustiveDependencies: the exponents of a step do not change
  useEffect(() => {
    if (!isOpen) return undefined;
    let isCurrent = true;
    const read = async () => {
      const shown = snapshots.find((one) => one.step === step)?.layers.find(({ name }) => name === layer);
      const figures = await drawLayer({ place: source.momentsPlace(id, step), layer, exponents: shown?.exponents });
      if (isCurrent) setFound({ key, figures });
    };
    read().catch((error: Error) => isCurrent && setFound({ key, missing: error.message }));
    return () => {
      isCurrent = false;
    };
  }, [key, isOpen, source]);
  return found?.key === key ? found : {};
}
