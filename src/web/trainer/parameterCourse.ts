/**
 * @file The parameters of a training over its steps: the initial ones and all changes. A training with the same changes
 * takes the same steps.
 */
import { parseParameters } from "../../parameters/parse.ts";
import {
  adjustableOptimization,
  adjustableParameters,
  type OptimizationParameters,
} from "../../settings/optimization.ts";
import type { Setting } from "../../settings/setting.ts";
import { buildExperiment, findSetting } from "../../settings/settings.ts";
import type { Experiment } from "../../train/experiment.ts";
import type { ParameterChange, TrainRequest } from "./messages.ts";

type Values = Readonly<Record<string, unknown>>;

export interface PlannedExperiment {
  readonly experiment: Experiment;
  /** Every parameter, defaults filled in. */
  readonly parameters: Values;
  /** undefined where no parameter may change while it trains. */
  readonly course: ParameterCourse | undefined;
}

/** What a request trains. @throws ParameterError for what cannot be */
export async function plannedExperiment({
  setting,
  parameters: given,
  changes,
}: TrainRequest): Promise<PlannedExperiment> {
  const { experiment, parameters } = await buildExperiment(setting, given);
  const course = changes && (await ParameterCourse.of(setting, given, changes));
  return { experiment: course === undefined ? experiment : course.followedBy(experiment), parameters, course };
}

export class ParameterCourse {
  /** Parameters that may change, by name. */
  readonly adjustable: readonly string[];
  readonly #setting: Setting;
  readonly #given: Values;
  readonly #changes: ParameterChange[] = [];
  /** All parameters from each step on, ascending. */
  #stages: readonly { readonly step: number; readonly parameters: Values }[] = [];
  /** Number of steps handed to the engine. */
  #taken = 0;

  /** @throws ParameterError if a change is not possible */
  static async of(setting: string, given: Values, changes: readonly ParameterChange[]): Promise<ParameterCourse> {
    return new ParameterCourse(await findSetting(setting), given, changes);
  }

  private constructor(setting: Setting, given: Values, changes: readonly ParameterChange[]) {
    this.#setting = setting;
    this.#given = given;
    this.adjustable = adjustableParameters(parseParameters(setting, given) as unknown as OptimizationParameters);
    this.#stages = this.#staged([]);
    for (const { step, values } of changes) this.#add(step, values);
  }

  /** Ascending, one per step. */
  get changes(): readonly ParameterChange[] {
    return this.#changes;
  }

  /** All parameters at a step, counted from 0. */
  at(step: number): Values {
    return this.#stages.findLast((stage) => stage.step <= step)!.parameters;
  }

  /**
   * Changes parameters from a step on, or from the first step that has not begun.
   *
   * @throws ParameterError if a value is not possible
   */
  change(step: number, values: ParameterChange["values"]): void {
    this.#add(Math.max(step, this.#taken), values);
  }

  /** The experiment, with its parameters following this course. */
  followedBy(experiment: Experiment): Experiment {
    const moving = adjustableOptimization((step) => this.at(step) as unknown as OptimizationParameters);
    const optimizer = {
      ...moving.optimizer,
      coefficients: (step: number, lr: number) => {
        this.#taken = Math.max(this.#taken, step + 1);
        return moving.optimizer.coefficients(step, lr);
      },
    };
    return { ...experiment, ...moving, optimizer };
  }

  #add(step: number, values: ParameterChange["values"]): void {
    const fixed = Object.keys(values).find((key) => !this.adjustable.includes(key));
    if (fixed !== undefined)
      throw new RangeError(
        `train: expected parameters that may change during training, got ${fixed}; start again with it`,
      );
    const at = this.#changes.findIndex((one) => one.step >= step);
    const isThere = this.#changes[at]?.step === step;
    const change = { step, values: { ...(isThere ? this.#changes[at]!.values : {}), ...values } };
    const changes = this.#changes.toSpliced(at < 0 ? this.#changes.length : at, isThere ? 1 : 0, change);
    this.#stages = this.#staged(changes);
    this.#changes.splice(0, this.#changes.length, ...changes);
  }

  #staged(changes: readonly ParameterChange[]) {
    let given = this.#given;
    const parsed = (step: number) => ({ step, parameters: parseParameters(this.#setting, given) });
    const first = parsed(0);
    return [
      first,
      ...changes.map(({ step, values }) => {
        given = { ...given, ...values };
        return parsed(step);
      }),
    ];
  }
}
