/**
 * @file RNN, LSTM and GRU in simpler operators: for each direction the product of all inputs with W, and a Scan over
 * time whose body is one step of the cell. The graph is as long for 500 steps as for 5. Source: the operators' pages at
 * https://onnx.ai/onnx/operators. Where the standard is silent (parameters that an activation does not take, clipping),
 * the result is ONNX Runtime's.
 *
 * The products with W and R are plain products, so that they are found as linear maps: parts `ih` and `hh` of the
 * layer, in the reverse direction `ih_reverse` and `hh_reverse`. Rows of W and R keep the order of ONNX: gates i, o, f,
 * c of an LSTM, z, r, h of a GRU. A GRU with linear_before_reset = 0 multiplies R_h with r * h, so that R is two maps:
 * `hh` of z and r, `hh_candidate` of h.
 *
 * Sequences of different lengths (sequence_lens) are masked: a state stays constant after the end of its sequence, and
 * outputs are 0. Which rows are padding then depends on data, so the products are not measured.
 */
import { type Attribute, type Graph, int } from "../graph.ts";
import { GraphBuilder, type OperatorOptions } from "../graphBuilder.ts";
import { float32, float64, int64 } from "../tensor.ts";
import type { Lowering, Site } from "./loweringSite.ts";

/** Adds an activation's node. */
type Activation = (s: Site, x: string) => string;

/** One step of a cell: the next states from the states before, the products with W and those with R. */
interface Cell {
  readonly gates: number;
  /** h alone, or h and c. */
  readonly states: 1 | 2;
  /** Activations by default. */
  readonly activations: readonly string[];
  step(step: Step): readonly string[] | undefined;
}

interface Step {
  /** Adds nodes to the body. */
  readonly s: Site;
  readonly H: number;
  /** Products with W, biases added (N, gates * H). */
  readonly x: string;
  readonly states: readonly string[];
  /** h R^T + Rb for some gates, from .. to - 1, as (N, (to - from) * H). */
  recurrent(h: string, from: number, to: number, part: string): string;
  /** Peephole weights by index (H), LSTM only. */
  peephole(at: number): string | undefined;
  clip(x: string): string;
  readonly activations: readonly Activation[];
}

/**
 * Operators of activations by their names in lower case, with the defaults of alpha and beta; "none" where the standard
 * and ONNX Runtime differ.
 */
const ACTIVATIONS: Readonly<Record<string, readonly [op: string, ...defaults: (number | "none")[]]>> = {
  ...{ relu: ["Relu"], tanh: ["Tanh"], sigmoid: ["Sigmoid"], softsign: ["Softsign"], softplus: ["Softplus"] },
  ...{ leakyrelu: ["LeakyRelu", 0.01], thresholdedrelu: ["ThresholdedRelu", "none"], elu: ["Elu", 1] },
  ...{ hardsigmoid: ["HardSigmoid", 0.2, 0.5], affine: ["Affine", "none", "none"] },
  scaledtanh: ["ScaledTanh", "none", "none"],
};

/** The activations of all directions in their order; undefined where one is unknown. */
function activationsOf(s: Site, defaults: readonly string[], directions: number): Activation[] | undefined {
  const { activations, activation_alpha, activation_beta } = s.node.attributes;
  const given = activations !== undefined && "strings" in activations ? activations.strings : [];
  const names = given.length > 0 ? given : Array.from({ length: directions }, () => defaults).flat();
  const numbers = (list: Attribute | undefined) => (list !== undefined && "floats" in list ? [...list.floats] : []);
  const [alphas, betas] = [numbers(activation_alpha), numbers(activation_beta)];
  if (names.length !== directions * defaults.length) return undefined;
  const found: Activation[] = [];
  for (const name of names) {
    const key = name.toLowerCase();
    if (!Object.hasOwn(ACTIVATIONS, key)) return undefined;
    const [op, ...defaults] = ACTIVATIONS[key]!;
    const parameters = defaults.map((otherwise, k) => (k === 0 ? alphas : betas).shift() ?? otherwise);
    if (parameters.includes("none")) return undefined;
    found.push(activation(op, parameters as number[]));
  }
  return found;
}

function activation(op: string, [alpha, beta]: readonly number[]): Activation {
  if (op === "Affine") return (s, x) => s.add(s.scale(x, alpha!), s.scalar(beta!));
  if (op === "ScaledTanh") return (s, x) => s.scale(s.op("Tanh", [s.scale(x, beta!)]), alpha!);
  const attributes = {
    ...(alpha === undefined ? {} : { alpha: { float: alpha } }),
    ...(beta === undefined ? {} : { beta: { float: beta } }),
  };
  return (s, x) => s.op(op, [x], attributes);
}

/** h' = f(x + h R). */
const rnnCell: Cell = {
  gates: 1,
  states: 1,
  activations: ["Tanh"],
  step: ({ s, x, states, recurrent, clip, activations }) => [
    activations[0]!(s, clip(s.add(x, recurrent(states[0]!, 0, 1, "hh")))),
  ],
};

/** c' = f c + i g(..), h' = o h(c'); f is 1 - i where the two are coupled. */
const lstmCell: Cell = {
  gates: 4,
  states: 2,
  activations: ["Sigmoid", "Tanh", "Tanh"],
  step({ s, H, x, states, recurrent, peephole, clip, activations }) {
    const [h, c] = states as [string, string];
    const [f, g, last] = activations as [Activation, Activation, Activation];
    const [atI, atO, atF, atC] = gatesOf(s, s.add(x, recurrent(h, 0, 4, "hh")), H, 4) as [
      string,
      string,
      string,
      string,
    ];
    const seen = (gate: string, at: number, cell: string) => {
      const weights = peephole(at);
      return weights === undefined ? gate : s.add(gate, s.mul(weights, cell));
    };
    const i = f(s, clip(seen(atI, 0, c)));
    const coupled = s.int("input_forget", 0) !== 0;
    const forget = coupled ? s.op("Sub", [s.scalar(1), i]) : f(s, clip(seen(atF, 2, c)));
    const next = s.add(s.mul(forget, c), s.mul(i, g(s, clip(atC))));
    const o = f(s, clip(seen(atO, 1, next)));
    return [s.mul(o, last(s, next)), next];
  },
};

/** h' = (1 - z) g(..) + z h. */
const gruCell: Cell = {
  gates: 3,
  states: 1,
  activations: ["Sigmoid", "Tanh"],
  step({ s, H, x, states, recurrent, clip, activations }) {
    const [h] = states as [string];
    const [f, g] = activations as [Activation, Activation];
    const [xz, xr, xh] = gatesOf(s, x, H, 3) as [string, string, string];
    const linearFirst = s.int("linear_before_reset", 0) !== 0;
    const [hz, hr, hh] = linearFirst
      ? gatesOf(s, recurrent(h, 0, 3, "hh"), H, 3)
      : gatesOf(s, recurrent(h, 0, 2, "hh"), H, 2);
    const z = f(s, clip(s.add(xz, hz!)));
    const r = f(s, clip(s.add(xr, hr!)));
    const candidate = g(s, clip(s.add(xh, linearFirst ? s.mul(r, hh!) : recurrent(s.mul(r, h), 2, 3, "hh_candidate"))));
    return [s.add(s.mul(s.op("Sub", [s.scalar(1), z]), candidate), s.mul(z, h))];
  },
};

export const rnn: Lowering = (s) => written(s, rnnCell);
export const lstm: Lowering = (s) => written(s, lstmCell);
export const gru: Lowering = (s) => written(s, gruCell);

const PADDED =
  "its sequences have lengths of their own (sequence_lens), and rows after their ends would count as samples";

/** X (T, N, I), W (D, gates H, I), R (D, gates H, H), B (D, 2 gates H); Y (T, D, N, H), last states (D, N, H). */
function written(s: Site, cell: Cell): readonly string[] | undefined {
  const [T, N, I] = s.shape(0) as [number, number, number];
  const [directions, rows] = s.shape(1) as [number, number];
  const H = s.shape(2)[2]!;
  const all = activationsOf(s, cell.activations, directions);
  if (all === undefined || rows !== cell.gates * H || s.int("layout", 0) !== 0 || T === 0) return undefined;
  const each = cell.activations.length;
  const isFull = !s.has(4) || s.constantNumbers(4)?.every((length) => length >= T);
  const mask = !isFull ? s.op("Less", [s.g.constant(timesOf(T)), lengths(s, N)]) : undefined;
  const found = Array.from({ length: directions }, (_, d) => {
    const reverse = d === 1 || s.string("direction", "forward") === "reverse";
    const activations = all.slice(d * each, (d + 1) * each);
    return direction(s, cell, { d, reverse, N, I, H, mask, activations });
  });
  if (found.some((one) => one === undefined)) return undefined;
  const stacked = (k: number, axis: number) => {
    const parts = found.map((one) => s.unsqueeze(one![k]!, [axis]));
    return parts.length === 1 ? parts[0]! : s.concat(parts, axis);
  };
  return [
    s.wants(0) ? stacked(cell.states, 1) : "",
    ...Array.from({ length: cell.states }, (_, k) => (s.wants(k + 1) ? stacked(k, 0) : "")),
  ];
}

/** Steps 0 .. T - 1 as (T, 1, 1). */
function timesOf(T: number) {
  return int64(
    Array.from({ length: T }, (_, t) => t),
    [T, 1, 1],
  );
}

/** Lengths of the sequences as (1, N, 1). */
function lengths(s: Site, N: number): string {
  return s.op("Cast", [s.reshape(s.x(4), [1, N, 1])], { to: int(7) });
}

interface Direction {
  readonly d: number;
  readonly reverse: boolean;
  readonly N: number;
  readonly I: number;
  readonly H: number;
  /** Which steps lie within their sequence (T, N, 1); undefined where all do. */
  readonly mask: string | undefined;
  readonly activations: readonly Activation[];
}

/** @returns the last states (N, H) and all h (T, N, H) */
function direction(s: Site, cell: Cell, given: Direction): readonly string[] | undefined {
  const { d, reverse, N, I, H, mask } = given;
  const G = cell.gates * H;
  const suffix = reverse ? "_reverse" : "";
  const options = (part: string): OperatorOptions => ({
    part: part + suffix,
    ...(mask === undefined ? {} : { unmeasured: PADDED }),
  });
  const own = (i: number, shape: readonly number[]) => s.reshape(s.slice(s.x(i), d, d + 1, 0), shape);
  const bias = s.has(3) ? own(3, [2 * G]) : undefined;
  const W = s.transpose(own(1, [G, I]), [1, 0]);
  const products = s.op("MatMul", [s.x(0), W], {}, options("ih"));
  const x = bias === undefined ? products : s.add(products, s.slice(bias, 0, G, 0));
  const R = own(2, [G, H]);
  const P = cell.states === 2 && s.has(7) ? own(7, [3 * H]) : undefined;
  const initial = Array.from({ length: cell.states }, (_, k) => (s.has(5 + k) ? own(5 + k, [N, H]) : zeros(s, [N, H])));
  const body = stepBody(s, cell, given, { R, P, bias }, options);
  if (body === undefined) return undefined;
  const scanned = mask === undefined ? [x] : [x, mask];
  const backwards = reverse ? 1 : 0;
  return s.g.ops(
    "Scan",
    [...initial, ...scanned],
    {
      body: { graph: body },
      num_scan_inputs: int(scanned.length),
      scan_input_directions: { ints: scanned.map(() => backwards) },
      scan_output_directions: { ints: [backwards] },
    },
    { outputs: cell.states + 1 },
  );
}

/** One step of the cell as the body of a Scan; undefined where the cell does not know the form. */
function stepBody(
  s: Site,
  cell: Cell,
  { d, N, H, mask, activations }: Direction,
  { R, P, bias }: { readonly R: string; readonly P: string | undefined; readonly bias: string | undefined },
  options: (part: string) => OperatorOptions,
): Graph | undefined {
  const G = cell.gates * H;
  const body = new GraphBuilder(`${s.g.name}/step${d}`);
  const b = s.within(body);
  const input = (name: string, shape: readonly number[], dtype = s.dtype()) =>
    body.input(`${body.name}/${name}`, dtype, shape);
  const states = ["h", "c"].slice(0, cell.states).map((name) => input(name, [N, H]));
  const x = input("x", [N, G]);
  const inside = mask === undefined ? undefined : input("inside", [N, 1], "bool");
  const clip = s.float("clip", 0);
  const next = cell.step({
    s: b,
    H,
    x,
    states,
    recurrent(h, from, to, part) {
      const whole = from === 0 && to === cell.gates;
      const weights = s.transpose(whole ? R : s.slice(R, from * H, to * H, 0), [1, 0]);
      const product = b.op("MatMul", [h, weights], {}, options(part));
      return bias === undefined ? product : b.add(product, s.slice(bias, G + from * H, G + to * H, 0));
    },
    peephole: (place) => P && s.slice(P, place * H, (place + 1) * H, 0),
    clip: (value) => (clip > 0 ? b.op("Clip", [value, b.scalar(-clip), b.scalar(clip)]) : value),
    activations,
  });
  if (next === undefined) return undefined;
  const kept = inside === undefined ? next : next.map((value, k) => b.op("Where", [inside, value, states[k]!]));
  for (const [k, value] of kept.entries()) body.output(value, `${body.name}/next${k}`);
  body.output(inside === undefined ? next[0]! : b.op("Where", [inside, next[0]!, b.scalar(0)]), `${body.name}/y`);
  return body.build();
}

function zeros(s: Site, shape: readonly number[]): string {
  const values = new Float64Array(shape.reduce((product, extent) => product * extent, 1));
  return s.g.constant(s.dtype() === "float64" ? float64(values, shape) : float32(values, shape));
}

/** The parts of each gate (N, H). */
function gatesOf(s: Site, value: string, H: number, count: number): readonly string[] {
  const lengths = s.g.ints(Array.from({ length: count }, () => H));
  return s.g.ops("Split", [value, lengths], { axis: int(1) }, { outputs: count });
}
