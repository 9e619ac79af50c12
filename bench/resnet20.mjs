/**
 * @file Seconds to measure ResNet-20 on 761 CIFAR-10 images at cost "standard", `crh analyze` against a PyTorch script with hooks that
 * does the same (resnet20.py), two threads each, in turn. Needs the trained model and the images: CRH_SHARED, or ../shared.
 */
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";

const root = join(import.meta.dirname, "..");
const shared = process.env.CRH_SHARED ?? join(root, "..", "shared");
const model = join(shared, "data", "models-cifar10-resnet", "resnet20");
const images = join(shared, "data", "cifar-10-original-subset", "test_batch.bin.gz");
const THREADS = "2";

function ours() {
  const normalize = ["--normalize", "mean=0.485,0.456,0.406", "std=0.229,0.224,0.225"];
  const words = ["analyze", `${model}.onnx`, "--inputs", images, "--loss", "cross-entropy", ...normalize];
  const started = performance.now();
  const args = [join(root, "dist", "cli", "main.js"), ...words, "--threads", THREADS, "--json"];
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { encoding: "utf8", maxBuffer: 2 ** 28 });
  if (status !== 0) throw new Error(`bench: expected a measurement, got ${stderr.trim()}`);
  return { seconds: (performance.now() - started) / 1000, accuracy: JSON.parse(stdout).accuracy };
}

function torch() {
  const python = process.env.CRH_PYTHON ?? "python3";
  const args = [join(root, "bench", "resnet20.py"), `${model}.safetensors`, images, THREADS];
  const { status, stdout } = spawnSync(python, args, { encoding: "utf8" });
  return status === 0 ? JSON.parse(stdout) : undefined;
}

const median = (values) => values.toSorted((x, y) => x - y)[Math.floor(values.length / 2)];

export function benchResnet20(args) {
  const { values } = parseArgs({ args, options: { repeats: { type: "string", default: "3" } } });
  if (!existsSync(`${model}.onnx`) || !existsSync(images)) {
    process.stdout.write(
      `skipped: expected ${model}.onnx and ${images}; set CRH_SHARED to the folder that holds data/\n`,
    );
    return;
  }
  const ratios = [];
  for (let i = 0; i < Number(values.repeats); i++) {
    const [mine, theirs] = [ours(), torch()];
    const line = `ours ${mine.seconds.toFixed(1)} s (start included), accuracy ${(100 * mine.accuracy).toFixed(1)} %`;
    if (theirs === undefined) {
      process.stdout.write(
        `${line}; PyTorch with safetensors not found: pip install torch safetensors, or set CRH_PYTHON\n`,
      );
      return;
    }
    ratios.push(theirs.seconds / mine.seconds);
    process.stdout.write(
      `${line}; PyTorch ${theirs.version} ${theirs.seconds.toFixed(1)} s, peak ${theirs.peakMegabytes.toFixed(0)} MB; ` +
        `ratio ${ratios.at(-1).toFixed(2)}\n`,
    );
  }
  process.stdout.write(`median ratio (PyTorch's seconds over ours) ${median(ratios).toFixed(2)}\n`);
}
