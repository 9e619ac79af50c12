/** @file The six alignments of the hidden representations of a few runs, side by side on the same axes. */
import { useMemo } from "react";
import { alignmentSummary } from "../../figures/alignmentSummary.ts";
import { LazyFigure } from "../figures/LazyFigure.tsx";
import { httpSource } from "../source/httpSource.ts";
import { useAsync } from "../useAsync.ts";

export function HiddenBeside({ ids }: { readonly ids: readonly string[] }) {
  return (
    <section aria-label="Hidden layers">
      <h2>Hidden layers side by side</h2>
      <div className="compare-beside">
        {ids.map((id) => (
          <Hidden key={id} id={id} />
        ))}
      </div>
    </section>
  );
}

function Hidden({ id }: { readonly id: string }) {
  const { value, error, isLoading } = useAsync(id, () => httpSource.measurements!(id));
  const version = useMemo(() => String(value?.length ?? 0), [value]);
  if (error !== undefined) return <p className="problem">{error.message}</p>;
  return (
    <LazyFigure
      title={id}
      version={version}
      draw={() => ({
        title: id,
        name: `hidden-layers-${id}`,
        figure: value && alignmentSummary(value),
        missing: isLoading ? "Reading …" : "No hidden representation has an alignment at two steps.",
        caption: "Median over the hidden representations, and their range, in the paper's convention.",
      })}
    />
  );
}
