/**
 * @file The matrices H, G, Z of one side of a layer over the kept steps: read in the background, the step that is
 * looked at first, and kept as far as memory allows, with one scale of colours for all.
 */
import { divergingPalette, levels } from "../../figures/diverging.ts";
import type { Convention, Side } from "../../moments/moments.ts";
import type { MatrixName, RunSource } from "../source/runSource.ts";
import { findOrders, prepare } from "./layerThread.ts";
import type { Orders, Prepared } from "./layerWorker.ts";

export const matrixNames = ["H", "G", "Z"] as const satisfies readonly MatrixName[];

export interface StoredMatrix extends Prepared {
  readonly d: number;
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

/** chosen: bytes of matrices that stay in memory. */
const MOST_BYTES = 320e6;
/** chosen: bytes of painted ones. */
const MOST_PAINTED = 160e6;

export class MatrixStore {
  readonly #source: RunSource;
  readonly #plan: MatrixPlan;
  readonly #changed: () => void;
  readonly #known = new Map<string, StoredMatrix>();
  /** Why a matrix cannot be had, by step and name. */
  readonly #missing = new Map<string, string>();
  readonly #painted = new Map<string, HTMLCanvasElement>();
  readonly #limits = new Map<string, number>();
  #bytes = 0;
  #wanted: number;
  #hasEnded = true;
  #isReading = false;
  #orders: Orders | undefined;

  /** @param changed is called when a matrix came in */
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

  /** The step to be read next, if it is not there. */
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

  /** Steps of which all was read. */
  get stepsRead(): number {
    return this.#plan.steps.filter((step) => this.#isRead(step)).length;
  }

  /** The end of the scale of all matrices that were read, over their mean diagonals; two digits. */
  get limit(): number {
    return Number(Math.max(0, ...this.#limits.values()).toPrecision(2)) || 1;
  }

  get orders(): Orders | undefined {
    return this.#orders;
  }

  /** The order of neurons: their own, or that of the last kept step, the same for all steps. */
  order(name: OrderName): Uint32Array | undefined {
    return name === "neuron" ? undefined : this.#orders?.[name];
  }

  /** The matrix in colours, a pixel an entry; painted once. */
  painted(step: number, name: MatrixName, order: OrderName): HTMLCanvasElement | undefined {
    const found = this.get(step, name);
    if (found === undefined) return undefined;
    const { limit } = this;
    const full = `${key(step, name)} ${limit} ${this.order(order) === undefined ? "" : order}`;
    const known = this.#painted.get(full);
    if (known !== undefined) {
      this.#painted.delete(full);
      this.#painted.set(full, known); // most recently used last
      return known;
    }
    const canvas = paint(found, limit, this.order(order));
    this.#painted.set(full, canvas);
    const most = Math.max(6, Math.floor(MOST_PAINTED / (4 * found.d ** 2)));
    for (const oldest of this.#painted.keys()) if (this.#painted.size > most) this.#painted.delete(oldest);
    return canvas;
  }

  #isRead(step: number): boolean {
    return matrixNames.every((name) => this.#known.has(key(step, name)) || this.#missing.has(key(step, name)));
  }

  /** The wanted step, then the last one, whose order all have, then others by their distance. */
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

  /** Whether a step may be read: the wanted one always, for which others far away are let go. */
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
      this.#orders = undefined; // no activations were kept: neurons stay as they are
    }
  }
}

const key = (step: number, name: MatrixName): string => `${step} ${name}`;

/** Colours as canvases take them, little-endian: 0xAABBGGRR. */
const colours = (() => {
  const palette = divergingPalette();
  return Uint32Array.from(
    { length: levels },
    (_, i) => (0xff000000 | (palette[3 * i + 2]! << 16) | (palette[3 * i + 1]! << 8) | palette[3 * i]!) >>> 0,
  );
})();

/** A pixel an entry, from -limit to limit over the mean diagonal; entries beyond take the end colours. */
function paint({ d, values, meanDiagonal }: StoredMatrix, limit: number, order?: Uint32Array): HTMLCanvasElement {
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [d, d];
  const context = canvas.getContext("2d")!;
  const image = context.createImageData(d, d);
  const pixels = new Uint32Array(image.data.buffer);
  const middle = (levels - 1) / 2;
  const scale = middle / (limit * meanDiagonal);
  for (let i = 0; i < d; i++) {
    const row = (order === undefined ? i : order[i]!) * d;
    const to = i * d;
    for (let j = 0; j < d; j++) {
      const at = middle + 0.5 + values[row + (order === undefined ? j : order[j]!)]! * scale;
      pixels[to + j] = colours[at < 0 ? 0 : at >= levels ? levels - 1 : at | 0]!;
    }
  }
  context.putImageData(image, 0, 0);
  return canvas;
}
