/**
 * @file An Io that keeps what is written, for tests of commands.
 */
import type { Io } from "../../src/cli/io.ts";

export interface TestIo extends Io {
  /** Everything written to stdout and stderr so far. */
  out(): string;
  err(): string;
  interrupt(): void;
}

export function testIo(options: { columns?: number; env?: Record<string, string> } = {}): TestIo {
  const { columns, env = {} } = options;
  const written = { out: "", err: "" };
  const terminal = columns === undefined ? {} : { isTTY: true, columns };
  const controller = new AbortController();
  const output = (name: "out" | "err") => ({
    ...terminal,
    write: (text: string) => {
      written[name] += text;
    },
  });
  return {
    stdout: output("out"),
    stderr: output("err"),
    env,
    interruption: () => controller.signal,
    out: () => written.out,
    err: () => written.err,
    interrupt: () => controller.abort(),
  };
}
