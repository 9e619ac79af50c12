/**
 * @file A worker thread of layerPool.ts: receives layers and returns their measures. Large products go to the engine,
 * whose kernels use wider vector instructions than JavaScript has.
 */
import { parentPort } from "node:worker_threads";
import type { Program } from "../engine/engine.ts";
import { ArrayPool } from "../linalg/arrayPool.ts";
import type { Product } from "../linalg/products.ts";
import { type LayerJob, measureJob } from "../measure/snapshot.ts";
import { sumsOf } from "../moments/moments.ts";
import { int } from "../onnx/graph.ts";
import { GraphBuilder, WORKING_OPSET } from "../onnx/graphBuilder.ts";
import type { SumsJob } from "./sumsJob.ts";

/**
 * X^T Y in float64, or X Y, which the engine multiplies faster. Loads the engine, which layers that are not wide do
 * without.
 */
async function productProgram(transA: 0 | 1): Promise<Program> {
  const { nodeEngine } = await import("../engineNode/nodeEngine.ts");
  const builder = new GraphBuilder("product");
  const [X, Y] = [builder.input("X", "float64", ["n", "dx"]), builder.input("Y", "float64", ["m", "dy"])];
  builder.output(builder.op("Gemm", [X, Y], { transA: int(transA) }), "product");
  return nodeEngine.compile({ graph: builder.build(), opset: WORKING_OPSET }, { planMemory: false });
}

const programs = new Map<0 | 1, Promise<Program>>();

async function multiply({ X, Y, n, dx, dy, isSymmetric }: Product): Promise<Float64Array> {
  const transA = isSymmetric ? 0 : 1;
  if (!programs.has(transA)) programs.set(transA, productProgram(transA));
  const program = await programs.get(transA)!;
  const found = await program.run({
    X: { dtype: "float64", shape: [n, dx], data: X },
    Y: { dtype: "float64", shape: [n, dy], data: Y },
  });
  return found.product!.data as Float64Array;
}

/** A layer to measure, or a request to release the memory kept between layers. */
export type Request = LayerJob | SumsJob | "forget";

let pool = new ArrayPool();

parentPort?.on("message", async (request: Request) => {
  if (request === "forget") {
    pool = new ArrayPool();
    return;
  }
  if (!("sums" in request)) {
    parentPort?.postMessage(await measureJob(request, { multiply, pool }));
    return;
  }
  const { asLayerJob } = await import("./sumsJob.ts");
  const job = await asLayerJob(request, pool);
  parentPort?.postMessage(await measureJob(job, { multiply, pool }));
  pool.release(job.groups.flatMap(sumsOf));
});
