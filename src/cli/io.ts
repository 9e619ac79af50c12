/**
 * @file What a command may touch of the world around it, handed in as an argument so that tests can hand in their own,
 * and the real thing.
 */
import { EXIT_INTERRUPTED } from "../runner/errors.ts";

export interface Output {
  write(text: string): unknown;
  /** Whether a person looks at it, and how many characters fit on a line. */
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
   * Aborted when the user interrupts (Ctrl-C), the system ends or the terminal closes; a command that never asks for it
   * is ended by the system at once.
   */
  interruption(): AbortSignal;
}

/** This process. A reader that goes away (`crh runs | head -1`) is no error: what it does not read is dropped. */
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

/** What this program itself tells a terminal: tones, the cleared rest of a line. */
const OWN = new RegExp(`^(${String.fromCharCode(27)}\\[(\\d{1,2}(;\\d{1,2})?m|K)|\\r)`);

/**
 * The output without what a terminal would obey but does not come from here: names of layers, files and messages are of
 * others. Where nobody looks no such character passes.
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

/** @param own whether the sequences that this program uses are kept */
export function withoutControl(text: string, own: boolean): string {
  return text.replace(/[\p{Cc}\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu, (character, at: number) => {
    if (character === "\n" || character === "\t") return character;
    return own && OWN.test(text.slice(at, at + 8)) ? character : "·";
  });
}

/**
 * SIGHUP comes when the terminal closes. The first signal asks the command to stop; Ctrl-C then ends the process.
 * SIGTERM does not, however often it comes: what ends a group of processes sends it to each, and parents pass it on.
 */
function listen(controller: AbortController): void {
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const)
    process.on(signal, () => {
      if (signal === "SIGINT" && controller.signal.aborted) process.exit(EXIT_INTERRUPTED);
      controller.abort();
    });
}

/** Width for text on this output; 100 where nobody looks. */
export function widthOf(output: Output): number {
  return output.isTTY === true ? Math.max(20, output.columns ?? 80) : 100;
}

/** Whether escape sequences may go to this output at all (https://no-color.org, TERM=dumb). */
export function hasColour(output: Output, env: Io["env"]): boolean {
  return output.isTTY === true && (env.NO_COLOR ?? "") === "" && env.TERM !== "dumb";
}
