/**
 * @file Nothing leaves the machine, and nothing is left on it but what was asked for: every command in a network
 * namespace of its own, where each datagram and connection that anybody tries is counted, with a home and a temporary
 * folder of its own.
 */
import { execFile, execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, expect, test } from "vitest";
import { encodeNpy } from "../../src/data/npy.ts";
import { GraphBuilder, WORKING_OPSET } from "../../src/onnx/graphBuilder.ts";
import { encodeModel } from "../../src/onnx/modelFile.ts";
import { float32 } from "../../src/onnx/tensor.ts";
import { Random } from "../../src/random/random.ts";
import { builtEntry } from "../builtEntry.ts";
import { TINY } from "../cli/builtProgram.ts";
import { freshHome } from "../leftBehind.ts";

const crh = `${process.execPath} ${fileURLToPath(builtEntry("cli/main.js"))}`;
const library = builtEntry("index.js").href;

/** Network and mounts of its own, in which this user may do what root may. */
const APART = ["-rnm"];
const canBeApart = (() => {
  try {
    execFileSync("unshare", [...APART, "true"], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
})();

const dir = mkdtempSync(join(tmpdir(), "crh-offline-"));
afterAll(() => rmSync(dir, { recursive: true, force: true }));

/**
 * Runs a shell script apart from every network, with names asked of 127.0.0.1. @returns what was tried, and the files
 * left elsewhere
 */
async function apart(script: string): Promise<{ tried: number; left: string[] }> {
  const { env, files } = freshHome();
  const kept = join(dir, "kept");
  mkdirSync(kept, { recursive: true });
  const whole = `set -e
    ip link set lo up
    echo nameserver 127.0.0.1 > ${dir}/resolv; mount --bind ${dir}/resolv /etc/resolv.conf
    ${script}
    cat /proc/self/net/snmp /proc/self/net/snmp6`;
  const { stdout } = await promisify(execFile)("unshare", [...APART, "bash", "-c", whole], {
    cwd: kept,
    env: { ...process.env, NODE_OPTIONS: "", ...env },
    maxBuffer: 2 ** 26,
  });
  return { tried: attempts(stdout), left: files() };
}

/** Datagrams sent and connections begun in a namespace since it was made. */
function attempts(snmp: string): number {
  let sum = 0;
  for (const protocol of ["Udp", "Tcp"]) {
    const [names, values] = [...snmp.matchAll(new RegExp(`^${protocol}: (.*)$`, "gm"))].map(([, row]) =>
      row!.split(" "),
    );
    sum += Number(values![names!.indexOf(protocol === "Udp" ? "OutDatagrams" : "ActiveOpens")]);
  }
  return sum + Number(/^Udp6OutDatagrams\s+(\d+)/m.exec(snmp)?.[1] ?? 0);
}

function writeInputs(): void {
  const random = new Random(1);
  const normals = (...shape: [number, number]) => {
    const data = new Float32Array(shape[0] * shape[1]);
    random.fillNormal(data);
    return float32(data, shape);
  };
  const g = new GraphBuilder("m");
  const x = g.input("x", "float32", ["n", 5]);
  g.output(
    g.op("MatMul", [
      g.op("Relu", [g.op("MatMul", [x, g.initializer("up.weight", normals(5, 6))])]),
      g.initializer("down.weight", normals(6, 3)),
    ]),
    "y",
  );
  writeFileSync(join(dir, "model.onnx"), encodeModel({ graph: g.build(), opset: WORKING_OPSET }));
  for (const [name, width] of [
    ["x", 5],
    ["y", 3],
  ] as const) {
    const { data, shape } = normals(40, width);
    writeFileSync(
      join(dir, `${name}.npy`),
      encodeNpy({ dtype: "float32", shape, data: Float32Array.from(data as Float32Array) }),
    );
  }
}

test.skipIf(!canBeApart)("what asks for a name is counted", async () => {
  const { tried } = await apart(`${process.execPath} -e 'require("dns").lookup("example.org", () => {})'`);
  expect(tried).toBeGreaterThan(0);
});

/**
 * ONNX Runtime's telemetry tries to connect some ten seconds after a session opens; the longest process here lasts
 * longer.
 */
const SECONDS = 13;

test.skipIf(!canBeApart)(
  "no command and no use of the library tries to connect, or leaves a file elsewhere",
  { timeout: 180_000 },
  async () => {
    writeInputs();
    const keptAlive = `const { nodeEngine, GraphBuilder, WORKING_OPSET } = await import("${library}");
    const g = new GraphBuilder("g"); g.output(g.op("Neg", [g.input("x", "float32", [1])]), "y");
    await nodeEngine.compile({ graph: g.build(), opset: WORKING_OPSET });
    await new Promise((done) => setTimeout(done, ${SECONDS * 1000}));`;
    writeFileSync(join(dir, "alive.mjs"), keptAlive);
    const analysis = `${dir}/model.onnx --inputs ${dir}/x.npy --targets ${dir}/y.npy --loss mse --json`;
    const { tried, left } = await apart(`{
    ${process.execPath} ${dir}/alive.mjs & alive=$!
    ${crh} run fc2 ${TINY.join(" ")} --steps 40 --quiet --yes
    ${crh} run twopoint depth=3 width=8 layer=1 --steps 40 --quiet --yes
    ${crh} analyze ${analysis} --moments ${dir}/kept/m.safetensors
    ${crh} inspect ${dir}/model.onnx --json
    ${crh} ingest ${dir}/kept/m.safetensors --json
    ${crh} runs; ${crh} report latest --figures; ${crh} explain latest; ${crh} doctor
    ${crh} compare $(ls runs | grep -v twopoint) --json
    ${crh} query "select name, avg(value), count(*) from metrics group by all" --json
    ! ${crh} query "select * from read_csv('http://127.0.0.1:9/a.csv')"
    ${crh} compare runs --x setting --y train/loss --figure kept.svg
    ${crh} export runs --format parquet -o tables
    ${crh} completion bash; ${crh} reproduce --list
    wait $alive
  } > ${dir}/out`);
    expect(tried).toBe(0);
    expect(left).toEqual([]);
  },
);
