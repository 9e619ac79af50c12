// The two-point theory fitted to a trajectory of your own (docs/theory.md Eqs. 93 to 98): a linear network with one
// hidden layer learns two points by gradient descent, in plain JavaScript, and two effective rates, near half of the step
// size each, explain how their representations part.
// Run: npm run build && node examples/5-fit-a-trajectory.mjs
import { fitTwoPoint, Random, twoPointTheory } from "crh-lab";

const [inputs, hidden, outputs, rate, steps] = [4, 30, 3, 0.05, 1500];
const random = new Random(1);
const normals = (rows, cols, scale) =>
  Array.from({ length: rows }, () => Array.from({ length: cols }, () => scale * random.normal()));
const times = (W, x) => W.map((row) => row.reduce((sum, value, j) => sum + value * x[j], 0));
const dot = (x, y) => x.reduce((sum, value, i) => sum + value * y[i], 0);
const minus = (x, y) => x.map((value, i) => value - y[i]);

// Two points, and a network whose weights are small at the start.
const x = normals(2, inputs, 1);
const targets = normals(2, outputs, 0.5);
const [W1, W2] = [normals(hidden, inputs, 0.01), normals(outputs, hidden, 0.01)];

// One step of gradient descent on half of the mean squared error of the two points.
function learn() {
  const h = x.map((point) => times(W1, point));
  const errors = h.map((point, i) => minus(times(W2, point), targets[i]));
  const back = errors.map((e) => h[0].map((_, j) => e.reduce((sum, value, o) => sum + value * W2[o][j], 0)));
  for (const i of [0, 1]) {
    for (const [o, row] of W2.entries()) for (let j = 0; j < hidden; j++) row[j] -= (rate / 2) * errors[i][o] * h[i][j];
    for (const [j, row] of W1.entries()) for (let k = 0; k < inputs; k++) row[k] -= (rate / 2) * back[i][j] * x[i][k];
  }
}

// What the theory speaks of: squared distances of representations and outputs, and w = dy . (dy - dy*).
const dyTarget = minus(targets[1], targets[0]);
const trajectory = { layer: "hidden", step: [], dh2: [], dy2: [], w: [] };
for (let step = 0; step <= steps; step++) {
  if (step % 5 === 0) {
    const [h1, h2] = x.map((point) => times(W1, point));
    const [dh, dy] = [minus(h2, h1), minus(times(W2, h2), times(W2, h1))];
    trajectory.step.push(step);
    trajectory.dh2.push(dot(dh, dh));
    trajectory.dy2.push(dot(dy, dy));
    trajectory.w.push(dot(dy, minus(dy, dyTarget)));
  }
  learn();
}

const dx = minus(x[1], x[0]);
const [dx2, dy2] = [dot(dx, dx), dot(dyTarget, dyTarget)];
const fit = fitTwoPoint(trajectory, { dx2, dy2 });
const show = ({ value, interval }) =>
  `${value.toPrecision(3)} (${interval.map((end) => end.toPrecision(3)).join(" to ")})`;
console.log(`status    ${fit.status}, ${fit.regime}`);
console.log(`etaH      ${show(fit.etaH)} per step`);
console.log(`etaY      ${show(fit.etaY)} per step`);
console.log(`R2        dh2 ${fit.r2.dh2.toFixed(3)}, dy2 ${fit.r2.dy2.toFixed(3)}, w ${fit.r2.w.toFixed(3)}`);
const { measured, predicted } = fit.finalDistance;
console.log(`distance  ${measured.toFixed(4)} in the end, ${predicted.toFixed(4)} by the theory`);

const theory = twoPointTheory({ dx2, dy2, etaH: fit.etaH.value, etaY: fit.etaY.value }, fit.start, trajectory.step);
console.log("\n  step   dh2     theory");
for (let i = 0; i < trajectory.step.length; i += 30)
  console.log(String(trajectory.step[i]).padStart(6), trajectory.dh2[i].toFixed(5), theory.dh2[i].toFixed(5));
