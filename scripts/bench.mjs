/**
 * @file `npm run bench`: training steps per second of fc1, fc2 and mlp here and in PyTorch eager, on one thread each, taken in
 * turn; the median of the ratios. Options: --repeats N --steps N. PyTorch is looked for in $CRH_PYTHON or python3.
 */
import { join } from "node:path";
import { build, install, root } from "./setup.mjs";

install();
build();
const { benchSteps } = await import(join(root, "bench", "steps.mjs"));
await benchSteps(process.argv.slice(2));
