/** @file Devices besides the CPU that can be used; both are optional. */
import { deviceCures, deviceState } from "../../../runner/devices.ts";
import type { Check } from "./check.ts";

export async function checkWebGpu(): Promise<Check> {
  return check("webgpu");
}

export async function checkCuda(): Promise<Check> {
  return check("cuda");
}

async function check(name: "webgpu" | "cuda"): Promise<Check> {
  const state = await deviceState(name);
  if (state.usable) return { name, status: "ok", found: `computes (--device ${name} of crh run and crh analyze)` };
  return { name, status: "missing", found: state.found, cure: deviceCures[name] };
}
