/**
 * @file The finished plays of this visit: their settings and how they ended. They can be reopened, or drawn behind the
 * current one.
 */
import { memo } from "react";
import { fixed, grouped, scientific } from "../../findings/numbers.ts";
import type { Convention } from "../../measure/snapshot.ts";
import { changesInWords, differences } from "./address.ts";
import { playDefaults } from "./defaults.ts";
import type { PlayData } from "./playData.ts";
import { deviceNames } from "./RunsOn.tsx";
import { leastMedian } from "./relationLines.ts";

export interface HistoryProps {
  readonly past: readonly PlayData[];
  readonly convention: Convention;
  readonly compared: readonly number[];
  readonly compare: (number: number, isCompared: boolean) => void;
  readonly open: (play: PlayData) => void;
}

export const History = memo(function History({ past, convention, compared, compare, open }: HistoryProps) {
  if (past.length === 0) return null;
  return (
    <section className="play-history" aria-label="Plays of this visit">
      <h2>Plays of this visit</h2>
      <div className="wide">
        <table>
          <thead>
            <tr>
              <th scope="col">play</th>
              <th scope="col">differs from the defaults</th>
              <th scope="col">steps</th>
              <th scope="col">loss</th>
              <th scope="col">smallest hidden median</th>
              <th scope="col">course</th>
              <th scope="col">
                <span className="unseen">actions</span>
              </th>
            </tr>
          </thead>
          <tbody>
            {past.map((play) => {
              const least = leastMedian(play, convention);
              return (
                <tr key={play.number}>
                  <th scope="row">
                    {play.number} <small>{play.setting}</small>
                  </th>
                  <td className="changes">{changesOf(play)}</td>
                  <td>{grouped(play.step)}</td>
                  <td>
                    {play.problem === undefined ? scientific(play.unseen.at(-1)?.value ?? play.loss ?? 0) : "diverged"}
                  </td>
                  <td>{least === undefined ? "" : fixed(least, 2)}</td>
                  <td>
                    <Spark play={play} convention={convention} />
                  </td>
                  <td>
                    <button type="button" onClick={() => open(play)} aria-label={`Open play ${play.number} again`}>
                      Open
                    </button>{" "}
                    <label>
                      <input
                        type="checkbox"
                        checked={compared.includes(play.number)}
                        onChange={({ target }) => compare(play.number, target.checked)}
                      />{" "}
                      compare
                    </label>
                  </td>
                </tr>
              );
            })}
          </tbody>
        </table>
      </div>
    </section>
  );
});

function changesOf({ given, setting, changes, step, device }: PlayData): string {
  const changed = differences(given, playDefaults[setting]).map((key) => `${key} = ${given[key] ?? "default"}`);
  const later = changesInWords(changes.filter((change) => change.step <= step));
  const engine = device === "automatic" ? "" : `runs on ${deviceNames[device]}`;
  return [changed.join(", "), later, engine].filter((words) => words !== "").join("; ") || "nothing";
}

/** The smallest hidden median over the steps, from 0 to 1. */
function Spark({ play, convention }: { readonly play: PlayData; readonly convention: Convention }) {
  const points = play.snapshots.flatMap((snapshot) => {
    const value = leastMedian({ ...play, snapshots: [snapshot] }, convention);
    return value === undefined ? [] : [[snapshot.step, value] as const];
  });
  const last = Math.max(1, play.step);
  const path = points
    .map(
      ([step, value], i) =>
        `${i === 0 ? "M" : "L"}${((96 * step) / last + 2).toFixed(1)},${(22 - 20 * Math.max(0, value)).toFixed(1)}`,
    )
    .join("");
  return (
    <svg className="spark" viewBox="0 0 100 24" aria-hidden="true">
      <path d={path} fill="none" stroke="currentColor" strokeWidth="1.5" />
    </svg>
  );
}
