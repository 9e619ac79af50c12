/**
 * @file `crh doctor`: versions, features of this machine, what is missing and how to get it. Fails if something that
 * every command needs does not work.
 */

import { printable } from "../../formats/printable.ts";
import { EXIT_FAILED } from "../../runner/errors.ts";
import { hasColour, type Io } from "../io.ts";
import { dimmer, pad } from "../table.ts";
import type { Check } from "./doctor/check.ts";
import { checkCuda, checkWebGpu } from "./doctor/devices.ts";
import { checkEngine, checkTelemetry } from "./doctor/engine.ts";
import { checkCrh, checkMemory, checkNode, checkRunsFolder, checkThreads } from "./doctor/machine.ts";
import { checkPython } from "./doctor/python.ts";

export interface DoctorOptions {
  /** Folder of the runs. */
  readonly runs: string;
  readonly json?: boolean;
}

const ALL_NEEDED = "\nEverything required works; missing items are optional.\n";
const NEEDED_FAILS = "\nThe failed checks are required: crh does not work here until they are fixed.\n";

/** @returns 0, or 1 if a required check fails */
export async function doctorCommand(options: DoctorOptions, io: Io): Promise<number> {
  const checks: Check[] = [];
  const dim = dimmer(hasColour(io.stdout, io.env));
  const steps = [
    checkCrh,
    checkNode,
    checkEngine,
    checkTelemetry,
    checkWebGpu,
    checkCuda,
    checkThreads,
    checkMemory,
    () => checkRunsFolder(options.runs),
    () => checkPython(io.env),
  ];
  for (const step of steps) {
    const check = await step();
    checks.push(check);
    if (options.json !== true) io.stdout.write(describe(check, dim));
  }
  const ok = checks.every(({ status }) => status !== "failed");
  if (options.json === true)
    io.stdout.write(`${JSON.stringify({ schema: "crh-lab/doctor@1", ok, checks }, undefined, 2)}\n`);
  else io.stdout.write(ok ? ALL_NEEDED : NEEDED_FAILS);
  return ok ? 0 : EXIT_FAILED;
}

function describe({ name, status, found, cure }: Check, dim: (text: string) => string): string {
  const line = `${pad(status, 8)}${pad(name, 13)}${printable(found)}\n`;
  return cure === undefined ? line : `${line}${dim(`${" ".repeat(21)}${printable(cure)}`)}\n`;
}
