// From a batch to an alignment: what a measurement does, one step after the other, in some hundred lines.
//
// A network is a graph. Its gradient is a graph, too, and so are the sums over samples that a measurement needs. This file builds
// the three, streams batches through them, finishes the sums in float64, and compares H, G and Z of one linear map. At the end the
// library's own probe measures the same map: the numbers must agree.
//
// Run: npm run build && node examples/7-from-a-batch-to-an-alignment.mjs
import {
  addGradients,
  alignment,
  bindShapes,
  float32,
  GraphBuilder,
  matrix,
  nodeEngine,
  objective,
  Probe,
  Random,
  snapshot,
  TARGET,
  WORKING_OPSET,
} from "crh-lab";

// 1. A network of two linear maps with tanh between them, as an ONNX graph. Weights are (dOut, dIn), as PyTorch has them.
//    The map that is measured is the first one: h_b = W h_a + bias                                          (theory.md Eq. 1)
const [dIn, dOut, outputs] = [12, 10, 3];
const random = new Random(3);
const normals = (...shape) => {
  const values = new Float32Array(shape.reduce((x, y) => x * y));
  random.fillNormal(values);
  return float32(values, shape);
};
const W = normals(dOut, dIn);
const network = new GraphBuilder("network");
const x = network.input("x", "float32", ["n", dIn]);
const weights = network.initializer("first.weight", W);
const bias = network.initializer("first.bias", normals(dOut));
const last = network.initializer("second.weight", normals(outputs, dOut));
const h = network.op("Gemm", [x, weights, bias], { transB: { int: 1 } });
const y = network.op("Gemm", [network.op("Tanh", [h]), last], { transB: { int: 1 } });
network.output(y, "y");
const model = { graph: network.build(), opset: WORKING_OPSET };

// 2. The loss of each sample, and the gradient of their sum at h_b. In a sum of losses row i of the gradient is the gradient of
//    sample i's own loss: these are the neuron gradients g_b                                                (theory.md Eq. 3)
const graph = new GraphBuilder("measurement", model.graph);
const target = graph.input("target", "float32", ["n", outputs]);
const error = graph.op("Sub", [y, target]);
const perSample = graph.op("ReduceMean", [graph.op("Mul", [error, error]), graph.ints([1])], { keepdims: { int: 0 } });
const summed = graph.op("ReduceSum", [perSample], { keepdims: { int: 0 } });

const n = 50;
const batch = () => ({ x: normals(n, dIn), target: normals(n, outputs) });
const batches = Array.from({ length: 20 }, batch);

//    Rules of differentiation undo broadcasts and reshapes, so every value needs its shape: the free "n" is bound to a batch.
graph.output(summed, "loss");
const forward = graph.build();
const values = await bindShapes(nodeEngine, { graph: forward, opset: WORKING_OPSET }, batches[0]);
const gradients = addGradients(graph, forward, { of: "loss", wrt: [h], values });
const g = gradients.get(h);

// 3. The sums, inside the graph: activations stay in the engine, and only (d, d) numbers leave it. In float32 a small covariance
//    beside a large mean would be lost, so each batch is centred on its own mean m:
//    C = sum (v - m)(v - m)^T                                                                              (theory.md Eq. 10)
function addSums(rows, name) {
  const mean = graph.op("ReduceMean", [rows, graph.ints([0])], { keepdims: { int: 1 } });
  const centred = graph.op("Sub", [rows, mean]);
  graph.output(graph.op("Gemm", [centred, centred], { transA: { int: 1 } }), `${name}.gram`);
  graph.output(mean, `${name}.mean`);
}
const norm = (rows) => graph.op("ReduceL2", [rows, graph.ints([1])], { keepdims: { int: 1 } });
//    In the paper's convention each row is divided by its own norm                                          (theory.md Eq. 8)
for (const [name, rows] of Object.entries({ h, g })) addSums(graph.op("Div", [rows, norm(rows)]), name);

// 4. Batches run through the graph. What leaves it is added up in float64, and the means go back where they belong:
//    sum v v^T = C + n m m^T, which adds up over batches, files and machines                            (theory.md Eqs. 9, 10)
const program = await nodeEngine.compile({ graph: graph.build(), opset: WORKING_OPSET });
const sums = { h: emptySums(dOut), g: emptySums(dOut) };
function emptySums(d) {
  return { d, n: 0, sum: new Float64Array(d), products: new Float64Array(d * d) };
}
for (const feeds of batches) {
  const results = await program.run(feeds);
  for (const [name, { d, sum, products }] of Object.entries(sums)) {
    const [C, m] = [results[`${name}.gram`].data, results[`${name}.mean`].data];
    for (let i = 0; i < d; i++) {
      sum[i] += n * m[i];
      for (let j = 0; j < d; j++) products[i * d + j] += C[i * d + j] + n * m[i] * m[j];
    }
    sums[name].n += n;
  }
}
await program.dispose();

// 5. Sums become second moments, here covariances of unit rows: H and G of side b. Z = W W^T is that of the weights.
const covariance = ({ d, n, sum, products }) =>
  matrix(
    d,
    d,
    products.map((value, at) => value / n - (sum[Math.floor(at / d)] * sum[at % d]) / n ** 2),
  );
const [H, G] = [covariance(sums.h), covariance(sums.g)];
const Z = matrix(
  dOut,
  dOut,
  Float64Array.from({ length: dOut * dOut }, (_, at) => {
    const [i, j] = [Math.floor(at / dOut) * dIn, (at % dOut) * dIn];
    let product = 0;
    for (let k = 0; k < dIn; k++) product += W.data[i + k] * W.data[j + k];
    return product;
  }),
);

// 6. An alignment is the correlation of two matrices' entries                                              (theory.md Eq. 11)
const ours = { rga: alignment(H, G), rwa: alignment(H, Z), gwa: alignment(G, Z) };

// 7. The probe does all that for every linear map of any model, on both sides, in three conventions, in groups of samples, from
//    which standard errors come. Only its reading of the target is other than ours: by a name that no model has.
const probe = new Probe(nodeEngine, model, { objective: objective("mse") });
const measured = await probe.measure(batches.map(({ x, target }) => ({ x, [TARGET]: target })));
await probe.dispose();
const { alignment: theirs } = (await snapshot(measured.total, measured)).layers.find(({ name }) => name === "first");
console.log("forward relations of the map first, paper's convention");
console.log("        here      library   ± error   null");
for (const relation of ["rga", "rwa", "gwa"]) {
  const { value, noise, null: unrelated } = theirs.paper.b[relation];
  const numbers = [ours[relation].value, value, noise, unrelated].map((one) => one.toFixed(4).padStart(8)).join("  ");
  console.log(`b.${relation} ${numbers}`);
  if (Math.abs(ours[relation].value - value) > 1e-4) throw new Error(`${relation} differs from the library's`);
}
