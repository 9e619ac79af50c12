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
  ["← →", "the measured step before, the next one"],
  ["Home End", "the first step, the last one"],
  ["space", "play the measured steps, pause"],
  ["[ ]", "the layer before, the next one"],
  ["s", "the other side: what a layer reads (a), what it writes (b)"],
  ["c", "the next convention: paper, covariance, raw"],
  ["l", "logarithmic or linear axes of steps"],
  ["?", "these keys"],
  ["on a matrix", "arrows go from entry to entry, + and − look closer and step back, 0 shows all"],
  ["on a figure", "arrows go from point to point"],
];

/** Keys of the whole page, where the focus is on nothing that takes them itself. */
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

/** Fields, buttons for the space bar, figures and strips whose arrows read values. */
function takesKeys({ target, key }: KeyboardEvent): boolean {
  if (!(target instanceof Element)) return false;
  if (target.matches("input, select, textarea, canvas, [data-tip], .panels svg, dialog, dialog *")) return true;
  return (key === " " || key === "Enter") && target.matches("button, a, summary");
}

/** @returns whether the key means something */
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
