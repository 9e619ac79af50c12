/** @file Small multiples: the six alignments of each layer over training, backward and forward side by side. */
import { useMemo } from "react";
import { alignmentRows } from "../../figures/alignmentSeries.ts";
import { layerCourse } from "../../figures/alignmentsOverTime.ts";
import { withStepAxis } from "../../figures/stepAxis.ts";
import { byWords } from "../../findings/sentences.ts";
import { LazyFigure } from "../figures/LazyFigure.tsx";
import { isLog } from "./fromReport.tsx";
import type { SectionProps } from "./runContext.ts";

export function LayersSection({ snapshots, layers, layer, convention, scale, choose, measured }: SectionProps) {
  const rows = useMemo(
    () => Map.groupBy(alignmentRows(snapshots, convention), (row) => row.layer),
    [snapshots, convention],
  );
  if (snapshots.length < 2)
    return (
      <p className="missing">
        Curves over training need two measurements; there {snapshots.length === 1 ? "is one" : "is none"}.
      </p>
    );
  return (
    <>
      <p className="soft run-note">
        Input (a, backward) and output (b, forward) of each layer, {byWords(convention)}. Dashed, same colour: chance
        (Eq. 13). Bands: plus and minus the noise (Eq. 18).
      </p>
      <div className="run-multiples">
        {layers.map((name) => (
          <LazyFigure
            key={name}
            title={name}
            height={200}
            version={`${measured} ${convention} ${scale}`}
            draw={() => ({
              title: name,
              name: `alignments-${name}`,
              figure: withStepAxis(isLog(scale), () => layerCourse(name, rows.get(name) ?? [], convention)),
              missing: "This layer has no alignment at two steps.",
            })}
            tools={
              <button
                type="button"
                aria-pressed={name === layer}
                onClick={() => choose({ layer: name, section: "layer" })}
              >
                Open
              </button>
            }
          />
        ))}
      </div>
    </>
  );
}
