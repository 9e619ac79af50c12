/**
 * @file The environment of a command, passed as an argument so that tests can replace it, and the real one.
 */
import { EXIT_INTERRUPTED } from "../runner/errors.ts";

export interface Output {
  write(text: string): unknown;
  /** Whether it is a terminal, and its line width in characters. */
  readonly isTTY?: boolean;
  readonly columns?: number;
}

export interface Io {
  /** Results. */
  readonly stdout: Output;
  /** Progress and messages. */
  readonly stderr: Output;
  readonly env: Readonly<Record<string, string | undefined>>;
  /**
   * Signal aborted by Ctrl-C, at shutdown, or when the terminal closes. A command that never requests it is ended by
   * the system at once.
   */
  interruption(): AbortSignal;
}

/**
 * The environment of this process. A reader that closes its pipe (`crh runs | head -1`) is not an error; the rest of
 * the output is dropped.
 */
export function processIo(): Io {
  for (const stream of [process.stdout, process.stderr])
    stream.on("error", (error: NodeJS.ErrnoException) => {
      if (error.code === "EPIPE") return;
      process.exitCode = 1;
      if (stream === process.stdout) process.stderr.write(`crh: expected a writable output, got ${error.message}\n`);
    });
  let controller: AbortController | undefined;
  const interruption = () => {
    if (controller === undefined) {
      controller = new AbortController();
      listen(controller);
    }
    return controller.signal;
  };
  return { stdout: guarded(process.stdout), stderr: guarded(process.stderr), env: process.env, interruption };
}

/** Escape sequences used by this program: tones, and clearing the rest of a line. */
const OWN = new RegExp(`^(${String.fromCharCode(27)}\\[(\\d{1,2}(;\\d{1,2})?m|K)|\\r)`);

/**
 * The output without foreign control characters, because names of layers, files and messages come from others. Without
 * a terminal no control character passes.
 */
export function guarded(stream: NodeJS.WriteStream): Output {
  return {
    write: (text) => stream.write(withoutControl(text, stream.isTTY === true)),
    get isTTY() {
      return stream.isTTY === true;
    },
    get columns() {
      return stream.columns;
    },
  };
}

/** @param own whether this program's own escape sequences are kept */
export function withoutControl(text: string, own: boolean): string {
  return text.replace(/[\p{Cc}\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu, (character, at: number) => {
    if (character === "\n" || character === "\t") return character;
    return own && OWN.test(text.slice(at, at + 8)) ? character : "·";
  });
}

/**
 * SIGHUP is sent when the terminal closes. The first signal asks the command to stop; a further Ctrl-C ends the
 * process. Further SIGTERMs do not, because a process may get it both directly, as part of a group, and from its
 * parent.
 */
function listen(controller: AbortController): void {
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const)
    process.on(signal, () => {
      if (signal === "SIGINT" && controller.signal.aborted) process.exit(EXIT_INTERRUPTED);
      controller.abort();
    });
}

/** Line width of this output; 100 if it is not a terminal. */
export function widthOf(output: Output): number {
  return output.isTTY === true ? Math.max(20, output.columns ?? 80) : 100;
}

/** Whether this output accepts escape sequences (https://no-color.org, TERM=dumb). */
export function hasColour(output: Output, env: Io["env"]): boolean {
  return output.isTTY === true && (env.NO_COLOR ?? "") === "" && env.TERM !== "dumb";
}
