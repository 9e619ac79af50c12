// The same network with its outputs in other coordinates, f' = T f and l'(f') = l(T^-1 f'): gradients of the loss do not see it,
// so the canonical relations stay; the neural feature ansatz does see it (docs/theory.md Eq. 74).
// Run: npm run build && node examples/4-change-the-outputs-coordinates.mjs
import {
  float32,
  GraphBuilder,
  nodeEngine,
  objective,
  Probe,
  Random,
  sliceBatches,
  snapshot,
  TARGET,
  WORKING_OPSET,
} from "crh-lab";

const [n, dIn, hidden, outputs] = [500, 8, 12, 3];
const random = new Random(1);
const normal = (rows, cols, scale = 1) => {
  const data = new Float32Array(rows * cols);
  random.fillNormal(data, scale);
  return float32(data, [rows, cols]);
};
const [W1, W2] = [normal(hidden, dIn, 0.4), normal(outputs, hidden, 0.3)];
const samples = { x: normal(n, dIn), [TARGET]: normal(n, outputs) };
const transposed = { transB: { int: 1 } };

// A diagonal T of powers of two, so that nothing is rounded.
const diagonal = (values) =>
  float32(
    values.flatMap((value, i) => values.map((_, j) => (i === j ? value : 0))),
    [outputs, outputs],
  );
const [T, inverse] = [diagonal([16, 1, 0.25]), diagonal([1 / 16, 1, 4])];

function network(inCoordinates) {
  const g = new GraphBuilder("network");
  const input = g.input("x", "float32", ["n", dIn]);
  const h = g.op("Tanh", [g.op("Gemm", [input, g.initializer("fc1.weight", W1)], transposed)]);
  const f = g.op("Gemm", [h, g.initializer("fc2.weight", W2)], transposed);
  g.output(inCoordinates ? g.op("Gemm", [f, g.initializer("coordinates.weight", T)], transposed) : f, "f");
  return { graph: g.build(), opset: WORKING_OPSET };
}

const mse = objective("mse");
const back = (builder, f) => builder.op("Gemm", [f.name, builder.constant(inverse)], transposed);
const inCoordinates = {
  ...mse,
  perSample: (builder, f, y) => mse.perSample(builder, { ...f, name: back(builder, f) }, y),
};

async function measure(model, loss) {
  const probe = new Probe(nodeEngine, model, { objective: loss, outputPasses: outputs });
  const { total } = await probe.measure(sliceBatches(samples, 100));
  await probe.dispose();
  return (await snapshot(total, { cost: "full" })).layers[0];
}

const before = await measure(network(false), mse);
const after = await measure(network(true), inCoordinates);
const row = (name, value) => console.log(name.padEnd(24), value(before).toFixed(6), value(after).toFixed(6));
console.log("cosines of layer fc1".padEnd(24), "f        T f");
row("backward GWA", ({ ansatz }) => ansatz.equivariant.backward.cosine);
row("forward GWA", ({ ansatz }) => ansatz.equivariant.forward.cosine);
row("feature ansatz", ({ ansatz }) => ansatz.weights.one.cosine);
