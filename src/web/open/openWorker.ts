/**
 * @file The worker that opens files. Bytes are read, unpacked and measured here, so that the page stays responsive;
 * ending the worker gives up a file that takes too much time or memory.
 */
import * as ort from "onnxruntime-web/wasm";
import { type LoadedArrays, loadArrays } from "../../data/loadArrays.ts";
import type { Engine } from "../../engine/engine.ts";
import { webEngine } from "../../engineWeb/webEngine.ts";
import { snapshot } from "../../measure/snapshot.ts";
import { decodeMoments, isMoments } from "../../moments/momentsFile.ts";
import type { ExternalFiles } from "../../onnx/externalData.ts";
import type { Model } from "../../onnx/graph.ts";
import { decodeModel } from "../../onnx/modelFile.ts";
import { measureModel, preparedModel } from "./measureModel.ts";
import type { DeclaredValue, OpenAnswer, OpenedFile, OpenTask } from "./messages.ts";

/** chosen: most bytes of a file; a page has at most 4 GiB, and a measurement holds a file several times. */
const MOST_BYTES = 2 ** 30;

const arrays = new Map<string, LoadedArrays>();
const models = new Map<string, Model>();
let engine: Engine | undefined;

const answer = (message: OpenAnswer): void => postMessage(message);

addEventListener("message", ({ data }: MessageEvent<OpenTask>) => {
  const { id } = data;
  const done = data.task === "read" ? read(data).then((opened) => answer({ id, opened })) : measure(data);
  done.catch((error: Error) => answer({ id, error: lineOf(error) }));
});

/** One line for whatever was thrown. */
function lineOf(error: Error): string {
  const memory = /allocation|memory|Invalid typed array length|Array buffer/i.test(error.message);
  if (memory)
    return `open: expected a file that fits into this browser's memory, got one that does not (${error.message}); crh analyze measures larger ones`;
  return error.message.split("\n")[0]!.slice(0, 600);
}

async function read({ file, beside }: Extract<OpenTask, { task: "read" }>): Promise<OpenedFile> {
  const { name } = file;
  if (file.size > MOST_BYTES)
    throw new RangeError(
      `${name}: expected a file of at most ${MOST_BYTES / 2 ** 20} MiB, got ${Math.ceil(file.size / 2 ** 20)}; crh analyze measures larger ones`,
    );
  const bytes = new Uint8Array(await file.arrayBuffer());
  if (/\.html?$/i.test(name)) return { kind: "report", html: new TextDecoder().decode(bytes) };
  if (/\.onnx$/i.test(name)) return readModel(name, bytes, beside);
  if (isMoments(bytes)) {
    const moments = decodeMoments(bytes);
    return { kind: "moments", moments, snapshot: await snapshot(moments) };
  }
  const loaded = loadArrays(bytes, { name, maxBytes: MOST_BYTES });
  arrays.set(name, loaded);
  const list = [...loaded.arrays].map(([key, { dtype, shape }]) => ({ name: key, dtype, shape }));
  return {
    kind: "arrays",
    format: loaded.format,
    arrays: list,
    ...(loaded.labels && { labels: loaded.labels.length }),
  };
}

async function readModel(name: string, bytes: Uint8Array, beside: readonly File[]): Promise<OpenedFile> {
  const model = preparedModel(decodeModel(bytes, await filesBeside(beside)));
  models.set(name, model);
  const { inputs, outputs } = model.graph;
  return { kind: "model", inputs: inputs.map(declared), outputs: outputs.map(declared) };
}

const declared = ({ name, dtype, shape }: DeclaredValue): DeclaredValue => ({
  name,
  ...(dtype && { dtype }),
  ...(shape && { shape }),
});

/** Files with the model's external weights, by name only: a page knows no folders. */
async function filesBeside(files: readonly File[]): Promise<ExternalFiles> {
  const bytes = new Map<string, Uint8Array>();
  for (const file of files) bytes.set(file.name, new Uint8Array(await file.arrayBuffer()));
  const at = (location: string) => bytes.get(location.replace(/^\.\//, ""));
  return {
    size: (location) => at(location)?.length,
    read: (location, offset, length) => Uint8Array.from(at(location)!.subarray(offset, offset + length)),
  };
}

async function measure({ id, model: name, request }: Extract<OpenTask, { task: "measure" }>): Promise<void> {
  const model = models.get(name);
  if (model === undefined)
    throw new RangeError(`open: expected the model ${name}, got none of that name; choose it again`);
  if (engine === undefined) {
    ort.env.wasm.numThreads = 1;
    engine = webEngine(ort);
  }
  const found = await measureModel(engine, model, arrays, request, (progress) => answer({ id, progress }));
  answer({ id, found });
}
