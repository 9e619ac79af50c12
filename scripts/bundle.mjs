/**
 * @file Makes the installed onnxruntime-node into what goes inside the package (bundleDependencies): without its install script, which
 * downloads CUDA libraries from another host than npm's and fails where there is no way to it, and without files that nothing loads.
 * Only its package.json changes, so `npm pack` and `npm publish` find it ready after any build.
 */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** DirectML.dll is asked for by a device that crh does not have; the second name of macOS's library is a copy of the first. */
const FILES = ["dist", "bin", "script/install*.js", "!**/*.map", "!**/DirectML.dll", "!**/libonnxruntime.*.*.*.dylib"];

/** @param root the repository, whose packages are installed */
export function prepareBundle(root) {
  const path = join(root, "node_modules", "onnxruntime-node", "package.json");
  if (!existsSync(path)) return;
  const found = JSON.parse(readFileSync(path, "utf8"));
  const { scripts: _, devDependencies: __, ...rest } = found;
  const wanted = `${JSON.stringify({ ...rest, files: FILES }, undefined, 2)}\n`;
  if (readFileSync(path, "utf8") !== wanted) writeFileSync(path, wanted);
}
