/**
 * @file The library ONNX Runtime, loaded when it is first needed and with its telemetry off. Nothing else imports its
 * package.
 */
import type { InferenceSession, Tensor } from "onnxruntime-node";
import { switchTelemetryOff } from "./telemetry.ts";

interface Library {
  readonly InferenceSession: typeof InferenceSession;
  readonly Tensor: typeof Tensor;
}

let loaded: Promise<Library> | undefined;

/** @throws Error if the package or its library cannot be loaded, or telemetry cannot be switched off */
export function onnxRuntime(): Promise<Library> {
  loaded ??= switchTelemetryOff().then(() => import("onnxruntime-node"));
  return loaded;
}
