/**
 * @file ONNX Runtime's telemetry stays off: what it leaves in the home folder when its first session opens is not
 * there, whoever loads it. The files come with the connections (both start together), and can be seen without a
 * network.
 */
import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { builtEntry } from "../builtEntry.ts";
import { readSources } from "../docs/sourceImports.ts";
import { freshHome } from "../leftBehind.ts";

const library = builtEntry("index.js").href;
const program = fileURLToPath(builtEntry("cli/main.js"));
const root = new URL("../../", import.meta.url);

const compile = `
  const g = new GraphBuilder("one");
  g.output(g.op("Neg", [g.input("x", "float32", [1])]), "y");
  const model = { graph: g.build(), opset: WORKING_OPSET };
`;
const withLibrary = `
  const { GraphBuilder, WORKING_OPSET, nodeEngine } = await import(${JSON.stringify(library)});${compile}
  await nodeEngine.compile(model);
`;
/** Without this project's engine: what would be left. */
const withPackage = `
  const { encodeModel, GraphBuilder, WORKING_OPSET } = await import(${JSON.stringify(library)});${compile}
  delete process.env.ORT_DISABLE_TELEMETRY;
  const { InferenceSession } = await import("onnxruntime-node");
  await InferenceSession.create(encodeModel(model));
`;
/** A worker thread that a program starts before it has loaded anything of this project. */
const inWorker = (script: string, options = "") => `
  const { Worker } = await import("node:worker_threads");
  const url = new URL("data:text/javascript," + encodeURIComponent(${JSON.stringify(script)}));
  const worker = new Worker(url, { ${options} });
  await new Promise((done, failed) => worker.on("exit", done).on("error", failed));
`;

/** Runs node and returns the files it leaves. */
async function leftBy(...args: string[]): Promise<string[]> {
  const { env, files } = freshHome();
  const child = spawn(process.execPath, args, {
    cwd: root,
    env: { ...process.env, NODE_OPTIONS: "", ...env },
    stdio: ["ignore", "ignore", "pipe"],
  });
  let err = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    err += text;
  });
  const code = await new Promise((done) => child.on("close", done));
  expect(`${code} ${err}`).toBe("0 ");
  return files();
}

const leftByScript = (script: string) => leftBy("--input-type=module", "--eval", script);

describe("nothing is left in the home and the temporary folder", () => {
  it("by the program", async () => {
    expect(await leftBy(program, "doctor")).toEqual([]);
  });

  it("by a program that uses the library", async () => {
    expect(await leftByScript(withLibrary)).toEqual([]);
  });

  it("by a worker thread that uses the library and was started without it", async () => {
    expect(await leftByScript(inWorker(withLibrary))).toEqual([]);
    expect(await leftByScript(inWorker(withLibrary, "env: {}"))).toEqual([]);
  });

  // so that the tests above can fail; on Windows telemetry goes another way
  it.runIf(process.platform === "linux")("but by ONNX Runtime alone there is", async () => {
    expect((await leftByScript(withPackage)).join("\n")).toMatch(/onnxruntime/);
  });
});

// onnxruntime-web has no telemetry; test/web and test/browser see that pages ask no other host
it("one file imports the package, after its neighbour that switches telemetry off", () => {
  const loads = /\bimport\s*\(\s*"onnxruntime-(?!web)|^(?:import|export) (?!type\b)[^;"']*from "onnxruntime-(?!web)/m;
  const sources = readSources(fileURLToPath(new URL("src", root)));
  const users = sources.filter(({ path }) => loads.test(readFileSync(new URL(`src/${path}`, root), "utf8")));
  expect(users.map(({ path }) => path)).toEqual(["engineNode/library.ts"]);
  expect(users[0]!.imports).toContain("./telemetry.ts");
});
