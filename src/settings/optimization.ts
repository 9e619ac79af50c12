/** @file Optimizer and schedule of a setting, also for a training whose parameters change meanwhile. */
import { Random } from "../random/random.ts";
import { type OptimizerOptions, optimizer } from "../train/optimizer.ts";
import { type ScheduleOptions, schedule } from "../train/schedule.ts";

/**
 * Optimizer and schedule from the shared parameters. With `syre`, the decay towards a random point replaces the
 * optimizer's weight decay.
 */
export function optimization(p: OptimizationParameters) {
  const { optimizer: kind, schedule: shape, syre, syreSize: size, syreSpread: spread, seed, ...rest } = p;
  const { decay = 0 } = rest;
  const plain = { optimizer: optimizer({ ...rest, kind }), schedule: schedule({ ...rest, kind: shape }) };
  if (!syre || decay === 0) return plain;
  const random = new Random(seed).split("syre");
  return { ...plain, optimizer: optimizer({ ...rest, decay: 0, kind }), syre: { decay, size, spread, random } };
}

/** Parameters of a schedule, which is looked at anew in every step. */
const ofSchedule = ["lr", "schedule", "warmup", "period", "factor"] as const;

/**
 * The parameters that may change between two steps: what a graph is handed with each of them. Others are part of the
 * network, of its data or of the graph.
 *
 * @param p what the graph was built with
 */
export function adjustableParameters({ optimizer: kind, syre }: Pick<SharedKinds, "optimizer" | "syre">): string[] {
  if (syre) return [...ofSchedule];
  return [...ofSchedule, "decay", ...(kind === "sgd" ? ["momentum"] : [])];
}

/**
 * Optimizer and schedule whose adjustable parameters are looked up for each step; the others are those of step 0. The
 * numbers are those of `optimization` to rounding, where nothing changes.
 *
 * @param at all parameters at a step, counted from 0
 */
export function adjustableOptimization(at: (step: number) => OptimizationParameters) {
  const first = at(0);
  const moves = adjustableParameters(first);
  const setpoint = (key: "decay" | "momentum") =>
    moves.includes(key) ? { [key]: (step: number) => at(step)[key] ?? 0 } : {};
  const { optimizer: kind, schedule: _, syre: __, syreSize: ___, syreSpread: ____, seed: _____, ...rest } = first;
  const fixed = optimization(first);
  return {
    ...fixed,
    schedule: (step: number) => {
      const { schedule: shape, ...now } = at(step);
      return schedule({ ...now, kind: shape })(step);
    },
    ...(first.syre ? {} : { optimizer: optimizer({ ...rest, kind, ...setpoint("decay"), ...setpoint("momentum") }) }),
  };
}

export type OptimizationParameters = Omit<OptimizerOptions, "kind" | "decay" | "momentum"> &
  Omit<ScheduleOptions, "kind"> &
  SharedKinds & { readonly decay?: number; readonly momentum?: number };

interface SharedKinds {
  readonly seed: number;
  readonly syre: boolean;
  readonly syreSize: number;
  readonly syreSpread: number;
  readonly optimizer: OptimizerOptions["kind"];
  readonly schedule: ScheduleOptions["kind"];
}
