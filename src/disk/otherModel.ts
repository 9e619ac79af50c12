/**
 * @file Recognises files and folders with a model in another format than ONNX, or none, and advises how to get an ONNX
 * file.
 */
import { existsSync, statSync } from "node:fs";
import { basename, join } from "node:path";

const TORCH = 'in Python, torch.onnx.export(model, (example_input,), "model.onnx", dynamo=True) writes one';
const KERAS = 'in Python, model.export("model.onnx", format="onnx") writes one';
const ORIGINAL = "export the original model to ONNX";

/** The first bytes of a file. */
interface Start {
  readonly bytes: Uint8Array;
  /** Its bytes as characters. */
  readonly text: string;
}

/** Formats recognised by their first bytes, with the cure. */
const formats: readonly (readonly [is: (start: Start) => boolean, what: string, cure: string])[] = [
  [
    ({ text }) => text.startsWith("version https://git-lfs"),
    "a pointer of git-lfs",
    "git lfs pull fetches the file itself",
  ],
  [({ text }) => /^\s*<(!doctype\s+html|html)/i.test(text), "a page of HTML", "download the file itself, not its page"],
  [({ text }) => /^\s*(<\?xml[^>]*>\s*)?<net\b/.test(text), "a network of OpenVINO", ORIGINAL],
  [({ bytes }) => bytes[0] === 0x80 && bytes[1]! >= 2 && bytes[1]! <= 5, "a Python pickle, as PyTorch has them", TORCH],
  [({ text }) => isZip(text) && text.includes("data.pkl"), "a file of PyTorch", TORCH],
  [({ text }) => isZip(text) && /(config|metadata)\.json/.test(text), "a file of Keras", KERAS],
  [({ text }) => text.slice(1, 4) === "HDF", "a file of HDF5, as Keras has them", KERAS],
  [
    ({ text }) => text.slice(4, 8) === "TFL3",
    "a model of TensorFlow Lite",
    "python -m tf2onnx.convert --tflite FILE --output model.onnx writes one",
  ],
  [({ text }) => text.startsWith("GGUF"), "a file of GGUF", ORIGINAL],
  [
    ({ bytes, text }) => text[8] === "{" && bytes.subarray(4, 8).every((byte) => byte === 0),
    "weights in safetensors, without the network",
    TORCH,
  ],
];

function isZip(text: string): boolean {
  return text.startsWith("PK");
}

/** chosen: enough to contain the names of an archive's first members. */
const START_BYTES = 4096;

/**
 * @param bytes contents of a file that may not be an ONNX model
 * @throws Error in one line if its format is recognised
 */
export function checkFormat(bytes: Uint8Array, path: string): void {
  const start = bytes.subarray(0, START_BYTES);
  const text = String.fromCharCode(...start);
  const found = formats.find(([is]) => is({ bytes: start, text }));
  const isGraph = /\.pb$/i.test(path);
  if (found === undefined && !isGraph) return;
  const [, what, cure] = found ?? [undefined, "a graph of TensorFlow", "python -m tf2onnx.convert writes one"];
  throw new Error(`onnx: expected an ONNX model, got ${what} (${basename(path)}); ${cure}`);
}

/** @throws Error in one line if the path is a folder that contains a model */
export function checkFolder(path: string): void {
  if (!existsSync(path) || !statSync(path).isDirectory()) return;
  const has = (name: string) => existsSync(join(path, name));
  const fail = (what: string, cure: string): never => {
    throw new Error(`onnx: expected an ONNX file, got a folder (${basename(path)}) ${what}; ${cure}`);
  };
  if (has("saved_model.pb"))
    fail("of TensorFlow", `python -m tf2onnx.convert --saved-model ${basename(path)} --output model.onnx writes one`);
  if (has("model.onnx")) fail("with one", `name ${join(path, "model.onnx")}`);
  if (has("config.json"))
    fail("of Hugging Face", `optimum-cli export onnx --model ${basename(path)} exported writes one`);
}
