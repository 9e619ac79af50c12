/**
 * @file Numbers watched while a network trains, beside loss and moments: computed from its parameters at chosen steps,
 * and written as metrics `watch/<quantity>`. A look reads values and changes none, so training is the same with and
 * without it.
 */
import type { Tensor } from "../onnx/tensor.ts";
import type { Milestones } from "./milestones.ts";

/** What is watched, and when. */
export interface Watch {
  /** Quantities that share an axis, group by group: a figure each in the report. */
  readonly groups: readonly WatchedGroup[];
  /**
   * Steps between looks; "records": wherever the loss is recorded, which costs no further stop; "measurements":
   * wherever moments are measured. Step 0 and the end are looked at always. Default: "records".
   */
  readonly every?: number | "records" | "measurements";
  /**
   * The quantities by name. One that has no finite value is not written at that step.
   *
   * @param values every parameter and buffer of the network by name
   */
  of(values: ReadonlyMap<string, Tensor>): Readonly<Record<string, number>>;
}

export interface WatchedGroup {
  /** In a few words, as a title: "Charge". */
  readonly title: string;
  /** Name of their axis: "u² − w²". */
  readonly axis: string;
  /** Whether a logarithmic axis suits them. Default: no. */
  readonly log?: boolean;
  /** What each quantity is, in one line, by its name. Names are unlike those of all other groups. */
  readonly quantities: Readonly<Record<string, string>>;
  /** Values that theory expects, drawn as dashed lines: what each is, with its value. */
  readonly expected?: Readonly<Record<string, number>>;
}

/** Name of a quantity in the metrics. */
export const watchMetric = (quantity: string): string => `watch/${quantity}`;

/** Looks at what an experiment watches. */
export class Watcher {
  private readonly watch: Watch;
  private readonly names: ReadonlySet<string>;

  /** @throws RangeError where a name stands twice, or there is no whole number of steps between looks */
  constructor(watch: Watch) {
    const { groups, every = "records" } = watch;
    const names = groups.flatMap(({ quantities }) => Object.keys(quantities));
    const twice = names.find((name, i) => names.indexOf(name) !== i);
    if (twice !== undefined)
      throw new RangeError(`watch: expected a name for each quantity, got ${twice} twice; rename one`);
    if (typeof every === "number" && !(Number.isInteger(every) && every >= 1))
      throw new RangeError(`watch: expected a whole number of steps between looks, got ${every}`);
    this.watch = watch;
    this.names = new Set(names);
  }

  isDue(step: number, steps: number, { record, measure }: Milestones): boolean {
    const { every = "records" } = this.watch;
    if (step === 0 || step === steps) return true;
    if (every === "records") return record.includes(step);
    return every === "measurements" ? measure.includes(step) : step % every === 0;
  }

  /** The first step after `step` at which training has to stop for a look and may not stop for anything else. */
  nextStop(step: number): number {
    const { every } = this.watch;
    return typeof every === "number" ? (Math.floor(step / every) + 1) * every : Number.POSITIVE_INFINITY;
  }

  /** @throws RangeError where a quantity comes out that no group names */
  look(step: number, values: ReadonlyMap<string, Tensor>): { step: number; name: string; value: number }[] {
    return Object.entries(this.watch.of(values)).flatMap(([name, value]) => {
      if (!this.names.has(name))
        throw new RangeError(
          `watch: expected values of ${[...this.names].join(", ")}, got ${name}; name it in a group`,
        );
      return Number.isFinite(value) ? [{ step, name: watchMetric(name), value }] : [];
    });
  }
}
