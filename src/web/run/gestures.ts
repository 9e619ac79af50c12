/**
 * @file Fingers and pointers on a matrix: one moves the visible part, two scale it, so that the entries under them stay
 * there. Positions are shares of the canvas, from the left and from the top.
 */
import { type Window, within } from "./zoom.ts";

export interface Touch {
  readonly right: number;
  readonly down: number;
}

/** chosen: share of a canvas; fingers closer together than this scale as if this far apart. */
const LEAST_APART = 0.02;

export class Gestures {
  readonly #d: number;
  readonly #touches = new Map<number, Touch>();
  /** The touches and the window when the number of touches last changed. */
  #begun: { readonly touches: readonly Touch[]; readonly view: Window } | undefined;

  /** @param d rows of the matrix */
  constructor(d: number) {
    this.#d = d;
  }

  /** Number of pointers that are down. */
  get count(): number {
    return this.#touches.size;
  }

  isDown(id: number): boolean {
    return this.#touches.has(id);
  }

  /** A third pointer takes the place of the first. */
  begin(id: number, touch: Touch, view: Window): void {
    const [first] = this.#touches.keys();
    if (this.#touches.size === 2 && first !== undefined) this.#touches.delete(first);
    this.#touches.set(id, touch);
    this.#rest(view);
  }

  /** @returns the new window; undefined for a pointer that is not down */
  move(id: number, touch: Touch): Window | undefined {
    if (!this.#touches.has(id) || this.#begun === undefined) return undefined;
    this.#touches.set(id, touch);
    const { touches, view } = this.#begun;
    const now = [...this.#touches.values()];
    const span = within({ ...view, span: view.span * (apart(touches) / apart(now)) }, this.#d).span;
    const [from, to] = [middle(touches), middle(now)];
    return within(
      {
        x: view.x + from.right * view.span - to.right * span,
        y: view.y + from.down * view.span - to.down * span,
        span,
      },
      this.#d,
    );
  }

  end(id: number, view: Window): void {
    if (this.#touches.delete(id)) this.#rest(view);
  }

  #rest(view: Window): void {
    this.#begun = { touches: [...this.#touches.values()], view };
  }
}

const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
const middle = (touches: readonly Touch[]): Touch => ({
  right: mean(touches.map(({ right }) => right)),
  down: mean(touches.map(({ down }) => down)),
});

/** Distance between two touches; a constant for a single one. */
function apart([one, other]: readonly Touch[]): number {
  if (one === undefined || other === undefined) return 1;
  return Math.max(LEAST_APART, Math.hypot(one.right - other.right, one.down - other.down));
}
