/**
 * @file ONNX Runtime's telemetry, switched off. Since 1.30 its library sends names of the model and of its producer,
 * with an identifier of the device, to its maker, and leaves files in the home and the temporary folder; a variable of
 * the process's environment stops all of it, if it is set before the library starts. Importing this file sets it in the
 * main thread.
 */
import { isMainThread } from "node:worker_threads";

const variable = "ORT_DISABLE_TELEMETRY";

if (isMainThread) process.env[variable] = "1";

/**
 * Ensures that telemetry is off, in any thread.
 *
 * A worker thread's process.env is a copy of what it had at the start, and the library reads the process's own. A
 * worker that was started before this file was imported has it set in the main thread, through the inspector: there is
 * no other way there.
 *
 * @throws Error if that fails; the library must not be loaded then
 */
export async function switchTelemetryOff(): Promise<void> {
  if (!isMainThread && process.env[variable] !== "1")
    await inMainThread(`process.env.${variable} = "1"`).catch((error: Error) => {
      const cure = `start the process with ${variable}=1, or import crh-lab in its main thread first`;
      throw new Error(`engine: expected to switch ONNX Runtime's telemetry off, got ${error.message}; ${cure}`);
    });
  process.env[variable] = "1";
}

/** Evaluates an expression in the main thread, which need not be idle. */
async function inMainThread(expression: string): Promise<void> {
  const { Session } = await import("node:inspector");
  const session = new Session();
  session.connectToMainThread();
  try {
    await new Promise<void>((resolve, reject) =>
      session.post("Runtime.evaluate", { expression }, (error, found) => {
        const failed = error ?? (found.exceptionDetails && new Error(found.exceptionDetails.text));
        if (failed) reject(failed);
        else resolve();
      }),
    );
  } finally {
    session.disconnect();
  }
}
