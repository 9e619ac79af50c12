/**
 * @file The linear probe of a network trained without labels: features of labelled samples, and the accuracy of a
 * linear classifier fitted to them (measure/collapse/ridgeClassifier.ts).
 */
import type { Engine, Program } from "../engine/engine.ts";
import { matrix } from "../linalg/matrix.ts";
import { type LabelledFeatures, linearProbeAccuracy } from "../measure/collapse/ridgeClassifier.ts";
import type { Network } from "../networks/network.ts";
import { GraphBuilder, WORKING_OPSET } from "../onnx/graphBuilder.ts";
import type { Tensor } from "../onnx/tensor.ts";
import { type Feeds, TARGET } from "../probe/feeds.ts";
import { parametersAsInputs } from "../probe/nodes/lossGraph.ts";

export interface LinearProbeOptions {
  /** Value of the network's graph that is classified, (n, d). */
  readonly features: string;
  /** Labelled samples to fit on, and to test on: x and int64 class indices. */
  readonly train: () => readonly Feeds[];
  readonly test: () => readonly Feeds[];
  readonly classes: number;
}

/** A compiled forward pass to the features; `dispose` frees it until the next use. */
export class LinearProbe {
  private program: Program | undefined;
  private readonly engine: Engine;
  private readonly network: Network;
  private readonly options: LinearProbeOptions;
  private readonly threads: number;

  constructor(engine: Engine, network: Network, options: LinearProbeOptions, threads: number) {
    this.engine = engine;
    this.network = network;
    this.options = options;
    this.threads = threads;
  }

  /**
   * Accuracy on the test samples.
   *
   * @param values current values of parameters and buffers
   */
  async accuracy(values: ReadonlyMap<string, Tensor>): Promise<number> {
    const { train, test, classes } = this.options;
    const [fitted, tested] = [await this.features(train(), values), await this.features(test(), values)];
    return linearProbeAccuracy(fitted, tested, classes);
  }

  async dispose(): Promise<void> {
    await this.program?.dispose();
    this.program = undefined;
  }

  private async features(batches: readonly Feeds[], values: ReadonlyMap<string, Tensor>): Promise<LabelledFeatures> {
    this.program ??= await this.compile();
    const given = Object.fromEntries([...values].filter(([name]) => this.program!.inputNames.includes(name)));
    const rows: Float32Array[] = [];
    const classes: number[] = [];
    let d = 0;
    for (const { x, [TARGET]: target } of batches) {
      const found = (await this.program.run({ ...given, x: x! }))[this.options.features]!;
      rows.push(found.data as Float32Array);
      d = found.shape[1]!;
      classes.push(...Array.from(target!.data as BigInt64Array, Number));
    }
    const data = new Float64Array(classes.length * d);
    let at = 0;
    for (const part of rows) {
      data.set(part, at);
      at += part.length;
    }
    return { features: matrix(classes.length, d, data), classes };
  }

  /** The network up to its features, with its parameters and buffers as inputs. */
  private async compile(): Promise<Program> {
    const { graph, parameters, buffers = [] } = this.network;
    const builder = new GraphBuilder(
      "features",
      parametersAsInputs({ ...graph, outputs: [] }, [...parameters, ...buffers]),
    );
    builder.output(this.options.features);
    const model = { graph: builder.build(), opset: WORKING_OPSET };
    return this.engine.compile(model, { threads: this.threads });
  }
}
