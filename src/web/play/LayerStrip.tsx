/**
 * @file The six relations of each layer at the last measurement: value with its standard error, chance and start, and
 * whether the relation holds by the report's rule (src/findings).
 */
import { memo } from "react";
import { type Relation, relationColour, relations } from "../../figures/palette.ts";
import { hiddenMedians } from "../../findings/hiddenMedians.ts";
import { fixed } from "../../findings/numbers.ts";
import { type Finding, holds, layerFindings } from "../../findings/relationFindings.ts";
import { relationWord, verdictWord } from "../../findings/vocabulary.ts";
import type { Convention, Snapshot } from "../../measure/snapshot.ts";
import { Mark } from "./Lines.tsx";
import { HIDDEN } from "./relationLines.ts";

const sides = ["a", "b"] as const;
const [WIDTH, FROM, TO] = [92, 4, 88];
const place = (value: number): number => FROM + Math.max(0, Math.min(1, value)) * (TO - FROM);

export interface LayerStripProps {
  readonly first: Snapshot;
  readonly last: Snapshot;
  readonly convention: Convention;
  /** A layer's name, or HIDDEN. */
  readonly scope: string;
  readonly choose: (scope: string) => void;
}

export const LayerStrip = memo(function LayerStrip({ first, last, convention, scope, choose }: LayerStripProps) {
  const medians = hiddenMedians(last, convention);
  return (
    <div className="wide">
      <table className="play-strip">
        <thead>
          <tr>
            <th scope="col">layer</th>
            {sides.flatMap((side) =>
              relations.map((relation) => (
                <th key={`${side} ${relation}`} scope="col">
                  <svg viewBox="0 0 12 12" aria-hidden="true">
                    <Mark relation={relation} x={6} y={6} colour={relationColour[relation]} />
                  </svg>
                  {relation.toUpperCase()} <small>{side}</small>
                </th>
              )),
            )}
          </tr>
        </thead>
        <tbody>
          {medians && (
            <tr>
              <th scope="row">
                <Choice name={HIDDEN} text="hidden median" {...{ scope, choose }} />
              </th>
              {sides.flatMap((side) =>
                relations.map((relation) => (
                  <td key={`${side} ${relation}`}>
                    <Bar relation={relation} value={medians[side][relation]} label={relationWord(side, relation)} />
                  </td>
                )),
              )}
            </tr>
          )}
          {last.layers.map((layer) => {
            const start = first === last ? undefined : first.layers.find(({ name }) => name === layer.name);
            const found = layerFindings(layer, start, convention);
            return (
              <tr key={layer.name}>
                <th scope="row">
                  <Choice name={layer.name} text={layer.name} {...{ scope, choose }} />
                </th>
                {sides.flatMap((side) =>
                  relations.map((relation) => {
                    const one = found.find((finding) => finding.side === side && finding.relation === relation);
                    return <td key={`${side} ${relation}`}>{one && <FindingBar finding={one} />}</td>;
                  }),
                )}
              </tr>
            );
          })}
        </tbody>
      </table>
    </div>
  );
});

function Choice({
  name,
  text,
  scope,
  choose,
}: {
  readonly name: string;
  readonly text: string;
  readonly scope: string;
  readonly choose: (scope: string) => void;
}) {
  return (
    <button type="button" aria-pressed={scope === name} onClick={() => choose(name)}>
      {text}
    </button>
  );
}

function FindingBar({ finding }: { readonly finding: Finding }) {
  const { side, relation, last, first, verdict } = finding;
  const words = `${relationWord(side, relation)} ${verdictWord[verdict]}`;
  return (
    <Bar
      relation={relation}
      value={last.value}
      noise={last.noise}
      chance={last.null}
      start={first?.value}
      isHeld={holds(finding)}
      label={words}
    />
  );
}

interface BarProps {
  readonly relation: Relation;
  readonly value: number | null;
  readonly noise?: number | null;
  readonly chance?: number | null;
  readonly start?: number | null | undefined;
  readonly isHeld?: boolean;
  readonly label: string;
}

function Bar({ relation, value, noise, chance, start, isHeld = false, label }: BarProps) {
  if (value === null) return <span className="soft">none</span>;
  const colour = relationColour[relation];
  const parts = [
    `${label}: ${fixed(value)}`,
    ...(noise == null ? [] : [`± ${fixed(noise)}`]),
    ...(chance == null ? [] : [`chance ${fixed(chance)}`]),
    ...(start == null ? [] : [`start ${fixed(start)}`]),
  ];
  return (
    <span className="bar" title={parts.join(", ")}>
      <b className={isHeld ? "held" : undefined}>{fixed(value, 2)}</b>
      {isHeld && <span className="unseen">holds</span>}
      {noise != null && <small className="error">±{fixed(noise, 2)}</small>}
      <svg viewBox={`0 0 ${WIDTH} 14`} aria-hidden="true">
        <path d={`M${FROM},7H${TO}`} className="track" />
        {chance != null && <path d={`M${place(chance)},2V12`} className="chance" />}
        {start != null && <circle cx={place(start)} cy="7" r="2.6" className="start" stroke={colour} />}
        {noise != null && (
          <path
            d={`M${place(value - noise)},7H${place(value + noise)}`}
            stroke={colour}
            strokeWidth="5"
            opacity="0.35"
          />
        )}
        <Mark relation={relation} x={place(value)} y={7} colour={colour} />
      </svg>
    </span>
  );
}
