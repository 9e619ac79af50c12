/**
 * @file A lab in a separate process beside a command that trains, so that neither waits for the other: its address, and
 * how to end it.
 */
import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

export interface LabBeside {
  readonly url: string;
  stop(): void;
}

/** @throws Error with its own message, in one line, if it does not start */
export async function startLabBeside(runs: string): Promise<LabBeside> {
  const program = fileURLToPath(new URL("./main.js", import.meta.url));
  const words = [program, "lab", "--in", runs, "--port", "0", "--no-open", "--attached"];
  const child = spawn(process.execPath, words, { stdio: ["pipe", "pipe", "pipe"] }); // its input ends with this process
  const stop = () => child.kill("SIGTERM");
  let said = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    said = (said + text).slice(-1000);
  });
  const url = await new Promise<string>((resolve, reject) => {
    createInterface(child.stdout).once("line", resolve);
    child.once("error", reject);
    child.once("exit", () => reject(new Error(said.trim().split("\n")[0] || "lab: expected to listen, got an end")));
  });
  return { url, stop };
}
