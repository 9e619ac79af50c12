/**
 * @file The moments measured during a training, within a memory limit. If there are too many, those at logarithmically
 * even steps stay, including the first and the last.
 */
import type { LayerMoments, Moments, SideMoments } from "../../moments/moments.ts";

/** The sums from which H, G and Z of a layer are computed in every convention. */
const blocks = ["hSum", "gSum", "hnSum", "gnSum", "hh", "gg", "hnhn", "gngn"] as const;

export class KeptMoments {
  readonly #most: number;
  #kept: { readonly step: number; readonly layers: readonly LayerMoments[]; readonly bytes: number }[] = [];

  /** @param most bytes; the first and the last measurement stay, whatever their size */
  constructor(most: number) {
    this.#most = most;
  }

  /** Ascending. */
  get steps(): number[] {
    return this.#kept.map(({ step }) => step);
  }

  /** A layer at each kept step at which it was measured. */
  layer(name: string): { readonly step: number; readonly layer: LayerMoments }[] {
    return this.#kept.flatMap(({ step, layers }) => {
      const layer = layers.find((one) => one.name === name);
      return layer === undefined ? [] : [{ step, layer }];
    });
  }

  /** @param moments of a later step than all earlier ones; their arrays are kept, not copied */
  add({ step, layers: all }: Moments): void {
    const layers = all.map(partOf);
    this.#kept.push({ step, layers, bytes: layers.reduce((sum, layer) => sum + bytesOf(layer), 0) });
    while (this.#kept.length > 2 && this.#kept.reduce((sum, { bytes }) => sum + bytes, 0) > this.#most)
      this.#kept.splice(this.#leastMissed(), 1);
  }

  /** Index of the measurement whose neighbours are closest together on the logarithmic axis. */
  #leastMissed(): number {
    const at = this.#kept.map(({ step }) => Math.log1p(step));
    const between = at.slice(1, -1).map((_, i) => at[i + 2]! - at[i]!);
    return 1 + between.indexOf(Math.min(...between));
  }
}

function partOf({ name, kind, dIn, dOut, n, a, b, W }: LayerMoments): LayerMoments {
  return { name, kind, dIn, dOut, n, ...(a && { a: sideOf(a) }), b: sideOf(b), ...(W && { W }) };
}

function sideOf({ gh: _, ...side }: SideMoments): SideMoments {
  return side;
}

function bytesOf({ a, b, W }: LayerMoments): number {
  const sums = [a, b].flatMap((side) => blocks.map((block) => side?.[block]?.byteLength ?? 0));
  return sums.reduce((sum, bytes) => sum + bytes, W?.data.byteLength ?? 0);
}
