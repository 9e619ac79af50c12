/** @file Chooses the runs to compare from a searchable list of all; open while none is chosen. */
import { useId, useState } from "react";
import type { RunSummary } from "../../runs/listRuns.ts";
import { setParams } from "../route.ts";

interface RunPickerProps {
  readonly all: readonly RunSummary[] | undefined;
  readonly ids: readonly string[];
}

/** chosen: most rows of the list; a search finds the others. */
const MOST_ROWS = 200;

export function RunPicker({ all = [], ids }: RunPickerProps) {
  const [search, setSearch] = useState("");
  const name = useId();
  const words = search.toLowerCase().split(/\s+/).filter(Boolean);
  const text = ({ id, info }: RunSummary) =>
    `${id} ${info?.setting ?? ""} ${info?.status ?? ""} seed=${info?.seed ?? ""} ${info?.argv.join(" ") ?? ""}`.toLowerCase();
  const found = all.filter((run) => words.every((word) => text(run).includes(word)));
  const chosen = new Set(ids);
  const choose = (next: Iterable<string>) => setParams({ run: [...next] });
  const toggle = (id: string) => {
    const next = new Set(ids);
    if (!next.delete(id)) next.add(id);
    choose(next);
  };
  return (
    <details className="compare-picker" open={ids.length === 0 ? true : undefined}>
      <summary>
        {ids.length === 0 ? "Choose runs" : `${ids.length.toLocaleString("en-US")} runs; choose others`}
      </summary>
      <div className="compare-tools">
        <label htmlFor={name}>Search</label>
        <input
          id={name}
          type="search"
          value={search}
          placeholder="setting, name, decay=1e-4"
          onChange={({ target }) => setSearch(target.value)}
        />
        <button
          type="button"
          disabled={found.length === 0}
          onClick={() => choose(new Set([...ids, ...found.map(({ id }) => id)]))}
        >
          Add all {found.length.toLocaleString("en-US")}
        </button>
        <button type="button" disabled={ids.length === 0} onClick={() => choose([])}>
          None
        </button>
      </div>
      {all.length === 0 && <p className="missing">There are no runs yet; crh run makes one.</p>}
      <ul className="compare-list">
        {found.slice(0, MOST_ROWS).map(({ id, info }) => (
          <li key={id}>
            <label>
              <input type="checkbox" checked={chosen.has(id)} onChange={() => toggle(id)} /> <code>{id}</code>{" "}
              <small>
                {info === undefined
                  ? "damaged"
                  : `${info.setting}, seed ${info.seed}, step ${info.step.toLocaleString("en-US")}, ${info.status}`}
              </small>
            </label>
          </li>
        ))}
      </ul>
      {found.length > MOST_ROWS && (
        <p className="soft">{(found.length - MOST_ROWS).toLocaleString("en-US")} more; a search finds them.</p>
      )}
    </details>
  );
}
