/**
 * @file Numbers watched while a network trains, besides loss and moments. They are computed from its parameters at
 * chosen steps and written as metrics `watch/<quantity>`. A look reads values and changes none, so training is the same
 * with and without it.
 */
import type { Tensor } from "../onnx/tensor.ts";
import type { Milestones } from "./milestones.ts";

/** The watched quantities, and when to look at them. */
export interface Watch {
  /** Groups of quantities that share an axis; each group is a figure in the report. */
  readonly groups: readonly WatchedGroup[];
  /**
   * Steps between looks; "records": wherever the loss is recorded, which costs no further stop; "measurements":
   * wherever moments are measured. Step 0 and the last step are always looked at. Default: "records".
   */
  readonly every?: number | "records" | "measurements";
  /**
   * The quantities by name. A quantity whose value is not finite is not written at that step.
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
  /** A line of explanation for each quantity, by its name. A name occurs in one group only. */
  readonly quantities: Readonly<Record<string, string>>;
  /** Values that theory expects, drawn as dashed lines: a label with its value. */
  readonly expected?: Readonly<Record<string, number>>;
}

/** Name of the metric that holds a quantity. */
export const watchMetric = (quantity: string): string => `watch/${quantity}`;

/** Looks at the quantities that an experiment watches. */
export class Watcher {
  private readonly watch: Watch;
  private readonly names: ReadonlySet<string>;

  /** @throws RangeError where a name occurs twice, or the number of steps between looks is not a positive integer */
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

  /** The next step at which training has to stop for a look alone; infinity where looks share other stops. */
  nextStop(step: number): number {
    const { every } = this.watch;
    return typeof every === "number" ? (Math.floor(step / every) + 1) * every : Number.POSITIVE_INFINITY;
  }

  /** @throws RangeError where a quantity is computed that no group names */
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
