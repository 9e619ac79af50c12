/** @file The content of an analysis report on the page: the six alignments of every layer, and all figures. */
import { useDeferredValue, useMemo } from "react";
import { relationFormula, relations } from "../../figures/palette.ts";
import { fixed } from "../../findings/numbers.ts";
import { statusWords } from "../../findings/statusWords.ts";
import type { AlignmentValue, Snapshot } from "../../measure/snapshot.ts";
import { type Convention, conventions } from "../../moments/moments.ts";
import type { FigureSection } from "../../report/figureBlock.ts";
import { figureSections } from "../../report/figureSections.ts";
import { type LayerKindName, layerBlocks } from "../../report/layerFigures.ts";
import type { AnalysisReport } from "../../report/reportData.ts";
import { symmetrySections } from "../../report/symmetrySection.ts";
import { FigureBlock } from "../figures/FigureBlock.tsx";
import { useParam } from "../route.ts";

const meaning: Readonly<Record<Convention, string>> = {
  paper: "rows normalised and centred (Eq. 8)",
  covariance: "centred (Eq. 83)",
  raw: "plain second moments (Eq. 2)",
};

export function ReportFigures({ data }: { readonly data: AnalysisReport }) {
  const drawn = useDeferredValue(data);
  const sections = useMemo(
    () => [...figureSections(drawn), ...symmetrySections(drawn)].filter(({ shown }) => shown),
    [drawn],
  );
  const last = data.snapshots.at(-1);
  return (
    <>
      {last !== undefined && last.layers.length > 0 && <Alignments snapshot={last} />}
      {sections.length > 0 && <h2>Figures</h2>}
      {sections.map((section) => (
        <Section key={section.title} section={section} />
      ))}
      {drawn.moments !== undefined && <Layer data={drawn} />}
    </>
  );
}

function Section({ section: { title, shown, missing, caption } }: { readonly section: FigureSection }) {
  return (
    <FigureBlock
      title={title}
      figure={shown?.figure}
      name={shown?.name ?? "figure"}
      {...(missing !== undefined && { missing })}
      // biome-ignore lint/security/noDangerouslySetInnerHtml: src/report escapes whatever comes from data
      caption={<span dangerouslySetInnerHTML={{ __html: caption.join(" ") }} />}
    />
  );
}

/** The marks used in figures. */
const mark = { rga: "●", rwa: "■", gwa: "▲" } as const;

/** Value, noise and null of each alignment of every layer, at the last measurement. */
function Alignments({ snapshot }: { readonly snapshot: Snapshot }) {
  const [chosen, choose] = useParam("convention", "paper");
  const convention = conventions.find((one) => one === chosen) ?? "paper";
  return (
    <section>
      <h2>The six alignments</h2>
      <p className="open-row">
        <label>
          Moments{" "}
          <select value={convention} onChange={({ target }) => choose(target.value)}>
            {conventions.map((one) => (
              <option key={one} value={one}>
                {one}
              </option>
            ))}
          </select>
        </label>
        <small>{meaning[convention]}; value ± noise, with chance below</small>
      </p>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a scrolling element must be reachable by keyboard */}
      <section className="wide" tabIndex={0} aria-label="Alignments of every layer">
        <table className="open-alignments">
          <thead>
            <tr>
              <th rowSpan={2} scope="col">
                layer
              </th>
              <th colSpan={3} scope="colgroup">
                backward (a)
              </th>
              <th colSpan={3} scope="colgroup">
                forward (b)
              </th>
            </tr>
            <tr>
              {(["a", "b"] as const).flatMap((side) =>
                relations.map((relation) => (
                  <th key={side + relation} scope="col">
                    <i style={{ color: `var(--crh-${relation})` }} aria-hidden="true">
                      {mark[relation]}
                    </i>
                    {relation.toUpperCase()} <small>{relationFormula[relation]}</small>
                  </th>
                )),
              )}
            </tr>
          </thead>
          <tbody>
            {snapshot.layers.map((layer) => (
              <tr key={layer.name} data-layer={layer.name}>
                <th scope="row" className="mono">
                  {layer.name}
                </th>
                {(["a", "b"] as const).flatMap((side) =>
                  relations.map((relation) => (
                    <Value
                      key={side + relation}
                      place={`${side}.${relation}`}
                      found={layer.alignment[convention][side]?.[relation]}
                    />
                  )),
                )}
              </tr>
            ))}
          </tbody>
        </table>
      </section>
    </section>
  );
}

function Value({ found, place }: { readonly found: AlignmentValue | undefined; readonly place: string }) {
  if (found === undefined || found.value === null)
    return <td className="soft">{found === undefined ? "–" : statusWords(found.status)}</td>;
  return (
    <td data-place={place} data-value={found.value}>
      {fixed(found.value)}
      {found.noise !== null && <small> ± {fixed(found.noise)}</small>}
      {found.null !== null && <small className="open-null">chance {fixed(found.null)}</small>}
    </td>
  );
}

const kindTitle: Readonly<Record<LayerKindName, string>> = {
  alignments: "Alignments over training",
  matrices: "H, G and Z",
  entries: "Entry by entry",
  neurons: "Neuron by neuron",
  clusters: "Neurons by cluster",
  spectra: "Spectra",
  laws: "Power laws",
};

/** The figures of one layer, drawn when it is chosen. */
function Layer({ data }: { readonly data: AnalysisReport }) {
  const blocks = useMemo(() => layerBlocks(data), [data]);
  const [chosen, choose] = useParam("layer", blocks[0]?.name ?? "");
  const block = blocks.find(({ name }) => name === chosen) ?? blocks[0];
  const figures = useMemo(
    () => (block === undefined ? [] : [...(block.course ? [block.course] : []), ...block.details()]),
    [block],
  );
  if (block === undefined) return null;
  return (
    <section>
      <h2>One layer</h2>
      <p className="open-row">
        <label>
          Layer{" "}
          <select value={block.name} onChange={({ target }) => choose(target.value)}>
            {blocks.map(({ name }) => (
              <option key={name} value={name}>
                {name}
              </option>
            ))}
          </select>
        </label>
      </p>
      {figures.map(({ kind, name, figure }) => (
        <FigureBlock key={name} title={kindTitle[kind]} figure={figure} name={name} />
      ))}
    </section>
  );
}
