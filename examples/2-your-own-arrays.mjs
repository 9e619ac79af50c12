// Measure arrays of your own: activations h_a (n, dIn) and h_b (n, dOut), gradients g_b (n, dOut) and the weight W (dOut, dIn) of one
// linear map h_b = W h_a. Here activations and gradients are isotropic noise: as in an untrained network, forward RWA and backward
// GWA hold for that reason alone, and nothing else does.
// Run: npm run build && node examples/2-your-own-arrays.mjs
import { addRows, emptyLayer, matrix, measureLayer, Random } from "crh-lab";

const [n, dIn, dOut] = [4000, 12, 12];
const random = new Random(7);
const normals = (length) => {
  const values = new Float32Array(length);
  random.fillNormal(values);
  return values;
};

const W = matrix(dOut, dIn, normals(dOut * dIn));
const ha = normals(n * dIn); // isotropic, so that H_b = W H_a W^T is proportional to W W^T
const gb = normals(n * dOut);
const hb = new Float64Array(n * dOut);
for (let s = 0; s < n; s++)
  for (let i = 0; i < dOut; i++)
    for (let j = 0; j < dIn; j++) hb[s * dOut + i] += W.data[i * dIn + j] * ha[s * dIn + j];

// Rows may come in as many pieces as you like: moments are sums. Two halves give the noise.
const halves = [emptyLayer("mine", "linear", dIn, dOut, W), emptyLayer("mine", "linear", dIn, dOut, W)];
const total = emptyLayer("mine", "linear", dIn, dOut, W);
const part = (values, d, k) => values.subarray((k * n * d) / 2, ((k + 1) * n * d) / 2);
for (const k of [0, 1]) addRows(halves[k], { ha: part(ha, dIn, k), hb: part(hb, dOut, k), gb: part(gb, dOut, k) });
addRows(total, { ha, hb, gb });

const { alignment } = await measureLayer(total, halves);
for (const side of ["a", "b"])
  for (const relation of ["rga", "rwa", "gwa"]) {
    const { value, noise, null: unrelated } = alignment.raw[side][relation];
    console.log(`${side}.${relation}  ${value.toFixed(3)} ± ${noise.toFixed(3)}   null ${unrelated.toFixed(3)}`);
  }
