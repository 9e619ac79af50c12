/**
 * @file The engine in browsers: ONNX Runtime (onnxruntime-web) as WebAssembly, on the processor, or with WebGPU. The
 * page passes the package and the location of its files, so that nothing is fetched from elsewhere and nothing is
 * loaded unless needed.
 */
import type { Engine } from "../engine/engine.ts";
import { compileProgram, type OnnxRuntime } from "../engine/onnxProgram.ts";

/** Where a page's graphs run: ONNX Runtime's execution providers. */
export type WebDevice = "wasm" | "webgpu";

export interface WebEngineOptions {
  /** "webgpu" needs the build of ONNX Runtime that has it. Default "wasm". */
  readonly device?: WebDevice;
}

/**
 * The engine of a page:
 *
 *     import * as ort from "onnxruntime-web/wasm";
 *     const engine = webEngine(ort);
 *
 * or, where `await navigator.gpu?.requestAdapter()` gives an adapter,
 *
 *     import * as ort from "onnxruntime-web/webgpu";
 *     const engine = webEngine(ort, { device: "webgpu" });
 *
 * Its results equal those of the engine in Node up to rounding. The number of threads is set before the first graph by
 * `ort.env.wasm.numThreads`, not by the options of a graph; more than one thread needs a cross-origin isolated page.
 * With WebGPU, operators without a kernel for it run as WebAssembly, and so do graphs that run once.
 *
 * @param ort the package onnxruntime-web 1.30 or one with its operators
 */
export function webEngine(ort: OnnxRuntime, { device = "wasm" }: WebEngineOptions = {}): Engine {
  return {
    name: `onnxruntime-web (${device})`,
    compile: (model, options = {}) =>
      compileProgram(ort, model, options, { provider: options.optimize === false ? "wasm" : device }),
  };
}
