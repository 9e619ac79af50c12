/** @file `npm run pack`: builds and writes the package, crh-lab-<version>.tgz, which installs without any script; other words go to npm pack. */
import { build, install, run } from "./setup.mjs";

install();
build();
run("npm", ["pack", ...process.argv.slice(2)], { shell: process.platform === "win32" });
