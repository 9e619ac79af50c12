/** @file Endless training batches whose targets come from a teacher. */
import type { Teacher } from "../data/teacher.ts";
import type { GraphBuilder } from "../onnx/graphBuilder.ts";
import { float32 } from "../onnx/tensor.ts";
import { Random } from "../random/random.ts";
import type { Batches, TrainingData } from "./trainingData.ts";

/**
 * Endless samples of a teacher. x' ~ N(0, I) is drawn here. The training graph computes x = M x' and y = u^T sin(W x +
 * b) (docs/theory.md Eqs. 25, 26), for all K batches at once.
 */
export function onlineTeacher(teacher: Teacher, batch: number, random: Random): TrainingData {
  let stream = random;
  return {
    inputShape: [batch, teacher.dIn],
    target: { dtype: "float32", shape: [batch, teacher.dOut] },
    draw(K) {
      const xPrime = new Float32Array(K * batch * teacher.dIn);
      stream.fillNormal(xPrime);
      return { "data/x'": float32(xPrime, [K, batch, teacher.dIn]) };
    },
    prepare: (g) => teacherNodes(g, teacher, g.input("data/x'", "float32", ["K", batch, teacher.dIn])),
    state: () => Array.from(stream.state()),
    restore(state) {
      stream = Random.fromState(state as number[]);
    },
  };
}

/** x = M x' and y = u^T sin(W x + b) for rows x' of any leading shape. */
export function teacherNodes(g: GraphBuilder, teacher: Teacher, xPrime: string): Batches {
  const { w, b, u, mixing, dIn, dOut, terms } = teacher;
  const product = (x: string, block: { data: Float32Array; shape: readonly number[] }) => {
    const [rows, cols] = block.shape as [number, number];
    return g.op("MatMul", [x, g.constant(float32(transposed(block.data, rows, cols), [cols, rows]))]);
  };
  const x = mixing === undefined ? xPrime : product(xPrime, mixing);
  const argument = g.op("Add", [product(x, { data: w.data, shape: [terms, dIn] }), g.constant(float32(b.data))]);
  return { x, target: product(g.op("Sin", [argument]), { data: u.data, shape: [dOut, terms] }) };
}

function transposed(data: Float32Array, rows: number, cols: number): Float32Array {
  const out = new Float32Array(data.length);
  for (let i = 0; i < rows; i++) for (let j = 0; j < cols; j++) out[j * rows + i] = data[i * cols + j]!;
  return out;
}
