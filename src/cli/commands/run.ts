/** @file `crh run`: trains a setting and measures it. */
import { basename } from "node:path";
import { describeParameters } from "../../parameters/describe.ts";
import { createTraining } from "../../runner/training/createTraining.ts";
import type { RunOptions } from "../../runner/training/runOptions.ts";
import { asUsage } from "../../runner/usage.ts";
import type { RunFolder } from "../../runs/runFolder.ts";
import { PAPER } from "../../settings/presets.ts";
import { findSetting, settings } from "../../settings/settings.ts";
import { openAddress } from "../browser.ts";
import type { Presentation } from "../commandOptions.ts";
import type { Io } from "../io.ts";
import { type LabBeside, startLabBeside } from "../labBeside.ts";
import { terminalObserver } from "../progress.ts";

export async function runCommand(
  name: string,
  assignments: string[],
  options: RunOptions & Presentation & { readonly lab?: boolean },
  io: Io,
): Promise<void> {
  const { job, experiment } = await createTraining(name, assignments, options);
  // here, so that errors are reported at once
  const { trainIntoRun } = await import("../../runner/training/trainIntoRun.ts");
  const { presentRun } = await import("../presentRun.ts");
  const observer = terminalObserver(io, { quiet: options.quiet });
  const lab = options.lab === true ? await showLive(job.folder, options.runs, io) : undefined;
  try {
    await trainIntoRun(job, experiment, { observer, signal: io.interruption() });
    await presentRun(job.folder, options, io);
    if (lab !== undefined && io.stdout.isTTY === true) await untilInterrupted(lab.url, io);
  } finally {
    lab?.stop();
  }
}

/** Shows the run on the page of a lab, which is opened if there is a terminal. */
async function showLive(folder: RunFolder, runs: string, io: Io): Promise<LabBeside> {
  const lab = await startLabBeside(runs);
  const address = `${lab.url}#/run/${encodeURIComponent(basename(folder.dir))}`;
  io.stderr.write(`watch it at ${address}\n`);
  if (io.stdout.isTTY === true) await openAddress(address, io);
  return lab;
}

function untilInterrupted(url: string, io: Io): Promise<void> {
  const signal = io.interruption();
  if (signal.aborted) return Promise.resolve();
  io.stderr.write(`the lab stays at ${url} until Ctrl-C\n`);
  return new Promise((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }));
}

const EXAMPLES = `
Examples:
  crh run fc2                                    the paper's fc2
  crh run fc2 depth=3 phi=0.9 --steps 20000      with other parameters
  crh data get cifar10                           fetches CIFAR-10 into data/cifar10
  crh run res1 --preset small --data data/cifar10
`;

/** Help on the settings, and on the parameters of one of them, with meaning, default and source. */
export async function settingHelp(name?: string): Promise<string> {
  const width = Math.max(...settings.map(({ name }) => name.length)) + 2;
  const list = settings.map(({ name, summary }) => `  ${name.padEnd(width)}${summary}`).join("\n");
  if (name === undefined)
    return `\nSettings:\n${list}\n${EXAMPLES}\ncrh run <setting> --help lists its parameters and presets.\n`;
  const setting = await asUsage(() => findSetting(name));
  const { summary: what } = settings.find((entry) => entry.name === setting.name)!;
  const rows = describeParameters(setting).map(({ key, description, source, values, ...rest }) => {
    const choices = values === undefined ? "" : ` (${values.join(", ")})`;
    return `  ${key}=${String(rest.default)}\n      ${description}${choices}\n      ${source}`;
  });
  const presets = Object.entries(setting.presets ?? {}).map(([key, { summary, parameters }]) => {
    const changes = Object.entries(parameters).map(([field, value]) => `${field}=${String(value)}`);
    return `  ${key}: ${summary}\n      ${changes.join(" ")}\n`;
  });
  const paper = `  ${PAPER}: the defaults below\n`;
  const listed = presets.length > 0 ? `\nPresets (--preset; without it, ${PAPER}):\n${paper}${presets.join("")}` : "";
  return `\n${setting.name}: ${what}\n${listed}\nParameters (key=default):\n${rows.join("\n")}\n`;
}
