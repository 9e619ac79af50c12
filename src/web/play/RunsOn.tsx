/** @file What networks run on: the choice, and in words what came of it. */
import { useId } from "react";
import { grouped } from "../../findings/numbers.ts";
import { setParams } from "../route.ts";
import { fasterOf, SHORT_STEP } from "../trainer/automatic.ts";
import type { WantedDevice } from "../trainer/messages.ts";
import { withoutWebgpu } from "../trainer/webgpu.ts";
import { useAsync } from "../useAsync.ts";
import type { PlayData } from "./playData.ts";

export const deviceNames: Readonly<Record<WantedDevice, string>> = {
  automatic: "automatic",
  wasm: "WebAssembly",
  webgpu: "WebGPU",
};

/** Asked once a visit. */
let missing: Promise<string | undefined> | undefined;

export function RunsOn({ device }: { readonly device: WantedDevice }) {
  const id = useId();
  const { value: reason, isLoading } = useAsync("webgpu", () => (missing ??= withoutWebgpu()));
  const isThere = !isLoading && reason === undefined;
  return (
    <div className="runs-on">
      <label className="setting">
        runs on{" "}
        <select
          value={device}
          aria-describedby={id}
          onChange={({ target }) => setParams({ device: target.value === "automatic" ? undefined : target.value })}
        >
          {Object.entries(deviceNames).map(([value, name]) => (
            <option key={value} value={value} disabled={value === "webgpu" && !isThere}>
              {name}
            </option>
          ))}
        </select>
      </label>
      <p id={id} className="soft why">
        {isThere
          ? `Automatic: WebAssembly, unless it takes over ${grouped(SHORT_STEP)} µs a step and WebGPU, timed before step 0, is faster by half.`
          : reason !== undefined && `No WebGPU: ${reason}.`}
      </p>
    </div>
  );
}

/** What a network runs on, and why; undefined where nothing was chosen or timed. */
export function engineWords({ built, times, fallback, device }: PlayData): string | undefined {
  if (fallback !== undefined) return `Runs on WebAssembly from step 0 on, without WebGPU: ${briefly(fallback)}`;
  if (times === undefined) return device === "webgpu" && built !== undefined ? "Runs on WebGPU." : undefined;
  const [wasm, webgpu] = [times.wasm, times.webgpu].map((time) => time && `${grouped(Number(time.toPrecision(2)))} µs`);
  if (times.problem !== undefined)
    return `Runs on WebAssembly, ${wasm} a step, without WebGPU: ${briefly(times.problem)}`;
  if (webgpu === undefined)
    return `Runs on WebAssembly, ${wasm} a step; WebGPU is not tried below ${grouped(SHORT_STEP)} µs.`;
  return fasterOf(times) === "webgpu"
    ? `Runs on WebGPU, ${webgpu} a step; WebAssembly took ${wasm}.`
    : `Runs on WebAssembly, ${wasm} a step; WebGPU took ${webgpu}.`;
}

/** ONNX Runtime says in which of its functions something failed before it says what. */
const briefly = (problem: string): string => problem.replace(/^.*\[ONNXRuntimeError\] : \d+ : \w+ : /, "");
