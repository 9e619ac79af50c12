/**
 * @file The matrices H, G and Z of one side of a layer over the kept steps, on one colour scale. They are read in the
 * background, starting with the step shown, and kept as far as memory allows.
 */
import type { Convention, Side } from "../../moments/moments.ts";
import type { MatrixName, RunSource } from "../source/runSource.ts";
import { findOrders } from "./layerThread.ts";
import type { Orders } from "./layerWorker.ts";
import { paint, prepare } from "./matrixThread.ts";
import type { Prepared } from "./matrixWorker.ts";

export const matrixNames = ["H", "G", "Z"] as const satisfies readonly MatrixName[];

export interface StoredMatrix extends Prepared {
  readonly d: number;
}

/** A painted matrix. */
export interface Picture {
  /** One pixel per entry. */
  readonly whole: HTMLCanvasElement;
  /** Averaged down to the displayed pixels, if these are fewer. */
  readonly small: HTMLCanvasElement | undefined;
}

export interface MatrixPlan {
  readonly id: string;
  readonly layer: string;
  readonly side: Side;
  readonly convention: Convention;
  /** Steps whose moments were kept, ascending. */
  readonly steps: readonly number[];
}

export type OrderName = "neuron" | "cluster" | "size";

/** chosen: most bytes of matrices in memory. */
const MOST_BYTES = 320e6;
/** chosen: most bytes of painted matrices. */
const MOST_PAINTED = 160e6;

export class MatrixStore {
  readonly #source: RunSource;
  readonly #plan: MatrixPlan;
  readonly #changed: () => void;
  readonly #known = new Map<string, StoredMatrix>();
  /** Reasons why matrices are missing, by step and name. */
  readonly #missing = new Map<string, string>();
  readonly #painted = new Map<string, Picture>();
  /** Paintings in progress. */
  readonly #painting = new Map<string, Promise<Picture>>();
  #paintings = 0;
  readonly #limits = new Map<string, number>();
  #bytes = 0;
  #wanted: number;
  #hasEnded = true;
  #isReading = false;
  #orders: Orders | undefined;

  /** @param changed called when a matrix has arrived */
  constructor(source: RunSource, plan: MatrixPlan, wanted: number, changed: () => void) {
    this.#source = source;
    this.#plan = plan;
    this.#wanted = wanted;
    this.#changed = changed;
  }

  /** Begins to read. */
  enter(): void {
    this.#hasEnded = false;
    if (!this.#isReading) void this.#readAll();
  }

  leave(): void {
    this.#hasEnded = true;
  }

  /** Reads a step next, if it is not there. */
  want(step: number): void {
    this.#wanted = step;
    if (!this.#isReading && !this.#hasEnded) void this.#readAll();
  }

  get(step: number, name: MatrixName): StoredMatrix | undefined {
    return this.#known.get(key(step, name));
  }

  whyMissing(step: number, name: MatrixName): string | undefined {
    return this.#missing.get(key(step, name));
  }

  /** Number of steps that were read completely. */
  get stepsRead(): number {
    return this.#plan.steps.filter((step) => this.#isRead(step)).length;
  }

  /** The end of the colour scale for all matrices read so far, over their mean diagonals; two digits. */
  get limit(): number {
    return Number(Math.max(0, ...this.#limits.values()).toPrecision(2)) || 1;
  }

  get orders(): Orders | undefined {
    return this.#orders;
  }

  /** The order of neurons for all steps: that of the last kept step; undefined for the network's own. */
  order(name: OrderName): Uint32Array | undefined {
    return name === "neuron" ? undefined : this.#orders?.[name];
  }

  /** Number of paintings so far, which arrive after their matrices. */
  get paintings(): number {
    return this.#paintings;
  }

  /**
   * The painted matrix; undefined if it is missing or still being painted, in which case a change is reported later.
   *
   * @param size width in pixels at which the whole is shown
   */
  painted(step: number, name: MatrixName, order: OrderName, size: number): Picture | undefined {
    const full = this.#paintKey(step, name, order);
    const known = this.#painted.get(full);
    if (known !== undefined) {
      this.#painted.delete(full);
      this.#painted.set(full, known); // most recently used last
    } else if (this.get(step, name) !== undefined && !this.#painting.has(full))
      this.paint(step, name, order, size).then(this.#changed, () => {}); // without a worker it stays unpainted
    return known;
  }

  /** The painted matrix as a promise; undefined if there is no such matrix. */
  async paint(step: number, name: MatrixName, order: OrderName, size = 0): Promise<Picture | undefined> {
    const found = this.get(step, name);
    if (found === undefined) return undefined;
    const full = this.#paintKey(step, name, order);
    const known = this.#painted.get(full) ?? this.#painting.get(full);
    if (known !== undefined) return known;
    const under = paint({ ...found, limit: this.limit, order: this.order(order), size }).then(
      ({ pixels, small }): Picture => ({
        whole: canvasOf(pixels, found.d),
        small: small && canvasOf(small, size),
      }),
    );
    this.#painting.set(full, under);
    const picture = await under.finally(() => this.#painting.delete(full));
    this.#paintings++;
    this.#painted.set(full, picture);
    const most = Math.max(6, Math.floor(MOST_PAINTED / (4 * found.d ** 2)));
    for (const oldest of this.#painted.keys()) if (this.#painted.size > most) this.#painted.delete(oldest);
    return picture;
  }

  #paintKey(step: number, name: MatrixName, order: OrderName): string {
    return `${key(step, name)} ${this.limit} ${this.order(order) === undefined ? "" : order}`;
  }

  #isRead(step: number): boolean {
    return matrixNames.every((name) => this.#known.has(key(step, name)) || this.#missing.has(key(step, name)));
  }

  /** Reads the wanted step, then the last one, whose order all steps use, then the others by distance. */
  async #readAll(): Promise<void> {
    this.#isReading = true;
    try {
      await this.#readRest();
    } finally {
      this.#isReading = false;
    }
  }

  async #readRest(): Promise<void> {
    const { steps } = this.#plan;
    for (;;) {
      const order = [...steps].sort((x, y) => this.#distance(x) - this.#distance(y));
      const next = order.find((step) => !this.#isRead(step) && this.#hasRoom(step));
      if (next === undefined || this.#hasEnded) return;
      await Promise.all(matrixNames.map((name) => this.#read(next, name)));
      if (this.#orders === undefined) await this.#readOrders(steps.at(-1)!);
      if (this.#hasEnded) return;
      this.#changed();
    }
  }

  #distance(step: number): number {
    const { steps } = this.#plan;
    return Math.abs(steps.indexOf(step) - steps.indexOf(this.#wanted));
  }

  /** Whether a step may be read: always the wanted one, for which distant ones are dropped. */
  #hasRoom(step: number): boolean {
    if (this.#bytes < MOST_BYTES) return true;
    if (this.#distance(step) > 1) return false;
    const { steps } = this.#plan;
    const kept = steps.filter((one) => matrixNames.some((name) => this.#known.has(key(one, name))));
    const farthest = kept.reduce((x, y) => (this.#distance(y) > this.#distance(x) ? y : x));
    if (this.#distance(farthest) <= 1) return false;
    for (const name of matrixNames) {
      this.#bytes -= this.#known.get(key(farthest, name))?.values.byteLength ?? 0;
      this.#known.delete(key(farthest, name));
    }
    return true;
  }

  async #read(step: number, name: MatrixName): Promise<void> {
    const { id, layer, side, convention } = this.#plan;
    try {
      const { d, values } = await this.#source.matrix(id, { step, layer, side, name, convention });
      const found = await prepare({ d, values });
      this.#known.set(key(step, name), { ...found, d });
      this.#limits.set(key(step, name), found.limit);
      this.#bytes += found.values.byteLength;
    } catch (error) {
      this.#missing.set(key(step, name), (error as Error).message);
    }
  }

  async #readOrders(step: number): Promise<void> {
    const { id, layer, side } = this.#plan;
    try {
      const found = await this.#source.matrix(id, { step, layer, side, name: "H", convention: "covariance" });
      this.#orders = await findOrders(found);
    } catch {
      this.#orders = undefined; // no activations were kept, so neurons keep their order
    }
  }
}

const key = (step: number, name: MatrixName): string => `${step} ${name}`;

function canvasOf(pixels: Uint8ClampedArray<ArrayBuffer>, d: number): HTMLCanvasElement {
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [d, d];
  canvas.getContext("2d")!.putImageData(new ImageData(pixels, d, d), 0, 0);
  return canvas;
}
