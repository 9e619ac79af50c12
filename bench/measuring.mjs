/**
 * @file What measuring costs in forward and backward passes: processor seconds of batches with all moment sums over those of their loss
 * and the gradients of all weights, one thread, in turn. Of the engine's runs alone, and of the whole measurement with what is added up
 * between and behind them; over all rows, and over some of each sample. Networks of the presets `small` and of fc2 and a wider transformer, on random data.
 */
import {
  gpt,
  gradientGraph,
  mlp,
  nodeEngine,
  objective,
  Probe,
  Random,
  resnet18,
  TARGET,
  WORKING_OPSET,
} from "../dist/index.js";
import { lossGraph } from "../dist/probe/nodes/lossGraph.js";

const REPEATS = 3;
/** Batches of a measurement, in groups as memory allows. */
const BATCHES = 6;

const int64 = (shape, below) => ({
  dtype: "int64",
  shape,
  data: BigInt64Array.from({ length: shape.reduce((a, b) => a * b) }, (_, i) => BigInt((i * 7919) % below)),
});

function normal(shape) {
  const data = new Float32Array(shape.reduce((a, b) => a * b));
  new Random(1).fillNormal(data);
  return { dtype: "float32", shape, data };
}

const cases = {
  "fc2, 500 samples": () => ({
    network: mlp({ widths: [100, 100, 100, 100, 100, 100, 100], activation: "tanh" }, new Random(0)),
    loss: "mse",
    feeds: { x: normal([500, 100]), [TARGET]: normal([500, 100]) },
  }),
  "llm small, 64 windows of 64 tokens": () => ({
    network: gpt({ layers: 4, heads: 4, width: 128, context: 64, vocabulary: 256, tied: false }, new Random(0)),
    loss: "cross-entropy",
    feeds: { x: int64([64, 64], 256), [TARGET]: int64([64, 64], 251) },
    positions: 16,
  }),
  "gpt of width 512, two layers, 8 windows of 256 tokens": () => ({
    network: gpt({ layers: 2, heads: 8, width: 512, context: 256, vocabulary: 256, tied: false }, new Random(0)),
    loss: "cross-entropy",
    feeds: { x: int64([8, 256], 256), [TARGET]: int64([8, 256], 251) },
    positions: 128,
  }),
  "res1 small, 28 images": () => ({
    network: resnet18({ outputs: 10, width: 0.25 }, new Random(0)),
    loss: "cross-entropy",
    feeds: { x: normal([28, 3, 32, 32]), [TARGET]: int64([28], 10) },
  }),
  "res1 small, 64 images": () => ({
    network: resnet18({ outputs: 10, width: 0.25 }, new Random(0)),
    loss: "cross-entropy",
    feeds: { x: normal([64, 3, 32, 32]), [TARGET]: int64([64], 10) },
    positions: 16,
  }),
};

const processorSeconds = (since) => {
  const { user, system } = process.cpuUsage(since);
  return (user + system) / 1e6;
};

/** An engine that notes the processor seconds of each run of a program with more than one output: the instrumented one. */
function noting(seconds) {
  return {
    ...nodeEngine,
    async compile(model, options) {
      const program = await nodeEngine.compile(model, options);
      if (model.graph.outputs.length < 10) return program;
      return {
        ...program,
        async run(...args) {
          const since = process.cpuUsage();
          const outputs = await program.run(...args);
          seconds.push(processorSeconds(since));
          return outputs;
        },
      };
    },
  };
}

async function passesOf({ network, loss, feeds }, positions = Number.POSITIVE_INFINITY) {
  const model = { graph: network.graph, opset: WORKING_OPSET };
  const { parameters } = network;
  const given = {
    ...Object.fromEntries(parameters.map((name) => [name, network.graph.initializers.get(name)])),
    ...feeds,
  };
  const { graph, values, perSample } = await lossGraph(nodeEngine, model, objective(loss), parameters, given);
  const step = await nodeEngine.compile({
    ...model,
    graph: gradientGraph(graph, { of: perSample, wrt: parameters, values }),
  });
  const measured = [];
  const probe = new Probe(noting(measured), model, { objective: objective(loss), positions });
  const passed = [];
  const whole = [];
  for (let i = 0; i < REPEATS; i++) {
    let since = process.cpuUsage();
    await step.run(given);
    passed.push(processorSeconds(since));
    since = process.cpuUsage();
    await probe.measureGroups(Array.from({ length: BATCHES }, () => feeds));
    if (i > 0) whole.push(processorSeconds(since) / BATCHES); // the first time compiles
  }
  await probe.dispose();
  await step.dispose();
  return { pass: Math.min(...passed), run: Math.min(...measured), whole: Math.min(...whole) };
}

export async function benchMeasuring() {
  for (const [name, make] of Object.entries(cases)) {
    const of = make();
    for (const positions of of.positions === undefined ? [undefined] : [undefined, of.positions]) {
      const { pass, run, whole } = await passesOf(of, positions);
      const passes = (seconds) => (seconds / pass).toFixed(1);
      const rows = positions === undefined ? "all rows" : `${positions} rows of each`;
      process.stdout.write(
        `${name}, ${rows}: forward and backward pass ${(1000 * pass).toFixed(0)} ms, a batch measured ${(1000 * run).toFixed(0)} ms: ` +
          `${passes(run)} passes, the one that it takes anyway included; ${passes(whole)} with all that adds up ${BATCHES} batches\n`,
      );
    }
  }
}
