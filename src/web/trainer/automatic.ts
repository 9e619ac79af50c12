/** @file The rule by which device "automatic" takes an engine. */
import type { StepTimes } from "./messages.ts";

/**
 * chosen: microseconds of a step in WebAssembly below which WebGPU is not tried. There the steps' own parameters go to
 * the device and back at every step, and each operator is started by itself: more than this takes (docs/decisions.md).
 */
export const SHORT_STEP = 1000;

/** chosen: so much faster that a second timing would hardly say otherwise. */
const FASTER = 1.5;

/** WebGPU where it is clearly faster. */
export const fasterOf = ({ wasm, webgpu }: StepTimes): "wasm" | "webgpu" =>
  webgpu !== undefined && FASTER * webgpu <= wasm ? "webgpu" : "wasm";
