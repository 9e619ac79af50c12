/**
 * @file Versions of this package, of Node and of ONNX Runtime, read from the packages without loading them.
 */
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

export interface Versions {
  crh: string;
  node: string;
  onnxruntime: string;
}

/** Version of this package. */
export function crhVersion(): string {
  return versionIn(new URL("../../package.json", import.meta.url));
}

/** The versions recorded in run.json; "none" where ONNX Runtime is not installed. */
export function versions(): Versions {
  return { crh: crhVersion(), node: process.versions.node, onnxruntime: onnxruntimeVersion() };
}

function onnxruntimeVersion(): string {
  try {
    return versionIn(createRequire(import.meta.url).resolve("onnxruntime-node/package.json"));
  } catch {
    return "none";
  }
}

function versionIn(path: string | URL): string {
  return (JSON.parse(readFileSync(path, "utf8")) as { version: string }).version;
}
