/**
 * @file The decoder of minimal norm for two points: the component of a linear network's last map (with one hidden
 * layer) along the difference of the two hidden representations. It gives the same difference of outputs, and the
 * network then obeys the equations of the two-point theory exactly (docs/theory.md, The two-point theory).
 */
import type { Network } from "../../networks/network.ts";
import { float32, type Tensor } from "../../onnx/tensor.ts";

const [ENCODER, DECODER] = ["layers.0.weight", "layers.1.weight"] as const;

/** @param network two linear maps, `layers.0` and `layers.1` @param x (2, inputs) */
export function minimalNormDecoder(network: Network, x: Tensor): Network {
  const { initializers } = network.graph;
  const [W1, W2] = [initializers.get(ENCODER)!, initializers.get(DECODER)!];
  const [P, dIn] = W1.shape as [number, number];
  const points = x.data as Float32Array;
  const dh = Array.from({ length: P }, (_, i) => {
    let sum = 0;
    for (let j = 0; j < dIn; j++) sum += (W1.data[i * dIn + j] as number) * (points[dIn + j]! - points[j]!);
    return sum;
  });
  const norm2 = dh.reduce((sum, value) => sum + value * value, 0);
  const dOut = W2.shape[0]!;
  const projected = new Float32Array(dOut * P);
  for (let k = 0; k < dOut; k++) {
    const dy = dh.reduce((sum, value, i) => sum + value * (W2.data[k * P + i] as number), 0);
    for (let i = 0; i < P; i++) projected[k * P + i] = (dy * dh[i]!) / norm2;
  }
  const changed = new Map(initializers).set(DECODER, float32(projected, W2.shape));
  return { ...network, graph: { ...network.graph, initializers: changed } };
}
