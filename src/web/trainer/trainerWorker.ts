/**
 * @file The worker that trains: one training at a time, on ONNX Runtime as WebAssembly or with WebGPU. Each is loaded
 * when first needed, the larger build with WebGPU only where that is tried or chosen.
 */
import type { Engine } from "../../engine/engine.ts";
import type { OnnxRuntime } from "../../engine/onnxProgram.ts";
import { type WebDevice, webEngine } from "../../engineWeb/webEngine.ts";
import { EngineChooser } from "./chooseEngine.ts";
import type { Command, Told, TrainerEvent, TrainRequest } from "./messages.ts";
import { SettingTraining } from "./trainSetting.ts";
import { withoutWebgpu } from "./webgpu.ts";

const builds = {
  wasm: () => import("onnxruntime-web/wasm"),
  webgpu: () => import("onnxruntime-web/webgpu"),
};
const engines: { [device in WebDevice]?: Promise<Engine> } = {};

function engine(device: WebDevice): Promise<Engine> {
  engines[device] ??= load(device).catch((error: Error) => {
    delete engines[device]; // the next training tries again
    throw error;
  });
  return engines[device];
}

async function load(device: WebDevice): Promise<Engine> {
  const ort = await builds[device]();
  ort.env.wasm.numThreads = 1; // more threads need a page isolated from other origins
  return webEngine(ort as unknown as OnnxRuntime, { device });
}

const chooser = new EngineChooser({ wasm: () => engine("wasm"), webgpu: () => engine("webgpu"), withoutWebgpu });

/** The current training, or the last one. */
let current: { readonly training: SettingTraining; readonly end: Promise<void>; isHeard: boolean } | undefined;

function start(run: number, request: TrainRequest): void {
  const before = current;
  if (before !== undefined) before.isHeard = false;
  before?.training.tell({ type: "stop" });
  const post = (event: TrainerEvent, transfer: ArrayBuffer[] = []): void => {
    if (next.isHeard) self.postMessage({ run, event } satisfies Told, { transfer });
  };
  const training = new SettingTraining(request, post);
  const end = (before?.end ?? Promise.resolve()).then(() =>
    training.run((signal) => chooser.choose(request, { post, signal })),
  );
  const next = { training, end, isHeard: true };
  current = next;
}

self.onmessage = ({ data: command }: MessageEvent<Command>) => {
  if (command.type === "start") start(command.run, command.request);
  else current?.training.tell(command);
};
