/**
 * @file Work that may wait. It is done one piece at a time while the page is idle, so that typing, scrolling and
 * scrubbing never wait for more than one figure.
 */
type Owner = object;

const waiting = new Map<Owner, () => void>();
let isPlanned = false;

/** chosen: milliseconds after which work is done even if the page is busy. */
const PATIENCE = 400;

/**
 * Does the work when there is time; earlier waiting work of the same owner is dropped. @returns a function that drops
 * it
 */
export function whenIdle(owner: Owner, work: () => void): () => void {
  waiting.delete(owner);
  waiting.set(owner, work);
  plan();
  return () => {
    if (waiting.get(owner) === work) waiting.delete(owner);
  };
}

function plan(): void {
  if (isPlanned || waiting.size === 0) return;
  isPlanned = true;
  if (typeof requestIdleCallback === "function") requestIdleCallback(next, { timeout: PATIENCE });
  else setTimeout(next, 16);
}

function next(): void {
  isPlanned = false;
  const [first] = waiting;
  if (first === undefined) return;
  waiting.delete(first[0]);
  try {
    first[1]();
  } finally {
    plan();
  }
}
