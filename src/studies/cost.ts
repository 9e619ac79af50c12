/** @file Estimates of the time and memory that a run of a study will take. */

/**
 * Seconds that a run takes, from its weights, batch and steps.
 *
 * chosen: 0.3 ms per step, 4 ns per weight, which is read and written, and 0.15 ns per weight and sample; within a
 * factor of two of the time on two cores of a virtual machine. Measurements are counted for fc1 and fc2 only, whose
 * short runs take as long to measure as to train.
 */
export function estimatedSeconds(parameters: Readonly<Record<string, unknown>>): number {
  if ("workers" in parameters) return imageSeconds(parameters);
  if ("context" in parameters) return textSeconds(parameters);
  const number = (name: string, otherwise: number) => {
    const value = parameters[name];
    return typeof value === "number" ? value : otherwise;
  };
  const [depth, width] = [number("depth", 4), number("width", 100)];
  const outer = number("inputs", "images" in parameters ? 784 : 25) + number("outputs", 10);
  const weights = parameters.architecture === "cnn" ? 4e6 : (depth - 1) * width ** 2 + width * outer;
  const measuring = "terms" in parameters ? measuringSeconds(depth + 1, width) : 0;
  return measuring + number("steps", 0) * (3e-4 + weights * (4e-9 + 1.5e-10 * number("batch", 2)));
}

/** chosen: the start of a run and its first and last measurement: 1.5 s per map of 100 x 100, laws included. */
function measuringSeconds(maps: number, width: number): number {
  return 1 + 1.5 * maps * (width / 100) ** 2;
}

/**
 * Seconds that a transformer takes to train on text.
 *
 * chosen: 0.4 µs per token, layer and channel, and 2e11 operations a second in products of 12 weights per layer and
 * squared channel; from ten minutes of the preset small and 12 processor seconds per step at the paper's width
 * (docs/log.md).
 */
function textSeconds({ steps, batch, context, layers, width }: Readonly<Record<string, unknown>>): number {
  const [tokens, channels] = [Number(batch) * Number(context), Number(layers) * Number(width)];
  return Number(steps) * tokens * channels * (4e-7 + (72 * Number(width)) / 2e11);
}

/**
 * Seconds that a ResNet-18 takes to train on images of 32 x 32 pixels.
 *
 * chosen: 10 ms per image at a quarter of the width, half of it proportional to the width squared; two views per image
 * if there is a temperature. Within a factor of two on two cores.
 */
function imageSeconds({ steps, batch, width, temperature }: Readonly<Record<string, unknown>>): number {
  const images = Number(steps) * Number(batch) * (temperature === undefined ? 1 : 2);
  return images * (0.02 * Number(width) + 0.08 * Number(width) ** 2);
}

/**
 * Bytes of memory that a run takes, from its weights, batch and depth.
 *
 * chosen: 250 MB for the program, twelve copies of the weights (parameters, gradients, momentum, checkpoint, a
 * measurement's float64 matrices) and eight of the activations; within a factor of two.
 */
export function estimatedBytes(parameters: Readonly<Record<string, unknown>>): number {
  const number = (name: string, otherwise: number) => {
    const value = parameters[name];
    return typeof value === "number" ? value : otherwise;
  };
  const [depth, width, batch] = [number("depth", 4), number("width", 100), number("batch", 2)];
  if ("workers" in parameters) return 1e9 + 12e6 * batch * width ** 2 * 8;
  const outer = number("inputs", "images" in parameters ? 784 : 25) + number("outputs", 10);
  const weights = (depth - 1) * width ** 2 + width * outer;
  return 2.5e8 + 48 * weights + 32 * batch * depth * width;
}
