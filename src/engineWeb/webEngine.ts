/**
 * @file The engine in browsers: ONNX Runtime (onnxruntime-web) as WebAssembly, on the processor. The page passes the
 * package and the location of its files, so that nothing is fetched from elsewhere and nothing is loaded unless needed.
 */
import type { Engine } from "../engine/engine.ts";
import { compileProgram, type OnnxRuntime } from "../engine/onnxProgram.ts";

/**
 * The engine of a page:
 *
 *     import * as ort from "onnxruntime-web/wasm";
 *     const engine = webEngine(ort);
 *
 * Its results equal those of the engine in Node up to rounding. The number of threads is set before the first graph by
 * `ort.env.wasm.numThreads`, not by the options of a graph; more than one thread needs a cross-origin isolated page.
 *
 * @param ort the package onnxruntime-web 1.30 or one with its operators
 */
export function webEngine(ort: OnnxRuntime): Engine {
  return {
    name: "onnxruntime-web (wasm)",
    compile: (model, options = {}) => compileProgram(ort, model, options, { provider: "wasm" }),
  };
}
