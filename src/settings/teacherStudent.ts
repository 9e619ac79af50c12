/** @file What fc1 and fc2 share: a student network trained online on a teacher, measured on samples it never sees. */
import { z } from "zod";
import { drawTeacher } from "../data/teacher.ts";
import type { Engine } from "../engine/engine.ts";
import { activations } from "../networks/activation.ts";
import { initialisations, mlp } from "../networks/mlp.ts";
import { objective } from "../objectives/objective.ts";
import { GraphBuilder, WORKING_OPSET } from "../onnx/graphBuilder.ts";
import { float32, type Tensor } from "../onnx/tensor.ts";
import { type Feeds, sliceBatches, TARGET } from "../probe/feeds.ts";
import { MOST_GROUPS } from "../probe/probe.ts";
import { Random } from "../random/random.ts";
import type { Experiment } from "../train/train.ts";
import { onlineTeacher, teacherNodes } from "../train/trainingData.ts";
import { count, field, nonNegative, type SharedDefaults, sharedFields } from "./parameters.ts";
import { optimization } from "./setting.ts";

/** chosen: samples per measured batch; 3000 samples make six batches, three for each half of the split-half noise. */
const EVALUATION_BATCH = 500;

export function teacherStudentFields(
  defaults: SharedDefaults & { depth: readonly [number, string]; outputs: readonly [number, string] },
) {
  const gaussian =
    "chosen: the paper leaves the variance open. With w ~ N(0, 1) in 100 dimensions the sine's argument has standard deviation " +
    "10 and nothing can be learned; with u ~ N(0, 1) the ReLU network dies at lr 0.1; 1/sqrt(100) reproduces the paper";
  return {
    depth: field(count, defaults.depth[0], "hidden layers", defaults.depth[1]),
    width: field(count, 100, "neurons per hidden layer", "paper, appendix C.1 (fc1: d = 100; fc2: the same)"),
    activation: field(
      z.enum(activations),
      "relu",
      "activation of the hidden layers",
      "paper, appendix C.1 (fc2: ReLU)",
    ),
    initialisation: field(
      z.enum(initialisations),
      "torch",
      "initial weights",
      "chosen: the default of torch.nn.Linear",
    ),
    inputs: field(count, 100, "input dimension", "paper, appendix C.1"),
    outputs: field(count, defaults.outputs[0], "output dimension", defaults.outputs[1]),
    terms: field(count, 100, "sines in the teacher", "paper, appendix C.1"),
    wScale: field(nonNegative, 0.1, "teacher: standard deviation of w", gaussian),
    bScale: field(
      nonNegative,
      1,
      "teacher: standard deviation of b",
      "chosen: a standard Gaussian, as the paper's words suggest",
    ),
    uScale: field(nonNegative, 0.1, "teacher: standard deviation of u", gaussian),
    samples: field(count, 3000, "unseen samples measured", "paper, appendix C.1 (fc2: 3000)"),
    ...sharedFields(defaults),
  };
}

export type TeacherStudentParameters = z.output<z.ZodObject<ReturnType<typeof teacherStudentFields>>> & {
  phi?: number;
};

/** Every random part has its own stream, so that changing one (say, the width) leaves the others as they were. */
export function teacherStudent(p: TeacherStudentParameters): Experiment {
  const random = new Random(p.seed);
  const { inputs, outputs, terms, wScale, bScale, uScale, samples, batch } = p;
  const options = { dIn: inputs, dOut: outputs, terms, wScale, bScale, uScale };
  const teacher = drawTeacher(random.split("teacher"), p.phi === undefined ? options : { ...options, phi: p.phi });
  const widths = [inputs, ...Array.from({ length: p.depth }, () => p.width), outputs];
  const xPrime = new Float32Array(samples * inputs);
  random.split("evaluation").fillNormal(xPrime);
  return {
    network: mlp({ widths, activation: p.activation, initialisation: p.initialisation }, random.split("network")),
    objective: objective("mse"),
    ...optimization(p),
    data: onlineTeacher(teacher, batch, random.split("data")),
    evaluation: (engine) => evaluated(engine, teacher, float32(xPrime, [samples, inputs])),
    evaluationName: `${samples} unseen samples of the teacher`,
  };
}

/** The held-out samples with their targets, in batches. */
async function evaluated(engine: Engine, teacher: ReturnType<typeof drawTeacher>, xPrime: Tensor): Promise<Feeds[]> {
  const g = new GraphBuilder("teacher");
  const { x, target } = teacherNodes(g, teacher, g.input("x'", "float32", ["n", teacher.dIn]));
  g.output(x, "x");
  g.output(target, TARGET);
  const program = await engine.compile({ graph: g.build(), opset: WORKING_OPSET });
  const whole = await program.run({ "x'": xPrime });
  await program.dispose();
  return sliceBatches(whole, Math.min(EVALUATION_BATCH, Math.ceil(whole.x!.shape[0]! / MOST_GROUPS)));
}
