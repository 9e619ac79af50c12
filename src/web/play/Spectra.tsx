/** @file Eigenvalues of H, G and Z of a layer by rank, on logarithmic axes. */
import { memo } from "react";
import { exponentLabel } from "../../figures/logTicks.ts";
import { matrixColour } from "../../figures/palette.ts";
import type { Convention, LayerSnapshot } from "../../measure/snapshot.ts";
import { useWidth } from "./Lines.tsx";
import { AT_RIGHT, BOTTOM, HEIGHT, LEFT, TOP } from "./lineScales.ts";

/** chosen: decades below the largest eigenvalue that are drawn. */
const DECADES = 6;

interface Course {
  readonly name: "H" | "G" | "Z";
  /** Relative to the largest. */
  readonly values: readonly number[];
}

function courses(layer: LayerSnapshot, side: "a" | "b", convention: Convention): Course[] {
  const { spectra } = layer;
  const own = spectra?.[convention][side];
  const all = [
    { name: "H", values: own?.H.values },
    { name: "G", values: own?.G.values },
    { name: "Z", values: spectra?.weights.values },
  ] as const;
  return all.flatMap(({ name, values }): Course[] => {
    const top = values?.[0];
    if (values === undefined || top === undefined || !(top > 0)) return [];
    return [{ name, values: values.map((value) => value / top) }];
  });
}

export const Spectra = memo(function Spectra({
  layer,
  side,
  convention,
}: {
  readonly layer: LayerSnapshot;
  readonly side: "a" | "b";
  readonly convention: Convention;
}) {
  const [place, width] = useWidth();
  const right = width - AT_RIGHT;
  const found = courses(layer, side, convention);
  const most = Math.max(2, ...found.map(({ values }) => values.length));
  const x = (rank: number) => LEFT + (Math.log(rank) / Math.log(most)) * (right - LEFT);
  const y = (value: number) => TOP - (Math.max(-DECADES, Math.log10(value)) / DECADES) * (BOTTOM - TOP);
  const ranks = [1, 2, 5, 10, 20, 50, 100, 200, 500].filter((rank) => rank <= most);
  return (
    <div className="play-lines" ref={place}>
      <h3>{side === "a" ? "eigenvalues, input (a)" : "eigenvalues, output (b)"}</h3>
      <svg
        viewBox={`0 0 ${width} ${HEIGHT}`}
        role="img"
        aria-label={`Eigenvalues of ${found.map(({ name }) => name).join(", ")} by rank, relative to the largest`}
      >
        <g className="grid">
          {Array.from({ length: DECADES / 2 + 1 }, (_, i) => -2 * i).map((exponent) => (
            <g key={exponent}>
              <path d={`M${LEFT},${y(10 ** exponent).toFixed(1)}H${right}`} />
              <text x={LEFT - 6} y={y(10 ** exponent)} dy="0.32em" textAnchor="end">
                {exponentLabel(exponent)}
              </text>
            </g>
          ))}
          {ranks.map((rank) => (
            <text key={rank} x={x(rank)} y={BOTTOM + 15} textAnchor="middle">
              {rank}
            </text>
          ))}
        </g>
        {found.map(({ name, values }) => {
          const shown = values.map((value, i) => [i + 1, value] as const).filter(([, value]) => value > 10 ** -DECADES);
          return (
            <path
              key={name}
              className="main"
              fill="none"
              stroke={matrixColour[name]}
              d={shown
                .map(([rank, value], i) => `${i === 0 ? "M" : "L"}${x(rank).toFixed(1)},${y(value).toFixed(1)}`)
                .join("")}
            />
          );
        })}
      </svg>
      <p className="reading">
        rank
        {found.map(({ name }) => (
          <span key={name}>
            <i style={{ background: matrixColour[name] }} />
            {name}
          </span>
        ))}
      </p>
    </div>
  );
});
