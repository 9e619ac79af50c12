/**
 * @file `npm start`: installs, builds, runs the paper's setting fc2 and shows it live in the browser; other words are passed
 * to crh: `npm start -- doctor`.
 */
import { join } from "node:path";
import { build, install, node, root } from "./setup.mjs";

install();
build();
const words = process.argv.slice(2);
node([join(root, "dist", "cli", "main.js"), ...(words.length > 0 ? words : ["run", "fc2", "--lab"])]);
