/**
 * @file Comparing runs over the lab's addresses: the numbers of crh compare, courses of measures, and one line to what
 * is no request.
 */
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { main } from "../../src/cli/main.ts";
import { hiddenMedians } from "../../src/findings/hiddenMedians.ts";
import type { CompareAnswer } from "../../src/lab/compare.ts";
import { type Snapshot, snapshot } from "../../src/measure/snapshot.ts";
import type { MeasureCourse } from "../../src/runner/tables/measureCourse.ts";
import { measureCalled, wholeValue } from "../../src/tables/measures.ts";
import { testIo } from "../cli/testIo.ts";
import { plantedTransformer } from "../figures/planted.ts";
import { LabOfRuns } from "./labOfRuns.ts";

const lab = new LabOfRuns();
let measured: Snapshot;
beforeAll(async () => {
  measured = await snapshot(plantedTransformer({ d: 4 }).moments, { cost: "economy" });
  for (const [id, loss] of [
    ["p", 0.5],
    ["q", 0.25],
  ] as const) {
    const run = lab.addRun(id);
    run.appendMetrics(
      Array.from({ length: 2000 }, (_, step) => ({ step, name: "eval/loss", value: loss + 1 / (1 + step) })),
    );
    run.writeSnapshot({ ...measured, step: 0 });
    run.writeSnapshot({ ...measured, step: 2000 });
    run.update({ status: "finished", step: 2000 });
  }
  await lab.start();
});
afterAll(() => lab.stop());

const post = (body: string): Promise<Response> =>
  fetch(`http://127.0.0.1:${lab.lab.port}/api/compare`, { method: "POST", body });

describe("comparing over the lab's addresses", () => {
  test("has the cells of crh compare --json, and its picture", async () => {
    const found = (await (
      await post(JSON.stringify({ runs: ["p", "q"], x: "seed", y: "b.rga" }))
    ).json()) as CompareAnswer;
    const io = testIo();
    await main(["compare", join(lab.root, "p"), join(lab.root, "q"), "--x", "seed", "--y", "b.rga", "--json"], io);
    const { cells, differing, leftOut } = JSON.parse(io.out());
    expect(found.sweep).toMatchObject({ cells, differing, leftOut });
    expect(found.name).toBe("paper.b.rga");
    expect(found.figure!.svg).toContain("<svg");
  });

  test("courses are what stands for the run at each step, metrics thinned", async () => {
    const course = await lab.json<MeasureCourse>("/api/runs/p/course?y=covariance.b.rga");
    const measure = measureCalled("covariance.b.rga");
    if (measure.kind !== "layers") expect.fail("a measure of layers");
    const { value, over } = wholeValue(measure, measured);
    expect(course).toMatchObject({ name: "covariance.b.rga", over, steps: [0, 2000], values: [value, value] });
    expect(hiddenMedians(measured, "paper")).toBeUndefined(); // no chain: over all layers
    expect(over).toBe("all layers");
    const loss = await lab.json<MeasureCourse>("/api/runs/q/course?y=loss");
    expect([loss.steps.length, loss.steps.at(-1), loss.over]).toEqual([500, 1999, null]);
    expect(loss.values.at(-1)).toBeCloseTo(0.25 + 1 / 1998, 5);
  });

  test.each([
    ["{", 400, "expected JSON"],
    ["null", 400, "expected runs"],
    [`{"runs":[],"x":"seed","y":"loss"}`, 400, "expected runs"],
    [`{"runs":["p"],"x":"seed"}`, 400, "expected x"],
    [`{"runs":["p"],"x":"seed","y":"loss","at":-1}`, 400, "expected at"],
    [`{"runs":["p","../p"],"x":"seed","y":"loss"}`, 404, "expected the name of a run"],
    [`{"runs":["p","nobody"],"x":"seed","y":"loss"}`, 404, "expected the name of a run"],
    [`{"runs":["p"],"x":"decai","y":"loss"}`, 422, "expected a parameter of these runs"],
    [`{"runs":["p"],"x":"seed","y":"b.rgaa"}`, 422, "did you mean b.rga?"],
  ])("%s is refused in a line", async (body, status, words) => {
    const response = await post(body);
    expect(response.status).toBe(status);
    expect(((await response.json()) as { error: string }).error).toContain(words);
  });

  test("a course without a measure, and of nobody, is refused", async () => {
    for (const [path, status] of [
      ["/api/runs/p/course", 400],
      ["/api/runs/nobody/course?y=loss", 404],
    ] as const)
      expect((await fetch(`http://127.0.0.1:${lab.lab.port}${path}`)).status).toBe(status);
  });
});
