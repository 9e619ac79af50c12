/** @file `npm test`: installs, builds, then type check, lint, unit and end-to-end tests; ends at the first that fails. */
import { join } from "node:path";
import { build, install, node } from "./setup.mjs";

const bin = (...parts) => join("node_modules", ...parts);

install();
build();
for (const project of ["tsconfig.json", join("src", "web", "tsconfig.json")])
  node([bin("typescript", "bin", "tsc"), "--noEmit", "-p", project]);
node([bin("@biomejs", "biome", "bin", "biome"), "check", "--error-on-warnings", "."]);
node([bin("vitest", "vitest.mjs"), "run", ...process.argv.slice(2)]);
