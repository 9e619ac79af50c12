/**
 * @file Networks that train together in one graph against the same networks one after the other: steps per second of processor
 * time, all networks counted, on one thread, in turn, with the median of the ratios (--repeats N --steps N --counts 2,4,8,16
 * --settings scalar,fc2:small). A setting may have a preset behind a colon.
 */
import { parseArgs } from "node:util";
import { buildExperiment, findSetting, nodeEngine, Replicates, train } from "../dist/index.js";
import { findPreset } from "../dist/settings/presets.js";

const SETTINGS = [
  ...["scalar", "rank-one", "deep-linear", "tanh2", "factorization", "low-rank", "vae", "twopoint:4x100"],
  ...["twopoint-xor", "twopoint-blobs", "simclr-linear", "fc1:small", "fc2:small", "fc1", "fc2", "twopoint"],
];
/** Steps before the clock starts: allocation, just-in-time compilation. */
const WARM_UP = 128;
const median = (values) => values.toSorted((x, y) => x - y)[Math.floor(values.length / 2)];

async function experiments(label, count, steps) {
  const [name, preset] = label.split(":");
  const parameters = preset === undefined ? {} : findPreset(await findSetting(name), preset).parameters;
  const all = Array.from({ length: count }, (_, seed) => buildExperiment(name, { ...parameters, steps, seed }));
  return (await Promise.all(all)).map(({ experiment }) => experiment);
}

/** Seconds of processor time behind the warm-up. */
async function timed(steps, go) {
  let begun;
  const options = {
    steps,
    milestones: { measure: [], record: [WARM_UP], checkpoint: [] },
    observer: {
      onMetrics: (rows) => {
        if (rows.some(({ name, step }) => name === "train/loss" && step === WARM_UP)) begun = process.cpuUsage();
      },
    },
  };
  await go(options);
  const { user, system } = process.cpuUsage(begun);
  return (user + system) / 1e6;
}

async function oneByOne(label, count, steps) {
  let seconds = 0;
  for (const experiment of await experiments(label, count, steps))
    seconds += await timed(steps, (options) => train(nodeEngine, experiment, options));
  return seconds;
}

async function together(label, count, steps) {
  const replicates = await Replicates.of(nodeEngine, await experiments(label, count, steps));
  return timed(steps, async (options) => {
    const results = await replicates.train(Array.from({ length: count }, () => options));
    for (const { status, reason } of results) if (status === "rejected") throw reason;
  });
}

export async function benchReplicates(args) {
  const { values } = parseArgs({
    args,
    options: {
      repeats: { type: "string", default: "3" },
      steps: { type: "string", default: "1024" },
      counts: { type: "string", default: "2,4,8,16" },
      settings: { type: "string", default: SETTINGS.join() },
    },
  });
  const [repeats, steps] = [Number(values.repeats), WARM_UP + Number(values.steps)];
  const say = (line) => process.stdout.write(`${line}\n`);
  say("steps a second of processor time, all networks counted; one thread\n");
  say("setting              networks   one by one     together    ratio");
  for (const label of values.settings.split(","))
    for (const count of values.counts.split(",").map(Number)) {
      const [single, shared] = [[], []];
      for (let i = 0; i < repeats; i++) {
        single.push(await oneByOne(label, count, steps));
        shared.push(await together(label, count, steps));
      }
      const rate = (seconds) => Math.round((count * (steps - WARM_UP)) / median(seconds));
      const ratio = median(single.map((one, i) => one / shared[i])).toFixed(2);
      const cells = [String(count).padStart(8), `${rate(single)}`.padStart(11), `${rate(shared)}`.padStart(11)];
      say(`${label.padEnd(20)} ${cells.join("  ")}  ${ratio.padStart(7)}`);
    }
}
