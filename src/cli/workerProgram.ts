/** @file The program that starts a worker of a sweep, on this machine and on others. */
import { fileURLToPath } from "node:url";

/**
 * `crh worker` as a separate program. Several share a machine, so V8 collects garbage in one thread each, which takes a
 * fifth less processor time than five threads (docs/log.md).
 */
export const WORKER: readonly string[] = [
  ...[process.execPath, "--single-threaded-gc"],
  ...[fileURLToPath(new URL("./main.js", import.meta.url)), "worker"],
];
