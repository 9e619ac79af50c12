/**
 * @file The point of a model at which the loss is taken: which output, and before or after a final softmax or sigmoid.
 * Changes of the model are noted; ambiguous cases must be decided by the user.
 */
import type { Objective, OwnLoss } from "../objectives/objective.ts";
import type { Graph, Model, Node, ValueInfo } from "../onnx/graph.ts";
import { inferenceForm, seeded } from "../onnx/inferenceForm.ts";
import { withNumbers } from "./filledInput.ts";
import { type InputWord, isNumberWord } from "./inputWord.ts";

export interface ModelEnd {
  readonly model: Model;
  /** Notes on choices and changes, one sentence each. */
  readonly notes: readonly string[];
}

/**
 * The model in evaluation form, or as exported; random operators are seeded.
 *
 * @param options.asExported keeps dropout and batch normalization in training form
 */
export function evaluationForm(
  model: Model,
  { asExported, seed }: { readonly asExported: boolean; readonly seed: number },
): ModelEnd {
  const used = asExported ? { model, changed: [] } : inferenceForm(model);
  const drawn = seeded(used.model, seed);
  const notes = [
    ...(used.changed.length > 0
      ? [
          `The model is in training form: ${used.changed.join(", ")} measured in inference form; --as-exported keeps it.`,
        ]
      : []),
    ...(drawn.changed.length > 0
      ? [`The model draws at random: ${drawn.changed.join(", ")}, by --sample-seed ${seed}; batches and threads count.`]
      : []),
  ];
  return { model: drawn.model, notes };
}

/**
 * The model as measured: in evaluation form, with constant inputs replaced, samples along the first axis, and the
 * output that enters the loss first.
 *
 * @param given.words words of --inputs, each with the name of its input
 */
export function measuredForm(
  model: Model,
  given: {
    readonly words: readonly InputWord[];
    readonly loss: Objective | OwnLoss;
    readonly output: string | undefined;
    /** The axis of samples in the targets' file. */
    readonly targetAxis: number;
    readonly asExported: boolean;
    readonly seed: number;
  },
): ModelEnd {
  const { words, loss, output, targetAxis } = given;
  const used = evaluationForm(model, given);
  const files = words.flatMap((word) =>
    isNumberWord(word) || word.name === undefined ? [] : [{ ...word, name: word.name }],
  );
  const numbers = words.filter(isNumberWord);
  const turned = samplesFirst(withNumbers(used.model, numbers), {
    quiet: new Set(numbers.map(({ name }) => name)),
    axes: new Map(files.flatMap(({ name, axis }) => (axis === undefined ? [] : [[name, axis] as const]))),
    same: new Set(files.flatMap(({ name, same }) => (same ? [name] : []))),
  });
  const end = modelEnd(turned.model, loss, output);
  const first = outputSamplesFirst(end.model, targetAxis);
  return { model: first.model, notes: [...used.notes, ...turned.notes, ...end.notes, ...first.notes] };
}

/**
 * The model with samples along the first axis of its first output, if the targets have them along a later axis and the
 * output declares the same, (time, batch, classes); otherwise only the file has them there.
 *
 * @param model the model, with samples along the first axis of its inputs
 */
function outputSamplesFirst(model: Model, axis: number): ModelEnd {
  const { inputs, nodes, outputs } = model.graph;
  const { name, shape, ...output } = outputs[0]!;
  const along = shape?.[axis];
  const samples = new Set(inputs.map((input) => input.shape?.[0]));
  const isSamples = (extent: number | string | undefined) => extent !== undefined && samples.has(extent);
  const isLater =
    shape !== undefined &&
    axis < shape.length &&
    ((isSamples(along) && !isSamples(shape[0])) || (typeof shape[0] === "number" && typeof along !== "number"));
  if (axis === 0 || !isLater) return { model, notes: [] };
  const order = [axis, ...[...shape.keys()].filter((at) => at !== axis)];
  const turned: Node = {
    ...{
      op: "Transpose",
      domain: "",
      name: `${name} samples first`,
      inputs: [name],
      outputs: [`${name} samples first`],
    },
    attributes: { perm: { ints: order } },
  };
  const own = { ...output, name: turned.outputs[0]!, shape: order.map((at) => shape[at]) };
  return {
    model: { ...model, graph: { ...model.graph, nodes: [...nodes, turned], outputs: [own, ...outputs.slice(1)] } },
    notes: [
      `The samples of ${name} lie along axis ${axis} in the model, (${shape.map((extent) => extent ?? "?").join(", ")}), as those of the targets in the file.`,
    ],
  };
}

/** Names of a free axis over the positions of one sample. */
const LENGTH = /seq|len|time|step|token|frame|height|width/i;

/**
 * The model with samples along the first axis of each input. If an input has a fixed first axis and one free axis
 * later, as in recurrent networks with time first, or if the user names the axis, that axis is moved to the front.
 *
 * @param said.axes axis by input, if given
 * @param said.same inputs that have no axis of samples
 * @param said.quiet inputs without a note
 * @throws RangeError if an input has no such axis
 */
export function samplesFirst(
  model: Model,
  {
    axes,
    same,
    quiet,
  }: {
    readonly axes: ReadonlyMap<string, number>;
    readonly same: ReadonlySet<string>;
    readonly quiet: ReadonlySet<string>;
  },
): ModelEnd {
  const notes: string[] = [];
  let { nodes, inputs } = model.graph;
  for (const { name, shape } of inputs) {
    const said = axes.get(name);
    if (same.has(name)) continue;
    if (shape === undefined) {
      if (said === undefined || said === 0) continue;
      throw new RangeError(
        `analyze: expected a model that declares the shape of ${name}, whose samples are to lie along axis ${said}, got none; export it with shapes`,
      );
    }
    if (said !== undefined && said >= shape.length)
      throw new RangeError(
        `analyze: expected an axis of ${name} (${shape.map((extent) => extent ?? "?").join(", ")}) as @axis in --inputs, got ${said}; axes count from 0`,
      );
    const axis = said ?? laterAxis(shape);
    if (axis === undefined || axis === 0) continue;
    const given = `${name} as exported`;
    const back = [...shape.keys()].map((at) => (at < axis ? at + 1 : at === axis ? 0 : at));
    const first = [axis, ...[...shape.keys()].filter((at) => at !== axis)].map((at) => shape[at]);
    const turned: Node = {
      ...{ op: "Transpose", domain: "", name: given, inputs: [name], outputs: [given] },
      attributes: { perm: { ints: back } },
    };
    nodes = [turned, ...nodes.map((node) => withInput(node, name, given))];
    inputs = inputs.map((input) => (input.name === name ? { ...input, shape: first } : input));
    if (quiet.has(name)) continue;
    const where = `The samples of ${name} lie along axis ${axis} in the model, (${shape.map((extent) => extent ?? "?").join(", ")})`;
    notes.push(said === undefined ? `${where}: data have them along the first.` : `${where}, and in the file.`);
  }
  return { model: { ...model, graph: { ...model.graph, nodes, inputs } }, notes };
}

/** The node with one input value replaced by another, including in its bodies. */
function withInput(node: Node, name: string, other: string): Node {
  const attributes = Object.entries(node.attributes).map(([key, attribute]) => {
    if (!("graph" in attribute)) return [key, attribute] as const;
    const { graph } = attribute;
    const outputs = graph.outputs.map((one) => (one.name === name ? { ...one, name: other } : one));
    const nodes = graph.nodes.map((inner) => withInput(inner, name, other));
    return [key, { graph: { ...graph, nodes, outputs } }] as const;
  });
  const inputs = node.inputs.map((one) => (one === name ? other : one));
  return { ...node, inputs, attributes: Object.fromEntries(attributes) };
}

/** Names of an axis of samples. */
const BATCH = /^(n|b|bs|samples?|.*batch.*)$/i;

/** The axis of samples after a fixed first one, if the model determines it. */
function laterAxis(shape: NonNullable<ValueInfo["shape"]>): number | undefined {
  const [axis, ...others] = shape.flatMap((extent, at) => (typeof extent === "number" ? [] : [at]));
  if (axis === undefined || others.length > 0) return undefined;
  const name = String(shape[axis] ?? "");
  // A batch of one with a free length, as in text models, and any axis named as a length keep samples first.
  return LENGTH.test(name) || (shape[0] === 1 && !BATCH.test(name)) ? undefined : axis;
}

/** Operators that pass their input on, possibly with another shape. */
const HANDS_ON: ReadonlySet<string> = new Set(["Identity", "Cast", "Flatten", "Reshape", "Squeeze", "Unsqueeze"]);

/**
 * The model with the output that enters the loss first, taken before a softmax or sigmoid that the loss includes.
 *
 * @param output name of the output, if the user gives one
 * @throws RangeError listing the outputs, if none has that name, or the first of several is not suitable
 */
export function modelEnd(model: Model, loss: Objective | OwnLoss, output?: string): ModelEnd {
  if (loss.lossOutput !== undefined) return { model, notes: [] };
  const chosen = withOutput(model, output);
  requireReal(chosen.model.graph);
  const ended = beforeActivation(chosen.model, loss.name);
  return { model: ended.model, notes: [...chosen.notes, ...ended.notes] };
}

function withOutput(model: Model, output: string | undefined): ModelEnd {
  const { graph } = model;
  const { outputs } = graph;
  const list = outputs.map(({ name, dtype }) => (dtype === undefined ? name : `${name} ${dtype}`)).join(", ");
  const first = (name: string): Model => ({
    ...model,
    graph: { ...graph, outputs: [...outputs].sort((x, y) => Number(y.name === name) - Number(x.name === name)) },
  });
  if (output !== undefined) {
    if (outputs.some(({ name }) => name === output)) return { model: first(output), notes: [] };
    throw new RangeError(`analyze: expected an output of the model (${list}) as --output, got ${output}`);
  }
  if (outputs.length < 2) return { model, notes: [] };
  const reached = outputs.map(({ name }) => weighted(graph, name));
  const [own] = outputs;
  const { node: maker } = makerOf(graph, own!.name);
  const isFloat = own!.dtype === undefined ? !maker?.op.startsWith("Arg") : own!.dtype.includes("float");
  if (isFloat && reached[0] === Math.max(...reached))
    return {
      model,
      notes: [`The loss is taken of ${own!.name}, the first of the outputs ${list}; --output NAME takes another.`],
    };
  throw new RangeError(
    `analyze: expected --output NAME for a model of several outputs (${list}), got none; its first, ${own!.name}, ` +
      (isFloat ? "does not depend on all of the weights" : "is no float, and has no gradient"),
  );
}

/** @throws RangeError if the first output is not declared as float, or is an argmax */
function requireReal(graph: Graph): void {
  const { name, dtype } = graph.outputs[0]!;
  const found = dtype ?? (makerOf(graph, name).node?.op.startsWith("Arg") ? "int64" : undefined);
  if (found === undefined || found.includes("float")) return;
  const others = graph.outputs.slice(1).flatMap((one) => (one.dtype?.includes("float") === false ? [] : [one.name]));
  const cure =
    others.length > 0
      ? `choose another by --output: ${others.join(", ")}`
      : "export what its classes are chosen by, the logits, as an output";
  throw new RangeError(`analyze: expected an output of real numbers, got ${name} of ${found}; ${cure}`);
}

/** The weight matrices that a value depends on. */
function weighted(graph: Graph, value: string): number {
  const needed = new Set([value]);
  let count = 0;
  for (const node of [...graph.nodes].reverse()) {
    if (!node.outputs.some((name) => needed.has(name))) continue;
    for (const name of node.inputs) needed.add(name);
    count += node.inputs.filter((name) => (graph.initializers.get(name)?.shape.length ?? 0) > 1).length;
  }
  return count;
}

/** The node that computes a value, and the preceding nodes that pass it on, in order. */
function makerOf(graph: Graph, value: string): { readonly node: Node | undefined; readonly handed: readonly Node[] } {
  const makers = new Map(graph.nodes.flatMap((node) => node.outputs.map((name) => [name, node] as const)));
  const handed: Node[] = [];
  let node = makers.get(value);
  while (node !== undefined && HANDS_ON.has(node.op)) {
    handed.unshift(node);
    node = makers.get(node.inputs[0]!);
  }
  return { node, handed };
}

/** What a loss uses instead of a model's final probabilities. */
function beforeActivation(model: Model, loss: string): ModelEnd {
  const { graph } = model;
  const output = graph.outputs[0]!;
  const { node, handed } = makerOf(graph, output.name);
  if (node === undefined || node.domain !== "") return { model, notes: [] };
  const { op } = node;
  const replaced = (end: Node, note: string): ModelEnd => ({
    model: withEnd(model, [end, ...handed], output.name),
    notes: [note],
  });
  const without = (end: Node): Node => ({ ...end, op: "Identity", inputs: end.inputs.slice(0, 1), attributes: {} });
  if (op === "Softmax" && loss === "cross-entropy")
    return replaced(
      without(node),
      "The model ends in Softmax: the loss uses its input, since cross-entropy includes a softmax.",
    );
  if (op === "Softmax" && loss === "nll")
    return replaced(
      { ...node, op: "LogSoftmax" },
      "The model ends in Softmax: nll takes the logarithm of its probabilities.",
    );
  if (op === "Sigmoid" && loss === "bce-with-logits")
    return replaced(
      without(node),
      "The model ends in Sigmoid: the loss uses its input, since bce-with-logits includes a sigmoid.",
    );
  if (op === "Sigmoid" && (loss === "cross-entropy" || loss === "nll"))
    return {
      model,
      notes: [
        `The model ends in Sigmoid, whose outputs ${loss} does not take for probabilities of one class each: --loss bce does, with a target for each output.`,
      ],
    };
  return { model, notes: [] };
}

/** The model with copies of its last nodes, which make a new first output. */
function withEnd(model: Model, nodes: readonly Node[], output: string): Model {
  const { graph } = model;
  const renamed = new Map(
    nodes.flatMap(({ outputs }) => outputs.map((name) => [name, `${name} before the loss`] as const)),
  );
  const [, ...others] = graph.outputs;
  const copies = nodes.map((node, i) => ({
    ...node,
    name: `${node.outputs[0]!} before the loss`,
    inputs: i === 0 ? node.inputs : node.inputs.map((name) => renamed.get(name) ?? name),
    outputs: node.outputs.map((name) => renamed.get(name)!),
  }));
  const { shape, dtype } = graph.outputs[0]!;
  const first = { name: renamed.get(output)!, ...(dtype && { dtype }), ...(shape && { shape }) };
  return { ...model, graph: { ...graph, nodes: [...graph.nodes, ...copies], outputs: [first, ...others] } };
}
