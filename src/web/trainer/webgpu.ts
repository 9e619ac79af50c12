/** @file Whether a page, or a worker of it, can use WebGPU. */

/** Why WebGPU cannot be used here, in a line; undefined where it can. */
export async function withoutWebgpu(): Promise<string | undefined> {
  if (!isSecureContext) return "browsers have WebGPU only on pages of this machine or over https";
  const gpu = navigator.gpu as GPU | undefined;
  if (gpu === undefined) return "this browser has no WebGPU";
  const adapter = await gpu.requestAdapter().catch(() => null);
  return adapter === null ? "this browser finds no graphics device for WebGPU" : undefined;
}
