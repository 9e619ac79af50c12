/**
 * @file Reports missing inputs, loss and targets of `crh analyze` at once, with a command line that uses the model's
 * own names.
 */
import { basename } from "node:path";
import type { Model, ValueInfo } from "../../onnx/graph.ts";
import { UsageError } from "../errors.ts";
import type { AnalyzeOptions } from "./analyzeOptions.ts";
import { type ChosenLoss, lossNames } from "./chosenLoss.ts";
import type { OpenedInputs } from "./openedInputs.ts";

/** @throws UsageError naming everything that is missing, with a complete command line */
export function checkGiven(
  path: string,
  model: Model,
  given: { readonly opened: OpenedInputs; readonly loss: ChosenLoss | undefined },
  options: AnalyzeOptions,
): void {
  const { opened, loss } = given;
  const { inputs, outputs } = model.graph;
  const known = new Set(
    [...opened.arrays, ...opened.numbers, ...(opened.text ? [opened.text] : [])].map(({ name }) => name),
  );
  const open = inputs.filter(({ name }) => !known.has(name));
  const hasTargets = options.targets !== undefined || opened.labels !== undefined || opened.text !== undefined;
  const needsTargets = loss === undefined || (loss.objective.lossOutput === undefined && loss.nextToken === undefined);
  const lacksTargets = needsTargets && !hasTargets;
  const missing = [
    ...(open.length > 0 ? [`--inputs${known.size > 0 ? ` for ${open.map(({ name }) => name).join(", ")}` : ""}`] : []),
    ...(lacksTargets ? ["--targets"] : []),
    ...(loss === undefined ? ["--loss"] : []),
  ];
  if (missing.length === 0) return;
  const words = [
    "crh analyze",
    quoted(path),
    "--inputs",
    ...options.inputs.map(quoted),
    ...open.map((input) => quoted(proposal(input, inputs.length === 1))),
    ...(options.targets === undefined
      ? lacksTargets
        ? ["--targets targets.npy"]
        : []
      : ["--targets", quoted(options.targets)]),
    ...(loss === undefined ? ["--loss LOSS"] : options.loss === undefined ? [] : ["--loss", options.loss]),
  ];
  const lossList = loss === undefined ? `; LOSS is ${lossNames.join(", ")}` : "";
  throw new UsageError(
    `crh analyze: expected ${listed(missing)}, got ${missing.length === 1 ? "none" : "none of them"}; ` +
      `${basename(path)} takes ${inputs.map(declared).join(", ")} and gives ${outputs.map(declared).join(", ")}: ` +
      `${words.join(" ")}${lossList}${open.some(isState) ? "; h=zeros fills an input h with zeros, h=h.npy@axis=1 has its samples along axis 1" : ""}`,
  );
}

function listed(words: readonly string[]): string {
  return words.length < 2 ? words.join() : `${words.slice(0, -1).join(", ")} and ${words.at(-1)}`;
}

function declared({ name, dtype, shape }: ValueInfo): string {
  const extents = shape === undefined ? "" : ` (${shape.map((extent) => extent ?? "?").join(", ")})`;
  return `${name}${dtype === undefined ? "" : ` ${dtype}`}${extents}`;
}

/** Whether an input looks like a recurrent state: (layers, batch, d). */
function isState({ name, shape }: ValueInfo): boolean {
  return (
    shape?.length === 3 &&
    typeof shape[0] === "number" &&
    /^(h|c|hx|cx|hn|cn|h_?\d|c_?\d|.*(state|hidden|cell).*)$/i.test(name)
  );
}

/** "sr=16000" for a scalar, "h=zeros" for a state, else a file. */
function proposal(input: ValueInfo, isSole: boolean): string {
  const { name, shape } = input;
  if (shape?.length === 0) return `${name}=NUMBER`;
  if (isState(input)) return `${name}=zeros`;
  const file = `${name.replace(/[^\w.-]/g, "_")}.npy`;
  return isSole ? file : `${name}=${file}`;
}

/** The word quoted for a shell. */
function quoted(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}
