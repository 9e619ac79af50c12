/**
 * @file The engine in browsers: ONNX Runtime (onnxruntime-web) as WebAssembly, on the processor. The package is handed
 * in by the page, which says where its files lie, so that nothing is fetched from elsewhere and nothing is loaded that
 * is not asked for.
 */
import type { Engine } from "../engine/engine.ts";
import { compileProgram, type OnnxRuntime } from "../engine/onnxProgram.ts";

/**
 * The engine of a page:
 *
 *     import * as ort from "onnxruntime-web/wasm";
 *     const engine = webEngine(ort);
 *
 * Its numbers are those of the engine in Node but for rounding. How many threads there are is said before the first
 * graph, by `ort.env.wasm.numThreads`, and not by the options of a graph; more than one need a page that is isolated
 * from other origins.
 *
 * @param ort the package onnxruntime-web 1.30 or one with its operators
 */
export function webEngine(ort: OnnxRuntime): Engine {
  return {
    name: "onnxruntime-web (wasm)",
    compile: (model, options = {}) => compileProgram(ort, model, options, { provider: "wasm" }),
  };
}
