/**
 * @file Proposes a command line of `crh analyze` for a model from its inputs and outputs, with the expected contents of
 * its files.
 */
import type { Graph, ValueInfo } from "../../onnx/graph.ts";

export interface Proposal {
  /** Words of the command line. */
  readonly words: readonly string[];
  /** Contents of each file, and the reason for the loss. */
  readonly files: readonly string[];
}

/**
 * @param path the model's file
 * @param output the output that enters the loss, with its shape at the guessed bindings
 */
export function proposedCommand(
  path: string,
  graph: Graph,
  output: { readonly name: string; readonly shape: readonly number[] },
): Proposal {
  const { inputs, outputs } = graph;
  const sole = inputs.length === 1;
  const file = ({ name }: ValueInfo) => `${fileWord(name)}.npy`;
  const given = inputs.map((input) => (sole ? file(input) : `${input.name}=${file(input)}`));
  const { loss, target } = guessedLoss(graph, output);
  const declared = outputs.find(({ name }) => name === output.name);
  const words = [
    ...["crh", "analyze", path, "--inputs", ...given, "--targets", "targets.npy", "--loss", loss],
    ...(outputs.length > 1 ? ["--output", output.name] : []),
  ];
  const files = [
    ...inputs.map((input) => `${file(input)}: ${input.dtype ?? "numbers"} ${shapeWords(input)}`),
    `targets.npy: ${target === "output" ? `float32 ${declared?.shape ? shapeWords(declared) : `of the shape of ${output.name}`}` : target}`,
  ];
  return { words, files };
}

/** "(n, 3, 32, 32)": free dimensions by their names, or "?". */
export function shapeWords({ shape }: ValueInfo): string {
  if (shape === undefined) return "of any shape";
  return `(${shape.map((extent) => (extent === undefined || extent === "" ? "?" : String(extent))).join(", ")}${shape.length === 1 ? "," : ""})`;
}

/** chosen: more values than this per sample, pixel or token are not taken as classes. */
const LEAST_CLASSES = 2;

function guessedLoss(graph: Graph, { name, shape }: { readonly name: string; readonly shape: readonly number[] }) {
  const end = graph.nodes.find(({ outputs }) => outputs.includes(name))?.op;
  const classes = shape.at(-1) ?? 1;
  const tokens = graph.inputs.some(({ dtype, shape: given }) => dtype === "int64" && given?.length === 2);
  if (end === "Sigmoid") return { loss: "bce", target: "output" };
  if (shape.length === 2 && classes >= LEAST_CLASSES)
    return { loss: end === "LogSoftmax" ? "nll" : "cross-entropy", target: "int64 (n,), the class of each sample" };
  if (shape.length === 3 && tokens)
    return { loss: "cross-entropy", target: "int64 of the shape of the tokens, the next token of each" };
  return { loss: "mse", target: "output" };
}

/** A file name made from the name of an input. */
function fileWord(name: string): string {
  return name.replace(/[^\w.-]+/g, "-").replace(/^[-.]+|[-.]+$/g, "") || "input";
}
