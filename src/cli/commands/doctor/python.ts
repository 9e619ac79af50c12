/**
 * @file Checks for a Python with PyTorch, which only the comparison of speeds (`npm run bench`) and captures from
 * PyTorch need.
 */
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import type { Io } from "../../io.ts";
import type { Check } from "./check.ts";

const run = promisify(execFile);

/** Gets the version without loading PyTorch, which takes seconds. */
const script = `
import sys, importlib.util, importlib.metadata as m
found = importlib.util.find_spec("torch") is not None
print("%d.%d.%d" % sys.version_info[:3], m.version("torch") if found else "none")`;

const ANSWER_MS = 5_000;

/** @param env CRH_PYTHON names the Python to use; by default python3 and python are tried */
export async function checkPython(env: Io["env"]): Promise<Check> {
  const name = "PyTorch";
  const cure = "only speed comparisons and captures need it: pip install torch; then set CRH_PYTHON to that python";
  const candidates = env.CRH_PYTHON === undefined ? ["python3", "python"] : [env.CRH_PYTHON];
  let seen = `no ${candidates.join(" or ")}`;
  for (const python of candidates) {
    const answer = await ask(python);
    if (answer === undefined) continue;
    const [version = "", torch = "none"] = answer.trim().split(" ");
    if (torch !== "none") return { name, status: "ok", found: `${torch} (${python} ${version})` };
    seen = `${python} ${version} without torch`;
  }
  return { name, status: "missing", found: seen, cure };
}

async function ask(python: string): Promise<string | undefined> {
  try {
    return (await run(python, ["-c", script], { timeout: ANSWER_MS, windowsHide: true })).stdout;
  } catch {
    return undefined; // missing, or another program of that name
  }
}
