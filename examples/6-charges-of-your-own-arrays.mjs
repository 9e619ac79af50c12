// Charges and noise balance of two maps of your own, h_1 = W h_0, a = ReLU(h_1), h_2 = U a (docs/theory.md Eqs. 105,
// 107, 124). Gradient flow keeps the charge of each neuron, its squared incoming weights less its outgoing ones; a step
// of SGD moves it as its noise says, here to rounding: every sample is a batch of its own, and the mean over all such
// steps is compared with the prediction.
// Run: npm run build && node examples/6-charges-of-your-own-arrays.mjs
import { emptyLayer, expectedImbalance, matrix, neuronCharges, noiseTerms, pairHalf, pairsOf, Random } from "crh-lab";

const [n, inputs, hidden, outputs, rate] = [500, 5, 4, 3, 0.1];
const random = new Random(3);
const normals = (rows, cols, scale) =>
  matrix(
    rows,
    cols,
    Float64Array.from({ length: rows * cols }, () => scale * random.normal()),
  );
const [U, W] = [normals(outputs, hidden, 0.5), normals(hidden, inputs, 0.7)];
const rowOf = ({ data, cols }, i) => data.subarray(i * cols, (i + 1) * cols);
const times = (M, x) =>
  Float64Array.from({ length: M.rows }, (_, i) => rowOf(M, i).reduce((s, v, j) => s + v * x[j], 0));

// Rows of every sample: inputs, activations, gradients of |h_2 - y|^2 at the outputs of both maps.
const [h0, a, g1, g2] = [normals(n, inputs, 1), matrix(n, hidden), matrix(n, hidden), matrix(n, outputs)];
for (let s = 0; s < n; s++) {
  const h1 = times(W, rowOf(h0, s));
  rowOf(a, s).set(h1.map((value) => Math.max(0, value)));
  rowOf(g2, s).set(times(U, rowOf(a, s)).map((value) => 2 * (value - random.normal())));
  for (let i = 0; i < hidden; i++)
    if (h1[i] > 0)
      for (let o = 0; o < outputs; o++) g1.data[s * hidden + i] += U.data[o * hidden + i] * g2.data[s * outputs + o];
}

// A step on each sample by itself, M - rate g h^T, and the mean of the charges behind it.
const stepped = (M, g, h) => {
  const values = M.data.map((w, k) => w - rate * g[Math.floor(k / M.cols)] * h[k % M.cols]);
  return matrix(M.rows, M.cols, values);
};
const before = neuronCharges({ U, W });
const moved = new Float64Array(hidden);
for (let s = 0; s < n; s++) {
  const [upper, lower] = [stepped(U, rowOf(g2, s), rowOf(a, s)), stepped(W, rowOf(g1, s), rowOf(h0, s))];
  for (const [i, after] of neuronCharges({ U: upper, W: lower }).entries()) moved[i] += (after - before[i]) / n;
}

// What the noise predicts: rate^2 (B - A), neuron by neuron.
const noise = noiseTerms({ h0, g1, a, g2 }, { bias: false });
const none = { U: matrix(outputs, hidden), W: matrix(hidden, inputs) };
const step = expectedImbalance(matrix(hidden, hidden), noise, none, { eta: rate, batch: 1 });
console.log("neuron  charge     moved by   predicted");
for (let i = 0; i < hidden; i++) {
  const values = [before[i], moved[i], -step.data[i * (hidden + 1)]];
  console.log(`${i}     ${values.map((value) => value.toFixed(6).padStart(11)).join("")}`);
}

// The same as a pair of measured maps: sums over examples, and the edge between them.
const layer = (name, M, side, moment) => {
  const sum = moment.data.map((value) => n * value);
  return {
    ...emptyLayer(name, "linear", M.cols, M.rows, M),
    noise: { examples: n, losses: 1, [side]: { width: hidden, inner: 1, outer: 1, sum } },
  };
};
const layers = [layer("W", W, "b", noise.lower), layer("U", U, "a", noise.upper)];
const at = (side) => ({ side, from: 0, outer: 1, inner: 1 });
const edge = { first: "W", second: "U", through: "ReLU", symmetry: "rescaling", width: hidden };
Object.assign(edge, { firstEnd: at("b"), secondEnd: at("a") });
const moments = { step: 0, objective: "mine", source: "arrays", layers, edges: { pairs: [edge], broken: [] } };
const [{ imbalance, noiseBalance }] = pairsOf(moments, []).pairs;
const [weights, noises, ratio] = [imbalance, noiseBalance.alignment, noiseBalance.ratio].map((v) => v.toFixed(3));
console.log(`imbalance ${weights}, noise balance ${noises}, tr A / tr B ${ratio}`);
const loudest = pairHalf(edge, edge.firstEnd, layers[0], []).noise.moment.data;
console.log(`incoming noise of the neurons ${[...loudest].map((value) => value.toFixed(2)).join(" ")}`);
