/** @file The keys of a run's page, and what they do. */
import { useEffect, useRef } from "react";
import { type Convention, conventions, type Side } from "../../moments/moments.ts";
import type { StepStore } from "./stepStore.ts";
import { stepAfter } from "./steps.ts";

interface Keyed {
  readonly store: StepStore;
  readonly steps: readonly number[];
  readonly layers: readonly string[];
  readonly layer: string;
  readonly side: Side;
  readonly convention: Convention;
  readonly choose: (changes: Readonly<Record<string, string | undefined>>) => void;
  readonly turnScale: () => void;
  readonly showHelp: () => void;
}

const meanings: readonly (readonly [string, string])[] = [
  ["← →", "previous or next measured step"],
  ["Home End", "first or last step"],
  ["space", "play the measured steps, or pause"],
  ["[ ]", "previous or next layer"],
  ["s", "the other side: input of a layer (a), output (b)"],
  ["c", "next convention: paper, covariance, raw"],
  ["l", "logarithmic or linear axes of steps"],
  ["?", "this list of keys"],
  ["on a matrix", "arrows move between entries, + and − zoom in and out, 0 shows all"],
  ["on a figure", "arrows move between points"],
];

/** Keys of the whole page, active unless the focused element takes keys itself. */
export function useKeys(keyed: Keyed): void {
  const latest = useRef(keyed);
  latest.current = keyed;
  useEffect(() => {
    const press = (event: KeyboardEvent) => {
      if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || takesKeys(event)) return;
      if (act(event.key, latest.current)) event.preventDefault();
    };
    addEventListener("keydown", press);
    return () => removeEventListener("keydown", press);
  }, []);
}

/** Fields, figures and strips take keys; buttons take space and Enter. */
function takesKeys({ target, key }: KeyboardEvent): boolean {
  if (!(target instanceof Element)) return false;
  if (target.matches("input, select, textarea, canvas, [data-tip], .panels svg, dialog, dialog *")) return true;
  return (key === " " || key === "Enter") && target.matches("button, a, summary");
}

/** @returns whether the key has a meaning */
function act(key: string, { store, steps, layers, layer, side, convention, choose, ...keyed }: Keyed): boolean {
  const goStep = (by: number) => store.look(stepAfter(steps, store.step ?? 0, by));
  const goLayer = (by: number) => {
    const next = layers[layers.indexOf(layer) + by];
    if (next !== undefined) choose({ layer: next });
  };
  const next = conventions[(conventions.indexOf(convention) + 1) % conventions.length]!;
  const actions: Readonly<Record<string, () => void>> = {
    ArrowLeft: () => goStep(-1),
    ArrowRight: () => goStep(1),
    Home: () => store.look(steps[0]),
    End: () => store.look(undefined),
    " ": () => void dispatchEvent(new Event("crh-play")),
    "[": () => goLayer(-1),
    "]": () => goLayer(1),
    s: () => choose({ side: side === "a" ? "b" : undefined }),
    c: () => choose({ convention: next === "paper" ? undefined : next }),
    l: keyed.turnScale,
    "?": keyed.showHelp,
  };
  const action = Object.hasOwn(actions, key) ? actions[key] : undefined;
  action?.();
  return action !== undefined;
}

export function KeyHelp({ close }: { readonly close: () => void }) {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => dialog.current?.showModal(), []);
  return (
    <dialog ref={dialog} className="run-keys" onClose={close} aria-label="Keys">
      <dl>
        {meanings.map(([keys, meaning]) => (
          <div key={keys}>
            <dt>{keys}</dt>
            <dd>{meaning}</dd>
          </div>
        ))}
      </dl>
      <button type="button" onClick={() => dialog.current?.close()}>
        Close
      </button>
    </dialog>
  );
}
