/**
 * @file `npm run bench`: training steps per second of fc1, fc2 and mlp here and in PyTorch eager, on one thread each, taken in
 * turn, with the median of the ratios (--repeats N --steps N). `npm run bench -- resnet20`: seconds to measure a ResNet-20;
 * `npm run bench -- resnet18` or `gpt`: time and memory of a training step (--steps N);
 * `npm run bench -- augment`: images a second through augmentations; `npm run bench -- measuring`: what the moment sums cost in
 * forward and backward passes; `npm run bench -- twopoint`: steps with followed points, and a fit of the two-point theory;
 * `npm run bench -- replicates`: networks that train in one graph against the same one by one.
 * `npm run bench -- lab`: the page's size, its frames and first views, and 200 readers of a run (--minutes N).
 * PyTorch is looked for in $CRH_PYTHON or python3.
 */
import { join } from "node:path";
import { build, install, root } from "./setup.mjs";

install();
build();
const [first, ...rest] = process.argv.slice(2);
if (first === "resnet20") {
  const { benchResnet20 } = await import(join(root, "bench", "resnet20.mjs"));
  benchResnet20(rest);
} else if (first === "resnet18" || first === "gpt") {
  const { benchNetwork } = await import(join(root, "bench", "networks.mjs"));
  await benchNetwork(first, rest);
} else if (first === "augment") {
  const { benchAugment } = await import(join(root, "bench", "augment.mjs"));
  benchAugment();
} else if (first === "measuring") {
  const { benchMeasuring } = await import(join(root, "bench", "measuring.mjs"));
  await benchMeasuring();
} else if (first === "twopoint") {
  const { benchTwopoint } = await import(join(root, "bench", "twopoint.mjs"));
  await benchTwopoint(rest);
} else if (first === "replicates") {
  const { benchReplicates } = await import(join(root, "bench", "replicates.mjs"));
  await benchReplicates(rest);
} else if (first === "lab") {
  const { benchLab } = await import(join(root, "bench", "lab.mjs"));
  await benchLab(rest);
} else {
  const { benchSteps } = await import(join(root, "bench", "steps.mjs"));
  await benchSteps(process.argv.slice(2));
}
