/** @file The six medians at a glance: bars from 0 to 1 for rga, rwa and gwa of sides a and b. */
import { relationFormula, relations } from "../../figures/palette.ts";
import type { RunOverview } from "../../report/runOverview.ts";

const [BAR, GAP, HEIGHT] = [9, 2, 24];

export function SixMarks({ medians }: { readonly medians: RunOverview["medians"] }) {
  if (medians === undefined) return null;
  const cells = (["a", "b"] as const).flatMap((side, i) =>
    relations.map((relation, j) => ({
      side,
      relation,
      value: medians[side][relation],
      x: (3 * i + j) * (BAR + GAP) + 6 * i,
    })),
  );
  const words = cells.map(
    ({ side, relation, value }) => `${side}.${relation} ${value === null ? "–" : value.toFixed(2)}`,
  );
  return (
    <svg className="six" width={6 * (BAR + GAP) + 6} height={HEIGHT} role="img" aria-label={words.join(", ")}>
      <title>{words.map((text, i) => `${text}  (${relationFormula[cells[i]!.relation]})`).join("\n")}</title>
      {cells.map(({ side, relation, value, x }) => (
        <g key={side + relation}>
          <rect x={x} y={0} width={BAR} height={HEIGHT} fill="var(--line)" opacity="0.6" />
          {value !== null && (
            <rect
              x={x}
              y={HEIGHT * (1 - Math.max(0, value))}
              width={BAR}
              height={HEIGHT * Math.max(0, value)}
              fill={`var(--crh-${relation})`}
            />
          )}
        </g>
      ))}
    </svg>
  );
}
