/**
 * @file Converts a model quantized to integers to the float32 model that it approximates, so that it can be
 * differentiated. Covers the output of quantizers: QuantizeLinear and DequantizeLinear pairs, QLinear operators (the
 * standard's and ONNX Runtime's), dynamic quantization with MatMulInteger, ConvInteger, DynamicQuantizeMatMul and
 * DynamicQuantizeLSTM. Any other operator on quantized values stays on integers. No gradient passes it, and its own
 * maps say why they are not measured; conversion resumes after it.
 *
 * Weights become exactly the numbers that their integers represent. Activations are NOT rounded: a quantized activation
 * is replaced by the real number it came from, clipped to the range that its integers cover. The gradient is therefore
 * that of the straight-through estimator (Jacob et al. 2018, arXiv:1712.05877; torch.fake_quantize): 1 within the
 * range, 0 outside. The clip stays because quantizers drop a ReLU whose zero is the end of the range. Dynamic ranges
 * never clip.
 *
 * During the conversion each name of a quantized value comes to denote the real values. The model must be in the forms
 * of WORKING_OPSET (upgradeModel). Where its scales are 16-bit floats, castModel must run before or after.
 */
import { bodiesOf, capturedBy, renamed } from "./branches.ts";
import { castTensor } from "./castModel.ts";
import { floatAttribute, type Graph, int, intAttribute, type Model, type Node } from "./graph.ts";
import { dequantize, quantize, range, type Scaling } from "./quantization.ts";
import { float32, sizeOf, type Tensor, toNumbers } from "./tensor.ts";

const RUNTIME_DOMAIN = "com.microsoft";

/**
 * Operators with the same result on quantized values as on the real ones: they move values, order them, or average with
 * weights of sum 1.
 */
const TRANSPARENT: ReadonlySet<string> = new Set(
  (
    "Identity Reshape Flatten Squeeze Unsqueeze Transpose Slice Split Gather GatherElements GatherND Concat Expand Tile " +
    "DepthToSpace SpaceToDepth MaxPool GlobalMaxPool ReduceMax ReduceMin Resize"
  ).split(" "),
);

interface RuntimeOperator {
  readonly op: string;
  readonly operands: number;
}

/**
 * ONNX Runtime's operators on quantized values, with the float operator of each; inputs are (value, scale, zero point)
 * triples.
 */
const runtimeOperators: Readonly<Record<string, RuntimeOperator>> = {
  QLinearAdd: { op: "Add", operands: 2 },
  QLinearMul: { op: "Mul", operands: 2 },
  QLinearGlobalAveragePool: { op: "GlobalAveragePool", operands: 1 },
  QLinearAveragePool: { op: "AveragePool", operands: 1 },
  QLinearSigmoid: { op: "Sigmoid", operands: 1 },
  QLinearLeakyRelu: { op: "LeakyRelu", operands: 1 },
  QLinearReduceMean: { op: "ReduceMean", operands: 1 },
  QLinearSoftmax: { op: "Softmax", operands: 1 },
};

const QUANTIZED =
  /^(QuantizeLinear|DequantizeLinear|DynamicQuantizeLinear|QLinear\w+|QGemm|\w+Integer|MatMulIntegerToFloat|DynamicQuantize\w+)$/;

/** Suffix of the names of nodes that replace a rounding. */
const ROUNDED = "/rounded";

/**
 * Whether a node replaces a quantizer's rounding of values of either sign: within the range of the integers it is the
 * identity.
 */
export function isRounding({ op, name }: Node): boolean {
  return op === "Clip" && name.endsWith(ROUNDED);
}

/**
 * The model in float32.
 *
 * @returns the same object where nothing is quantized
 */
export function dequantizeModel(model: Model): Model {
  if (!hasQuantized(model.graph)) return model;
  return { ...model, graph: new Dequantizer(model.graph).run() };
}

function hasQuantized({ nodes }: Graph): boolean {
  return nodes.some((node) => QUANTIZED.test(node.op) || bodiesOf(node).some(hasQuantized));
}

class Dequantizer {
  private readonly graph: Graph;
  private readonly constants: Map<string, Tensor>;
  private readonly nodes: Node[] = [];
  /** Values that now have another name. */
  private readonly renamed = new Map<string, string>();
  /**
   * Real values clipped to a range that replace quantized ones, with their scale, which integer products of them lack.
   */
  private readonly clipped = new Map<string, number>();
  /** Real values that replace dynamically quantized ones; their scale counts as 1. */
  private readonly dynamic = new Set<string>();
  /** Integer products, now real; only casts to float may read them. */
  private readonly sums = new Set<string>();
  /** How the values in `clipped` were quantized. */
  private readonly scalings = new Map<string, Scaling>();
  /** Values as integers, for unconverted nodes that read them, by their original names. */
  private readonly integers = new Map<string, string>();
  private readonly producers = new Map<string, Node>();
  /** Products with constant weights into which a later scale can still be multiplied. */
  private readonly open = new Map<string, { readonly weight: string; readonly isConv: boolean }>();
  /** How often each value of the original graph is read. */
  private readonly readers = new Map<string, number>();
  private readonly taken: Set<string>;

  constructor(graph: Graph) {
    this.graph = graph;
    this.constants = new Map(graph.initializers);
    this.taken = new Set([
      ...graph.initializers.keys(),
      ...graph.inputs.map(({ name }) => name),
      ...graph.nodes.flatMap(({ outputs }) => outputs),
    ]);
    for (const node of graph.nodes) for (const output of node.outputs) this.producers.set(output, node);
    const read = [...graph.nodes.flatMap(({ inputs }) => inputs), ...graph.outputs.map(({ name }) => name)];
    for (const name of read) this.readers.set(name, (this.readers.get(name) ?? 0) + 1);
  }

  run(): Graph {
    const kept = new Set(this.graph.outputs.map(({ name }) => name));
    for (const old of this.graph.nodes) {
      const inputs = old.inputs.map((name) => this.renamed.get(name) ?? name);
      const done = this.nodes.length;
      try {
        if (bodiesOf(old).some(hasQuantized))
          throw new NotFollowed("quantized operators inside a body of control flow");
        const attributes = bodiesOf(old).length > 0 ? renamed(old, this.renamed).attributes : old.attributes;
        this.follow({ ...old, inputs, attributes }, old.inputs);
      } catch (error) {
        if (!(error instanceof Error) || error instanceof TypeError) throw error;
        this.nodes.length = done;
        this.keep(old, error.message.replace(/^onnx: /, ""));
      }
      for (const output of old.outputs) {
        const now = this.renamed.get(output);
        if (now !== undefined && kept.has(output))
          this.nodes.push({ op: "Identity", domain: "", name: "", inputs: [now], outputs: [output], attributes: {} });
      }
    }
    return this.assemble();
  }

  /** The original node, on integers. */
  private keep(node: Node, reason: string): void {
    const inputs = node.inputs.map((name) => (name === "" ? "" : this.original(name)));
    const captured = new Map(capturedBy(node).map((name) => [name, this.original(name)]));
    const same = renamed({ ...node, inputs: [] }, captured);
    this.nodes.push({
      ...same,
      inputs,
      outputs: node.outputs,
      unmeasured: `quantized in a form that is not read: ${reason}`,
    });
  }

  /** A value as in the original graph. */
  private original(name: string): string {
    const known = this.integers.get(name);
    if (known !== undefined) return known;
    const scaling = this.scalings.get(name);
    const now = this.renamed.get(name);
    const isMade = this.constants.has(name) && !this.graph.initializers.has(name);
    if (scaling === undefined && now === undefined && !this.sums.has(name) && !isMade) return name;
    const producer = this.producers.get(name)!;
    if (scaling === undefined && now !== undefined && /^(DequantizeLinear|Mul)$/.test(producer.op)) return now;
    if (scaling !== undefined) return this.quantizedAgain(name, scaling);
    const inputs = producer.inputs.map((input) => (input === "" ? "" : this.original(input)));
    const outputs = producer.outputs.map((output) => {
      const integers = output && this.fresh(`${output}/original`);
      this.integers.set(output, integers);
      return integers;
    });
    this.nodes.push({ ...producer, name: "", inputs, outputs });
    return this.integers.get(name)!;
  }

  private quantizedAgain(name: string, { scale, zeroPoint }: Scaling): string {
    const constant = (what: string, tensor: Tensor) => {
      const fresh = this.fresh(`${name}/${what}`);
      this.constants.set(fresh, { ...tensor, shape: [] });
      return fresh;
    };
    const given = [constant("scale", scale), ...(zeroPoint ? [constant("zero", zeroPoint)] : [])];
    const output = this.fresh(`${name}/integers`);
    this.integers.set(name, output);
    this.nodes.push(plainNode("QuantizeLinear", [name, ...given], output));
    return output;
  }

  /** @param before the node's inputs under their original names */
  private follow(node: Node, before: readonly string[]): void {
    const { op } = node;
    const known =
      node.domain === RUNTIME_DOMAIN && Object.hasOwn(runtimeOperators, op) ? runtimeOperators[op] : undefined;
    if (op === "DequantizeLinear") this.dequantizeLinear(node);
    else if (op === "QuantizeLinear") this.quantizeLinear(node);
    else if (op === "DynamicQuantizeLinear") this.dynamicQuantizeLinear(node);
    else if (op === "MatMulInteger" || op === "ConvInteger") this.integerProduct(node);
    else if (/^(QLinearMatMul|QLinearConv|QGemm)$/.test(op)) this.qlinearProduct(node);
    else if (op === "QLinearConcat") this.concatenation(node);
    else if (known !== undefined) this.runtimeOperator(node, known);
    else if (op === "DynamicQuantizeMatMul") this.dynamicMatMul(node);
    else if (op === "DynamicQuantizeLSTM") this.dynamicLstm(node);
    else if (QUANTIZED.test(op)) throw new NotFollowed(`the operator ${op}`);
    else if (op === "Cast" && this.sums.has(before[0]!)) {
      if (this.readers.get(before[0]!)! > 1) this.open.delete(node.inputs[0]!);
      this.renamed.set(node.outputs[0]!, node.inputs[0]!);
    } else if (op !== "Mul" || !this.scaleInto(node, before)) this.other(node, before);
  }

  /** An operator without quantized inputs. */
  private other(node: Node, before: readonly string[]): void {
    if (before.some((name) => this.sums.has(name))) {
      this.ofSums(node, before);
      return;
    }
    const moved = node.inputs.find((name) => this.dynamic.has(name) && !this.isDequantized(name, before));
    if (moved !== undefined && TRANSPARENT.has(node.op)) for (const output of node.outputs) this.dynamic.add(output);
    const read = node.inputs.find((name) => this.clipped.has(name) && !this.isDequantized(name, before));
    if (read !== undefined) {
      if (!TRANSPARENT.has(node.op)) throw new NotFollowed(`${node.op} of quantized values`);
      for (const output of node.outputs) {
        this.clipped.set(output, this.clipped.get(read)!);
        this.scalings.set(output, this.scalings.get(read)!);
      }
    }
    this.nodes.push(node);
  }

  /** An integer bias, which older quantizers add to the integer product of values of a known scale. */
  private ofSums(node: Node, before: readonly string[]): void {
    const at = before.findIndex((name) => this.sums.has(name));
    const bias = this.constants.get(node.inputs[1 - at] ?? "");
    const product = this.nodes.find(({ outputs }) => outputs.includes(node.inputs[at]!));
    const isExact = product?.inputs.some((name) => this.clipped.has(name)) ?? false;
    if (node.op !== "Add" || bias?.dtype !== "int32" || !isExact || node.inputs.length !== 2)
      throw new NotFollowed(`${node.op} of integer products`);
    const name = this.fresh(`${node.inputs[1 - at]!}/real`);
    this.constants.set(name, float32(toNumbers(bias), bias.shape));
    this.nodes.push({ ...node, inputs: node.inputs.map((input, i) => (i === at ? input : name)) });
    this.sums.add(node.outputs[0]!);
  }

  /** Whether a value is read under another name than the quantized one: that of its DequantizeLinear. */
  private isDequantized(name: string, before: readonly string[]): boolean {
    return !before.includes(name);
  }

  private isReal(name: string): boolean {
    return this.clipped.has(name) || this.dynamic.has(name);
  }

  private dequantizeLinear(node: Node): void {
    const [x, y] = [node.inputs[0]!, node.outputs[0]!];
    const q = this.constants.get(x);
    if (this.isReal(x)) this.renamed.set(y, x);
    else if (q !== undefined) this.renamed.set(y, this.weight(x, dequantize(q, this.scaling(node), x)));
    else this.nodes.push(node); // integers from the data: the engine converts them to floats
  }

  private quantizeLinear(node: Node): void {
    const [x, y] = [node.inputs[0]!, node.outputs[0]!];
    const scaling = this.scaling(node);
    const dtype = scaling.zeroPoint?.dtype ?? "uint8";
    const values = this.constants.get(x);
    if (values !== undefined && (dtype === "int8" || dtype === "uint8"))
      this.constants.set(y, quantize(castTensor(values), scaling, dtype, x));
    else this.clip(node, x, scaling);
  }

  private dynamicQuantizeLinear({ inputs, outputs }: Node): void {
    const [y, scale, zero] = outputs as [string, string, string];
    this.renamed.set(y, inputs[0]!);
    this.dynamic.add(inputs[0]!);
    this.constants.set(scale, float32([1], []));
    this.constants.set(zero, { dtype: "uint8", shape: [], data: Uint8Array.of(0) });
  }

  /** A b + bias, where a is quantized dynamically. */
  private dynamicMatMul(node: Node): void {
    const [a, b, scale, zero, bias] = node.inputs as [string, string, string, string?, string?];
    const scaling = { scale: this.need(scale), zeroPoint: this.optional(zero), axis: -1 };
    const W = this.weight(b, dequantize(this.need(b), scaling, b));
    const y = node.outputs[0]!;
    const product = bias ? this.fresh(`${y}/product`) : y;
    this.nodes.push({ ...node, op: "MatMul", domain: "", inputs: [a, W], outputs: [product], attributes: {} });
    if (bias) this.nodes.push(plainNode("Add", [product, bias], y));
  }

  /** LSTM whose W (D, I, 4H) and R (D, H, 4H) are integers with a scale for each direction, or also for each column. */
  private dynamicLstm(node: Node): void {
    const inputs = node.inputs.slice(0, 8);
    for (const [at, scale] of [
      [1, 8],
      [2, 10],
    ] as const) {
      const q = this.need(node.inputs[at]!);
      const [D, rows, columns] = q.shape as [number, number, number];
      const spread = (tensor: Tensor): Tensor => ({ ...tensor, shape: [D, 1, sizeOf(tensor.shape) / D] });
      const given = this.need(node.inputs[scale]!);
      const byColumn = sizeOf(given.shape) === D * columns && D * columns !== D;
      const zeroPoint = this.optional(node.inputs[scale + 1]);
      const scaling = byColumn
        ? { scale: spread(given), zeroPoint, axis: 1, blockSize: rows }
        : { scale: float32(toNumbers(given)), zeroPoint, axis: 0 };
      inputs[at] = this.weight(node.inputs[at]!, transposed(dequantize(q, scaling, node.inputs[at]!)));
    }
    this.nodes.push({ ...node, op: "LSTM", domain: "", inputs });
  }

  /** Real values that replace quantized ones: clipped to the range of the integers. */
  private clip(node: Node, x: string, { scale, zeroPoint }: Scaling): void {
    if (sizeOf(scale.shape) !== 1) throw new NotFollowed("activations with a scale per channel");
    const y = node.outputs[0]!;
    const factor = toNumbers(scale)[0]!;
    const zero = zeroPoint === undefined ? 0 : toNumbers(zeroPoint)[0]!;
    const ends = range(factor, zero, zeroPoint?.dtype ?? "uint8", y);
    const name = ends[0]! < 0 && ends[1]! > 0 ? `${node.name || y}${ROUNDED}` : node.name;
    const limits = ends.map((limit) => this.constant(limit));
    this.nodes.push({ ...plainNode("Clip", [x, ...limits], y), name });
    this.clipped.set(y, factor);
    this.scalings.set(y, { scale, zeroPoint });
  }

  /** MatMulInteger(a, b, zero points) and ConvInteger: sums of products of integers, scaled later. */
  private integerProduct(node: Node): void {
    const [a, b, zeroA, zeroB] = node.inputs as [string, string, string?, string?];
    const isConv = node.op === "ConvInteger";
    const missing = (other: string) => 1 / (this.clipped.get(other) ?? 1);
    const operand = (x: string, zero: string | undefined, factor: number): string => {
      const q = this.constants.get(x);
      if (q === undefined && this.isReal(x)) return x;
      const zeroPoint = this.optional(zero);
      if (q === undefined) return this.real(x, float32([factor]), zeroPoint);
      const scale = float32(new Array<number>(zeroPoint?.data.length ?? 1).fill(factor));
      return this.weight(x, dequantize(q, { scale, zeroPoint, axis: isConv ? 0 : -1 }, x));
    };
    if (this.clipped.has(a) && this.isReal(b)) throw new NotFollowed(`${node.op} of two quantized activations`);
    const [left, right] = [operand(a, zeroA, missing(b)), operand(b, zeroB, missing(a))];
    this.nodes.push({ ...node, op: isConv ? "Conv" : "MatMul", inputs: [left, right] });
    this.sums.add(node.outputs[0]!);
    if (this.constants.has(right)) this.open.set(node.outputs[0]!, { weight: right, isConv });
  }

  /**
   * Mul by a constant scale that can be multiplied into the weights of the product before it, or into another scale.
   */
  private scaleInto({ inputs, outputs }: Node, before: readonly string[]): boolean {
    const y = outputs[0]!;
    const [u, v] = inputs.map((name) => this.constants.get(name));
    if (u?.dtype === "float32" && v?.dtype === "float32") {
      const [single, other] = sizeOf(u.shape) === 1 && u.shape.length <= v.shape.length ? [u, v] : [v, u];
      if (sizeOf(single.shape) !== 1 || single.shape.length > other.shape.length) return false;
      const factor = toNumbers(single)[0]!;
      this.constants.set(
        y,
        float32(
          toNumbers(other).map((value) => value * factor),
          other.shape,
        ),
      );
      return true;
    }
    const at = v === undefined ? 1 : 0;
    const scale = at === 1 ? u : v;
    const product = this.open.get(inputs[at]!);
    if (product === undefined || scale === undefined || this.readers.get(before[at]!)! > 1) return false;
    const scaled = timesScale(this.constants.get(product.weight)!, scale, product.isConv);
    if (scaled === undefined) return false;
    this.constants.set(product.weight, scaled);
    this.open.delete(inputs[at]!);
    this.renamed.set(y, inputs[at]!);
    return true;
  }

  /**
   * QLinearMatMul(a, b), QLinearConv(x, w, y's range, B) and QGemm(a, b, C, y's range): products of the represented
   * numbers.
   */
  private qlinearProduct(node: Node): void {
    const [a, scaleA, zeroA, b, scaleB, zeroB] = node.inputs as [string, string, string, string, string, string];
    const op = { QLinearConv: "Conv", QLinearMatMul: "MatMul", QGemm: "Gemm" }[node.op]!;
    const rest = node.inputs.slice(6);
    const [bias, scaleY, zeroY] = op === "Gemm" ? rest : [rest[2], rest[0], rest[1]];
    const byRows = op === "Conv" || intAttribute(node, "transB", 0) !== 0;
    const inputs = [this.operand(a, scaleA, zeroA, 1), this.operand(b, scaleB, zeroB, byRows ? 0 : -1)];
    if (bias) {
      const factor = toNumbers(this.need(scaleA))[0]! * floatAttribute(node, "alpha", 1);
      const scale = float32(toNumbers(this.need(scaleB)).map((value) => value * factor));
      inputs.push(this.weight(bias, dequantize(this.need(bias), { scale, axis: 0 }, bias)));
    }
    const product = { ...node, op, domain: "", inputs };
    if (scaleY) this.withClip(product, scaleY, zeroY);
    else this.nodes.push(product);
  }

  /** QLinearConcat(y's range, then value and range of each). */
  private concatenation(node: Node): void {
    const [scaleY, zeroY, ...parts] = node.inputs as [string, string, ...string[]];
    const inputs = Array.from({ length: parts.length / 3 }, (_, k) => {
      const [x, scale, zero] = parts.slice(3 * k) as [string, string, string];
      return this.operand(x, scale, zero, 1);
    });
    this.withClip({ ...node, op: "Concat", domain: "", inputs }, scaleY, zeroY);
  }

  private runtimeOperator(node: Node, { op, operands }: RuntimeOperator): void {
    if (op === "Softmax" && intAttribute(node, "opset", 13) < 13 && intAttribute(node, "axis", -1) !== -1)
      throw new NotFollowed("QLinearSoftmax in its form before version 13");
    if (intAttribute(node, "channels_last", 0) !== 0) throw new NotFollowed("values with channels last");
    const inputs = Array.from({ length: operands }, (_, k) => {
      const [x, scale, zero] = node.inputs.slice(3 * k) as [string, string, string];
      return this.operand(x, scale, zero, 1);
    });
    const [scaleY, zeroY] = node.inputs.slice(3 * operands) as [string, string];
    const { channels_last: _, opset: __, ...attributes } = node.attributes;
    this.withClip({ ...node, op, domain: "", inputs, attributes }, scaleY, zeroY);
  }

  /** The node, followed by the range of the quantized output, which takes the output's name. */
  private withClip(node: Node, scale: string, zero: string | undefined): void {
    const y = node.outputs[0]!;
    const exact = this.fresh(`${y}/exact`);
    this.nodes.push({ ...node, outputs: [exact] });
    const scaling = { scale: this.need(scale), zeroPoint: this.optional(zero) };
    this.clip({ ...node, name: "" }, exact, scaling);
  }

  private operand(x: string, scale: string, zero: string, axis: number): string {
    if (this.isReal(x)) return x;
    if (!this.constants.has(x)) return this.real(x, this.need(scale), this.optional(zero));
    const scaling = { scale: this.need(scale), zeroPoint: this.optional(zero), axis };
    return this.weight(x, dequantize(this.need(x), scaling, x));
  }

  /**
   * The numbers that integers from the data represent, (x - zero point) scale: parts of quantized constants that the
   * data choose. Written without DequantizeLinear, because ONNX Runtime moves it past later operators and loses the
   * type of its zero point.
   */
  private real(x: string, scale: Tensor, zeroPoint: Tensor | undefined): string {
    if (sizeOf(scale.shape) !== 1) throw new NotFollowed("integers of the data with a scale per channel");
    const step = (op: string, inputs: readonly string[], attributes: Node["attributes"] = {}): string => {
      const y = this.fresh(`${x}/real`);
      this.nodes.push({ op, domain: "", name: "", inputs, outputs: [y], attributes });
      return y;
    };
    const zero = zeroPoint === undefined ? 0 : toNumbers(zeroPoint)[0]!;
    const shifted = step("Sub", [step("Cast", [x], { to: int(1) }), this.constant(zero)]);
    return step("Mul", [shifted, this.constant(toNumbers(scale)[0]!)]);
  }

  /** Scale, zero point and axis of QuantizeLinear or DequantizeLinear. */
  private scaling(node: Node): Scaling {
    const [, scale, zero] = node.inputs as [string, string, string?];
    const axis = intAttribute(node, "axis", 1);
    const blockSize = intAttribute(node, "block_size", 0);
    return { scale: this.need(scale), zeroPoint: this.optional(zero), axis, blockSize };
  }

  private need(name: string): Tensor {
    const tensor = this.constants.get(name);
    if (tensor === undefined) throw new NotFollowed(`the value ${name || "(none)"} where a constant is expected`);
    return castTensor(tensor);
  }

  private optional(name: string | undefined): Tensor | undefined {
    return name ? this.need(name) : undefined;
  }

  /** Adds real weights under the name that they had before quantizers appended a suffix. */
  private weight(quantizedName: string, tensor: Tensor): string {
    const original = quantizedName.replace(/(_quantized|_quant|_q8|_q)$/, "");
    const name = this.taken.has(original) ? this.fresh(`${original}/dequantized`) : original;
    this.taken.add(name);
    this.constants.set(name, tensor);
    return name;
  }

  private constant(value: number): string {
    const name = this.fresh("dequantize/number");
    this.constants.set(name, float32([value], []));
    return name;
  }

  private fresh(stem: string): string {
    let name = stem;
    for (let count = 2; this.taken.has(name); count++) name = `${stem}_${count}`;
    this.taken.add(name);
    return name;
  }

  /** Only the constants that are still read. */
  private assemble(): Graph {
    const read = new Set(this.graph.outputs.map(({ name }) => name));
    const collect = (list: readonly Node[]): void => {
      for (const node of list) {
        for (const name of node.inputs) read.add(name);
        for (const body of bodiesOf(node)) {
          collect(body.nodes);
          for (const { name } of body.outputs) read.add(name);
        }
      }
    };
    collect(this.nodes);
    const initializers = new Map([...this.constants].filter(([name]) => read.has(name)));
    return { ...this.graph, nodes: this.nodes, initializers };
  }
}

/** Weights times a scale: one value, or one per output (the last axis of a matrix, the first of a kernel). */
function timesScale(W: Tensor, scale: Tensor, isConv: boolean): Tensor | undefined {
  const factors = toNumbers(scale);
  const outputs = isConv ? W.shape[0] : W.shape.at(-1);
  const inner = isConv ? sizeOf(W.shape.slice(1)) : 1;
  const along = isConv ? scale.shape.at(-W.shape.length + 1) : scale.shape.at(-1);
  if (factors.length !== 1 && (factors.length !== outputs || along !== outputs)) return undefined;
  const data = Float32Array.from(W.data as Float32Array, (value, i) => {
    const at = factors.length === 1 ? 0 : Math.floor(i / inner) % factors.length;
    return value * factors[at]!;
  });
  return { ...W, data };
}

function plainNode(op: string, inputs: readonly string[], output: string): Node {
  return { op, domain: "", name: "", inputs, outputs: [output], attributes: {} };
}

/** Exchanges the last two of three axes. */
function transposed({ shape, data }: Tensor): Tensor {
  const [D, rows, columns] = shape as [number, number, number];
  const out = new Float32Array(D * rows * columns);
  for (let d = 0; d < D; d++)
    for (let i = 0; i < rows; i++)
      for (let j = 0; j < columns; j++)
        out[(d * columns + j) * rows + i] = (data as Float32Array)[(d * rows + i) * columns + j]!;
  return float32(out, [D, columns, rows]);
}

/** Why a node stays on integers. */
class NotFollowed extends Error {}
