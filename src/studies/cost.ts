/** @file What a run of a study will take, before there is one to measure. */

/**
 * Seconds of a run, from its weights, batch and steps.
 *
 * chosen: 0.3 ms a step, 4 ns a weight, which has to be read and written, and 0.15 ns a weight and sample; within a
 * factor of two of what two cores of a virtual machine take. Measurements are not counted.
 */
export function estimatedSeconds(parameters: Readonly<Record<string, unknown>>): number {
  if ("workers" in parameters) return imageSeconds(parameters);
  const number = (name: string, otherwise: number) => {
    const value = parameters[name];
    return typeof value === "number" ? value : otherwise;
  };
  const [depth, width] = [number("depth", 4), number("width", 100)];
  const outer = number("inputs", "images" in parameters ? 784 : 25) + number("outputs", 10);
  const weights = parameters.architecture === "cnn" ? 4e6 : (depth - 1) * width ** 2 + width * outer;
  return number("steps", 0) * (3e-4 + weights * (4e-9 + 1.5e-10 * number("batch", 2)));
}

/**
 * Seconds of a ResNet-18 on images of 32 pixels a side.
 *
 * chosen: 10 ms an image at a quarter of the width, of which half is in proportion to its square; two views an image
 * where there is a temperature. Within a factor of two on two cores.
 */
function imageSeconds({ steps, batch, width, temperature }: Readonly<Record<string, unknown>>): number {
  const images = Number(steps) * Number(batch) * (temperature === undefined ? 1 : 2);
  return images * (0.02 * Number(width) + 0.08 * Number(width) ** 2);
}

/**
 * Bytes of memory of a run, from its weights, batch and depth.
 *
 * chosen: 250 MB of the program, twelve copies of the weights (parameters, gradients, momentum, checkpoint, what a
 * measurement holds in float64) and eight of the activations; within a factor of two.
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
