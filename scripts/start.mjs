/** @file `npm start`: installs, builds and runs the paper's setting fc2; other words are passed to crh: `npm start -- doctor`. */
import { join } from "node:path";
import { build, install, node, root } from "./setup.mjs";

install();
build();
const words = process.argv.slice(2);
node([join(root, "dist", "cli", "main.js"), ...(words.length > 0 ? words : ["run", "fc2"])]);
