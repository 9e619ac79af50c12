/**
 * @file `npm run bench -- augment`: images a second through SimCLR's augmentation, here and in torchvision (float tensors, one image
 * at a time, as its transforms draw per image), one thread each, taken in turn.
 */
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { augmentBatch, cropFlip, simclr } from "../dist/data/augment/augmentation.js";
import { Random } from "../dist/random/random.js";

const IMAGES = 1024;
const REPEATS = 5;

export function benchAugment() {
  const images = Uint8Array.from({ length: IMAGES * 3072 }, (_, i) => (i * 2_654_435_761) >>> 24);
  const shape = { channels: 3, height: 32, width: 32 };
  const samples = Uint32Array.from({ length: IMAGES }, (_, i) => i);
  const recipes = { simclr, "crop and flip": cropFlip };
  const ratios = new Map(Object.keys(recipes).map((name) => [name, []]));
  for (let repeat = 0; repeat < REPEATS; repeat++) {
    const theirs = torchvision();
    for (const [name, augmentation] of Object.entries(recipes)) {
      const random = new Random(repeat);
      const make = () => augmentBatch({ images, shape, augmentation }, random, { samples, epoch: repeat, views: 1 });
      make();
      const started = performance.now();
      make();
      const rate = (1000 * IMAGES) / (performance.now() - started);
      const other = theirs?.[name];
      const ratio = other === undefined ? "" : `, torchvision ${Math.round(other)}, ratio ${(rate / other).toFixed(2)}`;
      process.stdout.write(`${name}: ${Math.round(rate)} images/s${ratio}\n`);
      if (other !== undefined) ratios.get(name).push(rate / other);
    }
  }
  for (const [name, list] of ratios)
    if (list.length > 0)
      process.stdout.write(`${name}: median ratio ${list.toSorted((a, b) => a - b)[list.length >> 1].toFixed(2)}\n`);
}

/** Images a second of both recipes, or undefined where there is no torchvision. */
function torchvision() {
  const python = process.env.CRH_PYTHON ?? "python3";
  const { status, stdout } = spawnSync(python, [join(import.meta.dirname, "augment.py")], { encoding: "utf8" });
  return status === 0 ? JSON.parse(stdout) : undefined;
}
