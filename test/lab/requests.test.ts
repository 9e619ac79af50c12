/** @file What the lab answers: runs as they are, matrices as bytes, and one line to everything else. */
import { existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { snapshot } from "../../src/measure/snapshot.ts";
import { secondMoment } from "../../src/moments/moments.ts";
import { encodeMoments } from "../../src/moments/momentsFile.ts";
import { listRuns } from "../../src/runs/listRuns.ts";
import { seriesOf } from "../../src/runs/metricSeries.ts";
import { plantedTransformer } from "../figures/planted.ts";
import { LabOfRuns } from "./labOfRuns.ts";

const lab = new LabOfRuns();
const { moments } = plantedTransformer({ d: 4 });
beforeAll(async () => {
  const run = lab.addRun("measured");
  run.appendMetrics(Array.from({ length: 1000 }, (_, i) => ({ step: i, name: "train/loss", value: 1 / (1 + i) })));
  run.appendMetrics([{ step: 999, name: "eval/loss", value: 0.5 }]);
  run.writeSnapshot(await snapshot(moments, { cost: "standard" }));
  run.writeMoments(moments.step, encodeMoments(moments));
  run.update({ status: "finished", step: 1000 });
  lab.addRun("torn").update({ status: "finished" });
  writeFileSync(join(lab.root, "torn", "run.json"), '{"schema": "crh-lab/run@1", "id":');
  writeFileSync(join(lab.root, "secret.txt"), "secret");
  await lab.start();
});
afterAll(() => lab.stop());

const host = () => `127.0.0.1:${lab.lab.port}`;

describe("runs", () => {
  test("are listed as crh runs --json lists them, damaged ones with what is wrong", async () => {
    const found = await lab.json<{ id: string; problem?: string }[]>("/api/runs");
    expect(found).toEqual(JSON.parse(JSON.stringify(listRuns(lab.root))));
    expect(found.find(({ id }) => id === "torn")?.problem).toContain("damaged JSON");
  });

  test("metrics come by name, from a step on, and thinned", async () => {
    const path = "/api/runs/measured/metrics";
    const all = await lab.json<{ series: { name: string; steps: number[] }[] }>(path);
    expect(all.series.map(({ name, steps }) => [name, steps.length])).toEqual([
      ["train/loss", 1000],
      ["eval/loss", 1],
    ]);
    const part = await lab.json<{ series: ReturnType<typeof seriesOf> }>(`${path}?names=train/loss&from=500&points=10`);
    expect(part.series).toHaveLength(1);
    const [series] = part.series;
    expect(series).toMatchObject({ name: "train/loss", rows: 500 });
    expect(series!.steps).toEqual([549, 599, 649, 699, 749, 799, 849, 899, 949, 999]);
    expect(series!.low![0]).toBeCloseTo(1 / 550, 12);
    expect(series!.high![0]).toBeCloseTo(1 / 501, 12);
    const mean = Array.from({ length: 50 }, (_, i) => 1 / (501 + i)).reduce((sum, value) => sum + value) / 50;
    expect(series!.values[0]).toBeCloseTo(mean, 12);
  });

  test("a snapshot is what the run holds, and a step that was not measured is not there", async () => {
    const path = join(lab.root, "measured", "snapshots", `step-${String(moments.step).padStart(8, "0")}.json`);
    expect(await lab.json(`/api/runs/measured/snapshots/${moments.step}`)).toEqual(
      JSON.parse(readFileSync(path, "utf8")),
    );
    expect(await lab.ask("/api/runs/measured/snapshots/999999")).toMatchObject({ status: 404 });
  });

  test("matrices are float32 in rows, of the convention that was asked for", async () => {
    const layer = moments.layers.find(({ a }) => a !== undefined)!;
    const base = `/api/runs/measured/matrix/${moments.step}/${encodeURIComponent(layer.name)}`;
    for (const convention of ["raw", "paper", "covariance"] as const) {
      const { status, headers, body } = await lab.ask(`${base}/b/H?convention=${convention}`);
      expect([status, headers["x-shape"], headers["x-convention"]]).toEqual([
        200,
        `${layer.b.d},${layer.b.d}`,
        convention,
      ]);
      const floats = new Float32Array(body.buffer.slice(body.byteOffset, body.byteOffset + body.length));
      const expected = secondMoment(layer.b, "H", convention, layer.n)!.data;
      expect([...floats]).toEqual([...Float32Array.from(expected)]);
    }
    const plain = await lab.ask(`${base}/b/H`);
    expect(plain.headers["x-convention"]).toBe("raw");
    const Z = await lab.ask(`${base}/a/Z`);
    expect(Z.headers["x-shape"]).toBe(`${layer.dIn},${layer.dIn}`);
  });

  test("of what was not kept, or has no name, one line says so", async () => {
    const layer = encodeURIComponent(moments.layers[0]!.name);
    const errors: [string, number, RegExp][] = [
      [`/api/runs/measured/matrix/5/${layer}/b/H`, 404, /kept those of step \d+ \(crh run --moments all\)/],
      [`/api/runs/measured/matrix/${moments.step}/none/b/H`, 404, /expected a layer of the run, got "none"/],
      [`/api/runs/measured/matrix/${moments.step}/${layer}/c/H`, 400, /expected side a or b, got "c"/],
      [`/api/runs/measured/matrix/${moments.step}/${layer}/b/K`, 400, /expected matrix H, G or Z, got "K"/],
      [`/api/runs/measured/matrix/${moments.step}/${layer}/b/H?convention=x`, 400, /expected convention paper/],
      ["/api/runs/measured/metrics?points=many", 400, /expected points to be a whole number, got "many"/],
      ["/api/runs/measured/metrics?from=-1", 400, /expected from to be a whole number/],
      ["/api/runs/measured/snapshots/1e3", 400, /expected the step to be a whole number/],
      ["/api/runs/none/metrics", 404, /expected the name of a run, got "none"/],
      ["/api/runs/torn/metrics", 200, /"series":\[\]/],
      ["/api/runs/torn", 422, /expected a run.json .* got damaged JSON/],
      ["/api/none", 404, /nothing is at this address/],
    ];
    for (const [path, status, said] of errors) {
      const answer = await lab.ask(path);
      expect([path, answer.status]).toEqual([path, status]);
      expect(status === 200 ? answer.text : (JSON.parse(answer.text) as { error: string }).error).toMatch(said);
      expect(answer.text.trim().split("\n")).toHaveLength(1);
    }
  });
});

describe("who asks", () => {
  test("no path leads out of the runs folder", async () => {
    symlinkSync("/etc", join(lab.root, "link"));
    const paths = [
      "/api/runs/../secret.txt",
      "/api/runs/..%2f..%2fetc%2fpasswd",
      "/api/runs/%2e%2e/metrics",
      "/api/runs/..%5csecret.txt/metrics",
      "/api/runs/link/metrics",
      "/api/runs/%00/metrics",
      "/..%2f..%2f..%2f..%2fetc/passwd",
      "/../../../../etc/passwd",
      "/assets/..%2f..%2f..%2fpackage.json",
      "/%2e%2e/%2e%2e/package.json",
    ];
    for (const path of paths) {
      const { status, text } = await lab.ask(path);
      expect([path, status >= 400]).toEqual([path, true]);
      expect(text).not.toMatch(/root:|secret$|"dependencies"/);
    }
  });

  test("a wrong Host, another site's Origin or request: 403; the page's own: answered", async () => {
    const refused = [
      { Host: "evil.example" },
      { Host: `evil.example:${lab.lab.port}` },
      { Host: host(), Origin: "http://evil.example" },
      { Host: host(), Origin: "null" },
      { Host: host(), Origin: `https://${host()}` },
      { Host: host(), "Sec-Fetch-Site": "cross-site" },
      { Host: host(), "Sec-Fetch-Site": "same-site" },
      { Host: host(), "Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate" },
    ];
    for (const headers of refused)
      for (const path of ["/api/runs", "/api/stream", "/api/runs/measured/metrics"])
        expect([path, headers, (await lab.ask(path, { headers })).status]).toEqual([path, headers, 403]);
    const removal = { method: "DELETE", headers: { Host: host(), Origin: "http://evil.example" } };
    expect((await lab.ask("/api/runs/measured", removal)).status).toBe(403);
    expect(existsSync(join(lab.root, "measured"))).toBe(true);
    for (const headers of [
      { Host: host() },
      { Host: `localhost:${lab.lab.port}`, Origin: `http://localhost:${lab.lab.port}` },
      { Host: host(), "Sec-Fetch-Site": "same-origin" },
    ])
      expect((await lab.ask("/api/runs", { headers })).status).toBe(200);
    const link = { Host: host(), "Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate" };
    expect((await lab.ask("/", { headers: link })).status).toBe(200); // a link to the page shows no data by itself
  });

  test("the page may run its own scripts alone, and no other page may show it", async () => {
    const { headers, text } = await lab.ask("/");
    const policy = headers["content-security-policy"] as string;
    expect(policy).toContain("default-src 'none'");
    expect(policy).toContain("frame-ancestors 'none'");
    expect(policy).not.toMatch(/script-src[^;]*('unsafe-inline'|'unsafe-eval'|https?:)/);
    expect(headers["x-content-type-options"]).toBe("nosniff");
    expect(text).not.toMatch(/<script>(?!\s*<)/);
    expect((await lab.ask("/api/runs")).headers["cache-control"]).toBe("no-store");
  });

  test("an address of the network needs the token, which is in no address that is asked for", async () => {
    const open = new LabOfRuns();
    await open.start(0, "0.0.0.0");
    try {
      const [, token] = /#token=([\w-]{20,})$/.exec(open.lab.url)!;
      const Host = `127.0.0.1:${open.lab.port}`;
      expect((await open.ask("/", { headers: { Host } })).status).toBe(200);
      expect((await open.ask("/api/runs", { headers: { Host } })).status).toBe(401);
      const bearer = { Host, Authorization: `Bearer ${token}` };
      expect((await open.ask("/api/runs", { headers: bearer })).status).toBe(200);
      expect((await open.ask("/api/runs", { headers: { Host, Authorization: `Bearer ${token}x` } })).status).toBe(401);
      const session = { method: "POST", headers: { Host } };
      expect((await open.ask("/api/session", { ...session, body: "guess" })).status).toBe(401);
      const entered = await open.ask("/api/session", { ...session, body: token! });
      expect(entered.status).toBe(204);
      const cookie = String(entered.headers["set-cookie"]);
      expect(cookie).toMatch(/HttpOnly/);
      expect(cookie).toMatch(/SameSite=Strict/);
      const Cookie = cookie.split(";")[0]!;
      expect((await open.ask("/api/runs", { headers: { Host, Cookie } })).status).toBe(200);
      expect((await open.ask("/api/runs", { headers: { Host: "evil.example", Cookie } })).status).toBe(403);
    } finally {
      await open.stop();
    }
  });

  test("a body that is too large is not read", async () => {
    for (const path of ["/api/compare", "/api/session"]) {
      const asked = lab.ask(path, { method: "POST", body: "x".repeat(2_000_000) });
      const answer = await asked.then(
        ({ status }) => String(status),
        ({ message }: Error) => message,
      );
      expect(answer).toMatch(/^(413|socket hang up|write EPIPE|read ECONNRESET)$/); // the connection ends at once
    }
    expect((await lab.ask("/api/version")).status).toBe(200);
  });

  test("a port that is taken is one line", async () => {
    const other = new LabOfRuns();
    await expect(other.start(lab.lab.port)).rejects.toThrow(/^lab: expected a free port, got \d+, .*--port 0/);
  });
});

describe("removing", () => {
  test("puts a run aside, and back; one that runs, or whose name is taken, stays", async () => {
    lab.addRun("running");
    expect(await lab.ask("/api/runs/running", { method: "DELETE" })).toMatchObject({
      status: 400,
      text: expect.stringContaining("which is running; stop it first"),
    });
    lab.addRun("old").update({ status: "finished" });
    const bytes = readFileSync(join(lab.root, "old", "run.json"), "utf8");
    expect((await lab.ask("/api/runs/old", { method: "DELETE" })).status).toBe(204);
    expect(existsSync(join(lab.root, "old"))).toBe(false);
    expect((await lab.json<{ id: string }[]>("/api/runs")).map(({ id }) => id)).not.toContain("old");
    expect((await lab.ask("/api/removed/old/restore", { method: "POST" })).status).toBe(204);
    expect(readFileSync(join(lab.root, "old", "run.json"), "utf8")).toBe(bytes);
    await lab.ask("/api/runs/old", { method: "DELETE" });
    lab.addRun("old");
    expect((await lab.ask("/api/removed/old/restore", { method: "POST" })).status).toBe(400);
    for (const name of ["none", "..", "%2e%2e%2fold", "old%2f.."])
      expect((await lab.ask(`/api/removed/${name}/restore`, { method: "POST" })).status).toBeGreaterThanOrEqual(400);
  });
});

/** Milliseconds that the processor spent since; the clock also has those of other programs. */
function processorMs(since: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(since);
  return Math.round((user + system) / 1000);
}

test("a folder of a thousand runs is listed within a second", async () => {
  const many = new LabOfRuns();
  const first = many.addRun("first");
  first.appendMetrics([{ step: 1, name: "train/loss", value: 1 }]);
  const [info, config] = ["run.json", "config.json"].map((name) => readFileSync(join(first.dir, name), "utf8"));
  for (let i = 0; i < 1000; i++) {
    const dir = join(many.root, `run-${i}`);
    mkdirSync(dir);
    writeFileSync(
      join(dir, "run.json"),
      info!.replace('"id": "first"', `"id": "run-${i}"`).replace("running", "finished"),
    );
    writeFileSync(join(dir, "config.json"), config!);
    writeFileSync(join(dir, "metrics.jsonl"), '{"step":1,"name":"train/loss","value":0.5}\n'.repeat(200));
  }
  await many.start();
  try {
    const start = performance.now();
    const used = process.cpuUsage();
    const found = await many.json<unknown[]>("/api/runs");
    const taken = processorMs(used);
    console.log(
      `1,001 runs listed in ${taken} ms of processor time, ${(performance.now() - start).toFixed(0)} on the clock`,
    );
    expect(found).toHaveLength(1001);
    expect(taken).toBeLessThan(1000);
  } finally {
    await many.stop();
  }
});

test("of a hundred thousand rows a series of 1,000 points is made within a second, and no peak is lost", () => {
  const rows = Array.from({ length: 100_000 }, (_, step) => ({
    step,
    name: "train/loss",
    value: step === 77_777 ? 9 : 1,
  }));
  const used = process.cpuUsage();
  const [series] = seriesOf(rows, { points: 1000 });
  expect(processorMs(used)).toBeLessThan(1000);
  expect(series!.steps).toHaveLength(1000);
  expect(Math.max(...series!.high!)).toBe(9);
  expect(series!.steps.at(-1)).toBe(99_999);
});
