// Build an ONNX graph, differentiate it, and check the gradient against a finite difference.
// Run: npm run build && node examples/3-differentiate-a-graph.mjs
import { bindShapes, float64, GraphBuilder, gradientGraph, nodeEngine, WORKING_OPSET } from "crh-lab";

// f(x) = sum of tanh(x W)^2 for x (n, 3)
const g = new GraphBuilder("example");
const x = g.input("x", "float64", ["n", 3]);
const W = g.initializer("W", float64([1, -2, 0.5, 3, 0, 1], [3, 2]));
const y = g.op("Tanh", [g.op("MatMul", [x, W])]);
const f = g.op("ReduceSum", [g.op("Mul", [y, y])], { keepdims: { int: 0 } });
g.output(f, "f");
const model = { graph: g.build(), opset: WORKING_OPSET };

// Gradients need the shape of every value: bind the free "n" to the data at hand.
const feeds = { x: float64([0.1, 0.2, -0.3, 0.4, -0.5, 0.6], [2, 3]) };
const values = await bindShapes(nodeEngine, model, feeds);
const gradient = gradientGraph(model.graph, { of: "f", wrt: ["x", "W"], values });
const program = await nodeEngine.compile({ graph: gradient, opset: WORKING_OPSET });
const result = await program.run(feeds);
console.log("df/dx", [...result["grad/x"].data]);
console.log("df/dW", [...result["grad/W"].data]);

// Central difference in x[0]:
const h = 1e-6;
const shifted = async (sign) => {
  const data = Float64Array.from(feeds.x.data);
  data[0] += sign * h;
  return (await program.run({ x: float64(data, [2, 3]) })).f.data[0];
};
const numeric = ((await shifted(1)) - (await shifted(-1))) / (2 * h);
const error = Math.abs(numeric - result["grad/x"].data[0]);
console.log(`finite difference of df/dx[0]: ${numeric.toFixed(9)}, off by ${error.toExponential(1)}`);
await program.dispose();
if (error > 1e-8) throw new Error("the gradient is wrong");
