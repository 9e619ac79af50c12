/** @file The Python that tests of crh-capture run in: $CRH_PYTHON or python3, and whether it has what they need. */
import { spawnSync } from "node:child_process";
import { join } from "node:path";

const python = process.env.CRH_PYTHON ?? "python3";
/** Folder of the package. */
export const packageFolder = join(import.meta.dirname, "..", "..", "python");

/** Runs Python in the folder of the package, one thread. */
export function runPython(...args: string[]): { readonly status: number | null; readonly out: string } {
  const env = { ...process.env, PYTHONPATH: packageFolder, PYTHONDONTWRITEBYTECODE: "1", OMP_NUM_THREADS: "1" };
  const { status, stdout, stderr } = spawnSync(python, args, { cwd: packageFolder, encoding: "utf8", env });
  return { status, out: `${stdout ?? ""}${stderr ?? ""}` };
}

const needed = ["torch", "numpy", "safetensors", "pytest"];
const missing = runPython(
  "-c",
  `import importlib.util as u; print(*[name for name in ${JSON.stringify(needed)} if not u.find_spec(name)])`,
);

/** Says in one line what is missing where something is. */
export const hasPython = missing.status === 0 && missing.out.trim() === "";
if (!hasPython)
  console.log(`skipped: crh-capture needs ${needed.join(", ")} in ${python}, which are not all there; set CRH_PYTHON`);
