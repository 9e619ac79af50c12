// Train the paper's setting fc2 for a while and watch the six alignments of the layers rise.
// Run: npm run build && node examples/1-train-and-measure.mjs [steps]
import { buildExperiment, milestones, nodeEngine, snapshot, train } from "crh-lab";

const steps = Number(process.argv[2] ?? 2000);
const { experiment } = buildExperiment("fc2", { steps, seed: 1, decay: 1e-4 });

await train(nodeEngine, experiment, {
  steps,
  milestones: milestones({ steps, every: steps / 2 }),
  observer: {
    async onMeasurement(step, measurement) {
      console.log(`\nstep ${step}, loss ${measurement.loss.toFixed(3)}    a: rga   rwa   gwa    b: rga   rwa   gwa`);
      for (const { name, alignment } of (await snapshot(measurement.total, measurement)).layers) {
        const values = [alignment.paper.a, alignment.paper.b].flatMap(({ rga, rwa, gwa }) => [rga, rwa, gwa]);
        console.log(name.padEnd(26), values.map(({ value }) => value.toFixed(2)).join("  "));
      }
    },
  },
});
