/**
 * @file Estimate of the cost of an analysis: multiplications of its passes and sums at this machine's rate, the
 * eigenvalue problems of its measures, and its memory.
 */
import type { Engine } from "../../engine/engine.ts";
import { layerExponentSeconds } from "../../measure/snapshot.ts";
import { GraphBuilder, WORKING_OPSET } from "../../onnx/graphBuilder.ts";
import { float32 } from "../../onnx/tensor.ts";
import type { ModelOutline, OutlinedLayer } from "../../probe/outlineModel.ts";
import { inParts, isWhole } from "../../probe/parts.ts";
import { partBytes } from "../../workers/snapshotInParts.ts";
import { analysisBytes } from "./analysisMemory.ts";

export interface AnalysisCost {
  readonly samples: number;
  readonly seconds: number;
  /** Memory of the process at its peak. */
  readonly bytes: number;
  /** Passes over the data. */
  readonly passes: number;
}

/** chosen: enough samples to distinguish alignments of a few hundred neurons from noise. */
const SAMPLES = 1000;
/** chosen: number of batches of these samples, as many as there are groups. */
const BATCHES = 16;

/** Multiplications relative to a forward pass: the pass itself, and the gradients of values. */
const PASSES = 3;
/** Sums of H and G; symmetric products are computed by blocks of their lower half. */
const LOWER = 0.6;

/**
 * chosen: time of one multiplication of the eigenvalue solver here, and the number of problems of size d^3 per side.
 */
const EIGEN_SECONDS = 1e-10;
const PROBLEMS = 8;
/** Widest side for which all eigenvalues are computed; wider sides have the leading ones only. */
const WIDEST = 1024;
/** Most seconds for laws at cost "standard". */
const LAWS_SECONDS = 10;

/**
 * @param rate multiplications per second, from `multiplicationRate`
 * @param parameters number of parameters of the model
 */
export function analysisCost(outline: ModelOutline, rate: number, parameters: number): AnalysisCost {
  const { layers } = outline;
  const perSample = layers.reduce((sum, layer) => sum + multiplications(layer), 0);
  const laws = layers.reduce((sum, layer) => sum + layerExponentSeconds(layer), 0);
  const eigen = layers.reduce((sum, { a, b }) => sum + eigenSeconds(b.d) + (a ? eigenSeconds(a.d) : 0), 0);
  const whole = isWhole(layers);
  const parts = whole ? [layers] : inParts(layers, partBytes(), BATCHES);
  return {
    samples: SAMPLES,
    seconds: (SAMPLES * perSample * Math.max(1, 0.5 + parts.length / 2)) / rate + Math.min(LAWS_SECONDS, laws) + eigen,
    bytes: analysisBytes(outline, { samples: SAMPLES, parts: whole ? undefined : parts, parameters }),
    passes: parts.length,
  };
}

function multiplications({ a, b, dIn, dOut, rowsPerSample }: OutlinedLayer): number {
  const forward = a ? PASSES * dIn * dOut : 0;
  const sums = 2 * LOWER * (b.d ** 2 + (a ? a.d ** 2 : 0));
  return rowsPerSample * (forward + sums);
}

function eigenSeconds(d: number): number {
  return EIGEN_SECONDS * PROBLEMS * Math.min(d, WIDEST) ** 3;
}

/** chosen: a matrix product that takes some hundredths of a second. */
const SIDE = 512;

/** Multiply-adds per second of the engine on this machine, measured on one matrix product. */
export async function multiplicationRate(engine: Engine, threads: number): Promise<number> {
  const g = new GraphBuilder("rate");
  const [x, y] = ["x", "y"].map((name) => g.input(name, "float32", [SIDE, SIDE])) as [string, string];
  g.output(g.op("ReduceMax", [g.op("MatMul", [x, y])]), "z");
  const program = await engine.compile({ graph: g.build(), opset: WORKING_OPSET }, { threads });
  const feed = float32(new Float32Array(SIDE * SIDE).fill(1), [SIDE, SIDE]);
  try {
    await program.run({ x: feed, y: feed });
    const begun = performance.now();
    await program.run({ x: feed, y: feed });
    return SIDE ** 3 / Math.max(1e-6, (performance.now() - begun) / 1000);
  } finally {
    await program.dispose();
  }
}
