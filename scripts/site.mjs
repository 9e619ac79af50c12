/**
 * @file `npm run site`: builds, and writes the page and the documents as a folder that any web server can host under any
 * path: site/, or the one behind `--to`.
 */
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { build, install, root } from "./setup.mjs";

try {
  const to = target(process.argv.slice(2));
  install();
  build();
  const { runnerImport } = await import("vite"); // installed by now
  const { module } = await runnerImport(join(root, "scripts", "site", "folder.ts"), { configFile: false });
  const { files, bytes } = module.writeSite(join(root, "dist", "web-page"), to);
  process.stdout.write(`${to}: ${files} files, ${(bytes / 1e6).toFixed(1)} MB\n`);
} catch (error) {
  process.stderr.write(`crh-lab: ${error.message}\n`);
  process.exit(1);
}

function target(args) {
  try {
    return resolve(parseArgs({ args, options: { to: { type: "string", default: join(root, "site") } } }).values.to);
  } catch {
    throw new Error(`site: expected npm run site -- [--to DIR], got ${args.join(" ")}`);
  }
}
