/** @file What a worker of a sweep is started with, on this machine and on others. */
import { fileURLToPath } from "node:url";

/**
 * `crh worker` as a program of its own. Several share a machine: V8 collects garbage in one thread each, which takes a
 * fifth less processor time than in five (docs/log.md).
 */
export const WORKER: readonly string[] = [
  ...[process.execPath, "--single-threaded-gc"],
  ...[fileURLToPath(new URL("./main.js", import.meta.url)), "worker"],
];
