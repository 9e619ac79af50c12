/**
 * @file Points followed during training. At chosen steps, a look records the squared distances of their hidden
 * representations and outputs, and how differences of outputs align with differences of targets (docs/theory.md, The
 * two-point theory). Where every batch consists of these points, the values are by-products of the step. Otherwise the
 * points have a forward pass of their own within the same call of the engine.
 */
import type { Engine, Program } from "../engine/engine.ts";
import { bufferShapes, initialBuffers, initialParameters, type Network } from "../networks/network.ts";
import type { Objective } from "../objectives/objective.ts";
import { renamed } from "../onnx/branches.ts";
import { int } from "../onnx/graph.ts";
import { GraphBuilder, WORKING_OPSET } from "../onnx/graphBuilder.ts";
import { float32, type Tensor } from "../onnx/tensor.ts";
import { TARGET } from "../probe/feeds.ts";
import { lossGraph } from "../probe/nodes/lossGraph.ts";
import { groupVectors, nameMembers } from "./parameterGroups.ts";

/** Points, and how often they are looked at. */
export interface Follow {
  /** At least two. */
  readonly points: FollowedPoints;
  /** Steps between two looks; step 0 and the last step are always looked at. */
  readonly every: number;
  /** Whether every training batch consists of these points, in this order. Default: false. */
  readonly areBatch?: boolean;
}

export interface FollowedPoints {
  /** A name for each point: "0", "test 17". */
  readonly names: readonly string[];
  /** (P, ...) */
  readonly x: Tensor;
  /** The objective's target, (P, ...). */
  readonly target: Tensor;
  /** The outputs (P, dOut) that the target asks for: one-hot rows where the target is a class. */
  readonly wanted: Tensor;
}

/** Two points by their positions, the first before the second. */
export type Pair = readonly [number, number];

/** The followed points at one step, before its update. */
export interface FollowedStep {
  readonly step: number;
  /** Mean of the objective over the points. */
  readonly loss: number;
  /** Squared distances |h_2 - h_1|^2: by hidden layer, then by pair. */
  readonly dh2: readonly Float32Array[];
  /** |y_2 - y_1|^2 by pair. */
  readonly dy2: Float32Array;
  /** dy . (dy - dy*) by pair. */
  readonly w: Float32Array;
}

/** Names in the step model. */
export const DUE = "follow/due";
const FOLLOWED = "follow/values";

/** All pairs of `count` points, in lexicographic order. */
export function pairsOf(count: number): Pair[] {
  const pairs: Pair[] = [];
  for (let p = 0; p < count; p++) for (let q = p + 1; q < count; q++) pairs.push([p, q]);
  return pairs;
}

/** chosen: 1000 looks show every bend of a curve; many pairs get fewer, so that a layer has at most 20,000 rows. */
const [LOOKS, ROWS] = [1000, 20_000];

/** Default number of steps between looks, for a number of points. */
export function usualEvery(steps: number, points: number): number {
  const looks = Math.min(LOOKS, Math.max(2, Math.floor(ROWS / pairsOf(points).length)));
  return Math.max(1, Math.ceil(steps / looks));
}

/** |row_q - row_p|^2 of each pair: |dx|^2 of inputs, |dy*|^2 of targets. */
export function squaredDistances({ data, shape }: Tensor, pairs: readonly Pair[]): number[] {
  const values = data as Float32Array;
  const d = values.length / shape[0]!;
  return pairs.map(([p, q]) => {
    let sum = 0;
    for (let i = 0; i < d; i++) sum += (values[q * d + i]! - values[p * d + i]!) ** 2;
    return sum;
  });
}

interface Followable {
  readonly network: Network;
  readonly objective: Objective;
}

/** Follows the points of one experiment: adds nodes to the step, and reads their results. */
export class Follower {
  readonly pairs: readonly Pair[];
  private readonly experiment: Followable;
  private readonly follow: Follow;
  private readonly layers: readonly { readonly name: string; readonly value: string }[];

  /** @throws RangeError where there are no two points, or the network names no hidden representations */
  constructor(experiment: Followable, follow: Follow) {
    const { names, x } = follow.points;
    if (names.length < 2 || x.shape[0] !== names.length)
      throw new RangeError(`follow: expected two points or more with a name each, got ${names.length}`);
    if (!(Number.isInteger(follow.every) && follow.every >= 1))
      throw new RangeError(`follow: expected a whole number of steps between looks, got ${follow.every}`);
    this.layers = experiment.network.hidden ?? [];
    if (this.layers.length === 0)
      throw new RangeError("follow: expected a network that names its hidden representations, got none");
    this.experiment = experiment;
    this.follow = follow;
    this.pairs = pairsOf(names.length);
  }

  /** Whether the points are looked at on every step. */
  get everyStep(): boolean {
    return this.follow.every === 1;
  }

  /** The step model's input that says at which of the K steps to look; undefined where every step is looked at. */
  addDue(g: GraphBuilder): string | undefined {
    return this.everyStep ? undefined : g.input(DUE, "float32", ["K"]);
  }

  /** Values of that input for steps from `step` on. */
  feeds(step: number, K: number): Record<string, Tensor> {
    if (this.everyStep) return {};
    return { [DUE]: float32(Float32Array.from({ length: K }, (_, k) => Number(this.isDue(step + k)))) };
  }

  /** Name of the step model's output (K, size). */
  readonly output = FOLLOWED;

  private isDue(step: number): boolean {
    return step % this.follow.every === 0;
  }

  /**
   * Adds the nodes to the body of a step and returns the name of their values (size).
   *
   * @param given the body's `due` (scalar), the vector of all buffers, and the loss where the batch is the points
   */
  async addToStep(
    g: GraphBuilder,
    engine: Engine,
    given: { readonly due: string | undefined; readonly buffers: string; readonly loss?: string },
  ): Promise<string> {
    const { network } = this.experiment;
    const ownBatch = this.follow.areBatch === true && given.loss !== undefined;
    const add = async (builder: GraphBuilder) => {
      if (ownBatch) return this.addValues(builder, (name) => name, given.loss!);
      return this.addForward(builder, engine);
    };
    if (!ownBatch) {
      const buffers = groupVectors("follow", prefixed(bufferShapes(network)));
      if (buffers !== undefined) nameMembers(g, buffers, given.buffers);
    }
    if (given.due === undefined) return add(g);
    const look = new GraphBuilder("follow/look");
    look.output(await add(look));
    const pass = new GraphBuilder("follow/pass");
    pass.output(pass.op("Identity", [pass.constant(float32(new Float32Array(this.size)))]));
    const condition = g.op("Cast", [given.due], { to: int(BOOL) });
    return g.op("If", [condition], { then_branch: { graph: look.build() }, else_branch: { graph: pass.build() } });
  }

  /** The points' own pass through the evaluation form; its values get names of their own. */
  private async addForward(g: GraphBuilder, engine: Engine): Promise<string> {
    const { names, initializers, nodes, loss } = await this.forward(engine);
    for (const [name, tensor] of initializers) g.initializer(names.get(name)!, tensor);
    for (const node of nodes) g.add({ ...renamed(node, names), name: node.name && `${PREFIX}${node.name}` });
    const mean = g.op("ReduceMean", [names.get(loss)!], { keepdims: int(0) });
    return this.addValues(g, (name) => names.get(name) ?? name, mean);
  }

  /** The evaluation form on the points, and the names of its values among those of the step. */
  private async forward(engine: Engine) {
    const { network, objective } = this.experiment;
    const { x, target } = this.follow.points;
    const fixed = [...network.parameters, ...(network.buffers ?? [])];
    const values = Object.fromEntries([...initialParameters(network), ...initialBuffers(network)]);
    const feeds = { ...values, x, [TARGET]: target };
    const { graph, perSample } = await lossGraph(
      engine,
      { graph: network.graph, opset: WORKING_OPSET },
      objective,
      fixed,
      feeds,
    );
    const initializers = new Map([...graph.initializers, ["x", x], [TARGET, target]] as [string, Tensor][]);
    const own = [
      ...initializers.keys(),
      ...graph.nodes.flatMap(({ outputs }) => outputs.filter((name) => name !== "")),
      ...(network.buffers ?? []),
    ];
    const names = new Map(own.map((name) => [name, `${PREFIX}${name}`]));
    return { names, initializers, nodes: graph.nodes, loss: perSample };
  }

  /** Numbers of one step. */
  private get size(): number {
    return (this.layers.length + 2) * this.pairs.length + 1;
  }

  /** One vector: dh2 layer by layer, dy2, w, each by pair, and the loss. */
  private addValues(g: GraphBuilder, named: (name: string) => string, loss: string): string {
    const { wanted, names } = this.follow.points;
    const shape = [this.pairs.length, names.length];
    const differences = g.constant(float32(differenceMatrix(this.pairs, names.length), shape));
    const difference = (rows: string) => g.op("MatMul", [differences, g.op("Flatten", [rows])]);
    const axes = g.ints([1]);
    const squares = (rows: string) => g.op("ReduceSumSquare", [rows, axes], { keepdims: int(0) });
    const dh2 = this.layers.map(({ value }) => squares(difference(named(value))));
    const dy = difference(named(this.experiment.network.graph.outputs[0]!.name));
    const error = g.op("Sub", [dy, difference(g.constant(wanted))]);
    const w = g.op("ReduceSum", [g.op("Mul", [dy, error]), axes], { keepdims: int(0) });
    const all = [...dh2, squares(dy), w, g.op("Reshape", [loss, g.ints([1])])];
    return g.op("Concat", all, { axis: int(0) });
  }

  /** The looks due in K steps from `step` on. @param values (K, size) */
  steps(step: number, values: Float32Array): FollowedStep[] {
    const K = values.length / this.size;
    const all = Array.from({ length: K }, (_, k) => k).filter((k) => this.isDue(step + k));
    return all.map((k) => this.read(step + k, values.subarray(k * this.size, (k + 1) * this.size)));
  }

  private read(step: number, values: Float32Array): FollowedStep {
    const n = this.pairs.length;
    const part = (i: number) => values.slice(i * n, (i + 1) * n);
    const L = this.layers.length;
    return { step, loss: values.at(-1)!, dh2: this.layers.map((_, l) => part(l)), dy2: part(L), w: part(L + 1) };
  }

  /** Looks at given parameters and buffers by a program of its own, after the last step. */
  async look(
    engine: Engine,
    step: number,
    values: ReadonlyMap<string, Tensor>,
    threads: number,
  ): Promise<FollowedStep> {
    const g = new GraphBuilder("follow");
    const { network } = this.experiment;
    for (const [name, { shape }] of initialParameters(network)) g.input(name, "float32", shape);
    for (const [name, { shape }] of initialBuffers(network)) g.input(`${PREFIX}${name}`, "float32", shape);
    g.output(await this.addForward(g, engine), FOLLOWED);
    let program: Program | undefined;
    try {
      program = await engine.compile({ graph: g.build(), opset: WORKING_OPSET }, { threads });
      const named = [...values].map(([name, value]): [string, Tensor] => [
        network.buffers?.includes(name) ? `${PREFIX}${name}` : name,
        value,
      ]);
      return this.read(step, (await program.run(Object.fromEntries(named)))[FOLLOWED]!.data as Float32Array);
    } finally {
      await program?.dispose();
    }
  }
}

const PREFIX = "follow/";
/** TensorProto.DataType of a condition. */
const BOOL = 9;

function prefixed(shapes: ReadonlyMap<string, readonly number[]>): Map<string, readonly number[]> {
  return new Map([...shapes].map(([name, shape]) => [`${PREFIX}${name}`, shape]));
}

/** (pairs, points): row i is 1 at the second point of pair i and -1 at the first. */
function differenceMatrix(pairs: readonly Pair[], points: number): Float32Array {
  const matrix = new Float32Array(pairs.length * points);
  pairs.forEach(([p, q], i) => {
    matrix[i * points + p] = -1;
    matrix[i * points + q] = 1;
  });
  return matrix;
}
