/** @file Optimizer and learning rate schedule of a setting. */
import { Random } from "../random/random.ts";
import { type OptimizerOptions, optimizer } from "../train/optimizer.ts";
import { type ScheduleOptions, schedule } from "../train/schedule.ts";

/**
 * Optimizer and schedule from the shared parameters. With `syre`, the decay towards a random point replaces the
 * optimizer's weight decay.
 */
export function optimization(p: Omit<OptimizerOptions, "kind"> & Omit<ScheduleOptions, "kind"> & SharedKinds) {
  const { optimizer: kind, schedule: shape, syre, syreSize: size, syreSpread: spread, seed, ...rest } = p;
  const { decay = 0 } = rest;
  const plain = { optimizer: optimizer({ ...rest, kind }), schedule: schedule({ ...rest, kind: shape }) };
  if (!syre || decay === 0) return plain;
  const random = new Random(seed).split("syre");
  return { ...plain, optimizer: optimizer({ ...rest, decay: 0, kind }), syre: { decay, size, spread, random } };
}

interface SharedKinds {
  readonly seed: number;
  readonly syre: boolean;
  readonly syreSize: number;
  readonly syreSpread: number;
  readonly optimizer: OptimizerOptions["kind"];
  readonly schedule: ScheduleOptions["kind"];
}
