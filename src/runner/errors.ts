/**
 * @file Converts anything thrown into one line and an exit code. The project's own errors read "<where>: expected X,
 * got Y; cure" and are shown unchanged; those of the file system are put into words; anything else is a bug, whose
 * stack is shown with --debug.
 */
import { printable } from "../formats/printable.ts";

export const EXIT_FAILED = 1;
export const EXIT_USAGE = 2;
export const EXIT_INTERRUPTED = 130;

/** Wrong use of the command line: an unknown name, key or value. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}

/** The user stopped the command; the message says what is kept and how to continue. */
export class Interrupted extends Error {
  override readonly name: string = "Interrupted";
}

/** The run would take long and was not confirmed; the message says how to continue. */
export class Unconfirmed extends Interrupted {
  override readonly name = "Unconfirmed";
}

export interface ErrorReport {
  readonly line: string;
  readonly exitCode: number;
  /** Whether it is a bug. */
  readonly bug: boolean;
}

export function reportOf(error: unknown): ErrorReport {
  if (!(error instanceof Error)) return bug(String(error));
  const line = oneLine(error.message);
  if (error instanceof UsageError) return { line, exitCode: EXIT_USAGE, bug: false };
  if (error instanceof Unconfirmed) return { line, exitCode: EXIT_USAGE, bug: false };
  if (error instanceof Interrupted) return { line, exitCode: EXIT_INTERRUPTED, bug: false };
  const refusal = fileSystemRefusal(error);
  if (refusal !== undefined) return { line: refusal, exitCode: EXIT_FAILED, bug: false };
  if (error instanceof RangeError && noMemory.test(line))
    return {
      line: "crh: expected arrays that fit into memory, got larger ones; use smaller layers, fewer samples or a smaller batch",
      exitCode: EXIT_FAILED,
      bug: false,
    };
  if (isOwn(error, line)) return { line, exitCode: EXIT_FAILED, bug: false };
  return bug(`${error.name}: ${line}`);
}

/** V8's messages on typed arrays that are too large for it or for the machine. */
const noMemory = /^(Array buffer allocation failed|Invalid typed array length: \d+)$/;

/** The file system's own errors: "ENOENT: no such file or directory, open 'x'". */
function fileSystemRefusal(error: NodeJS.ErrnoException): string | undefined {
  const { code, path, syscall } = error;
  if (code === undefined || syscall === undefined || !error.message.startsWith(`${code}:`)) return undefined;
  const found: Record<string, string> = {
    ENOENT: "none",
    EACCES: "no permission",
    EPERM: "no permission",
    EISDIR: "a folder",
    ENOTDIR: "a file where a folder should be",
    ENOSPC: "a full disk",
    EROFS: "a read-only file system",
  };
  const what = path === undefined ? "output" : path;
  return `crh: expected a file that can be used at ${what}, got ${found[code] ?? oneLine(error.message)} (${code}); check the path`;
}

/** Errors in the project's form: they begin with their origin and are not errors of the language runtime. */
function isOwn(error: Error, line: string): boolean {
  const code = (error as NodeJS.ErrnoException).code;
  if (code?.startsWith("ERR_") === true || /^(Syntax|Reference|Assertion|Eval)/.test(error.name)) return false;
  return /^.{1,300}?: expected \S/u.test(line) || /^\p{L}[\w./-]*( [\w./"'<>[\]-]+){0,4}: \S/u.test(line);
}

function bug(what: string): ErrorReport {
  const advice = "run it again with --debug for the details and report them";
  return { line: `crh: this is a bug (${oneLine(what)}); ${advice}`, exitCode: EXIT_FAILED, bug: true };
}

function oneLine(message: string): string {
  return printable(message.replace(/\s+/g, " ").trim());
}
