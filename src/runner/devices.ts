/**
 * @file The devices that ONNX Runtime can use on this machine. Each is tested on y = Relu(x + 1) in a separate process,
 * because with a missing driver the libraries may write to the terminal or end the process.
 */
import { execFile } from "node:child_process";
import { createRequire } from "node:module";
import { promisify } from "node:util";
import type { Device } from "../engine/engine.ts";
import { GraphBuilder, WORKING_OPSET } from "../onnx/graphBuilder.ts";
import { encodeModel } from "../onnx/modelFile.ts";

/** Whether a device can be used and, if not, why. */
export type DeviceState = { readonly usable: true } | { readonly usable: false; readonly found: string };

/** What to install for a device, or choose instead. */
export const deviceCures: Readonly<Record<Exclude<Device, "cpu">, string>> = {
  webgpu: "install a graphics driver (on Linux with Vulkan: libvulkan1 and the GPU's own), or choose --device cpu",
  cuda:
    "on Linux x64 with an NVIDIA driver, CUDA 12 and cuDNN 9: " +
    `node ${installScript()} --onnxruntime-node-install=cuda12; else choose --device cpu`,
};

/** ONNX Runtime's own script, which downloads its CUDA libraries; it never runs unless the user starts it. */
function installScript(): string {
  const script = "onnxruntime-node/script/install.js";
  try {
    return createRequire(import.meta.url).resolve(script);
  } catch {
    return `node_modules/${script}`;
  }
}

/** argv: the package, the device, the model in base64. */
const script = `
const [ort, device, model] = [require(process.argv[1]), process.argv[2], Buffer.from(process.argv[3], "base64")];
const x = new ort.Tensor("float32", Float32Array.of(-3, 1), [2]);
ort.InferenceSession.create(model, { executionProviders: [device], logSeverityLevel: 4 })
  .then((session) => session.run({ x }))
  .then(({ y }) => console.log(JSON.stringify({ y: Array.from(y.data) })))
  .catch((error) => console.log(JSON.stringify({ error: String(error.message) })));`;

/** chosen: a driver that has not answered by this time counts as broken. */
const ANSWER_MS = 30_000;

export async function deviceState(device: Device, env: NodeJS.ProcessEnv = process.env): Promise<DeviceState> {
  const library = createRequire(import.meta.url).resolve("onnxruntime-node");
  const words = ["-e", script, library, device, Buffer.from(model()).toString("base64")];
  const options = { timeout: ANSWER_MS, windowsHide: true, env: { ...env, NODE_OPTIONS: "" } };
  const answer = await promisify(execFile)(process.execPath, words, options).then(
    ({ stdout }): Answer => lastJson(stdout),
    (error: { signal?: string; code?: unknown }): Answer => ({ error: `a crash (${error.signal ?? error.code})` }),
  );
  if (answer.y?.join() === "0,2") return { usable: true };
  return { usable: false, found: answer.error === undefined ? "wrong results" : essence(answer.error) };
}

/**
 * @param command the command that was called
 * @throws Error in one line that says what to install or to choose
 */
export async function checkDevice(device: Device, command: "run" | "resume" | "analyze"): Promise<void> {
  if (device === "cpu") return;
  const state = await deviceState(device);
  if (!state.usable)
    throw new Error(`${command}: expected a device ${device} that works, got ${state.found}; ${deviceCures[device]}`);
}

function model(): Uint8Array {
  const builder = new GraphBuilder("device");
  const sum = builder.op("Add", [builder.input("x", "float32", [2]), builder.scalar(1)]);
  builder.output(builder.op("Relu", [sum]), "y");
  return encodeModel({ graph: builder.build(), opset: WORKING_OPSET });
}

interface Answer {
  readonly y?: readonly number[];
  readonly error?: string;
}

function lastJson(stdout: string): Answer {
  try {
    return JSON.parse(stdout.trim().split("\n").at(-1) ?? "") as Answer;
  } catch {
    return { error: "no answer" };
  }
}

/** ONNX Runtime's errors begin with source locations; the reason is at the end. */
function essence(message: string): string {
  const line = message.replace(/\s+/g, " ").trim();
  return /(Failed to [^.:]*(?:: [^.]*)?|backend not found.*)\.?$/.exec(line)?.[1] ?? line.slice(0, 200);
}
