/**
 * @file The cases of ONNX's own backend tests: forward through the upgrade, the folding and the lowering, and
 * gradients. All of them take about 20 s on one core; CRH_CONFORMANCE=<text> runs those whose name contains it. Prints
 * counts, and what was left out and why.
 */
import { readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import { expect, it } from "vitest";
import { sharedPath } from "../shared.ts";
import { readTar } from "../tar.ts";
import { checkCase, type Outcome } from "./conformance.ts";

/** The least part of the differentiable cases whose gradient must agree, as docs/coverage.md says. */
const REQUIRED = 0.95;
const folder = sharedPath("data/onnx-node-tests");
const chosen = process.env.CRH_CONFORMANCE ?? "";

it.skipIf(folder === undefined)(
  "gradients of the conformance cases agree with differences",
  async () => {
    const files = readTar(gunzipSync(readFileSync(`${folder}/onnx-node-tests.tar.gz`)));
    const index = JSON.parse(readFileSync(`${folder}/index.json`, "utf8")) as { case: string }[];
    const names = index.map((one) => one.case);
    const sample = names.filter((name) => name.includes(chosen));
    const outcomes = new Map<string, Outcome>();
    for (const name of sample) outcomes.set(name, await checkCase(files, name));
    process.stderr.write(`${report(outcomes)}\n`);
    const count = (kind: Outcome["gradient"]) =>
      [...outcomes.values()].filter(({ gradient }) => gradient === kind).length;
    expect(count("agrees") / Math.max(count("agrees") + count("fails"), 1)).toBeGreaterThanOrEqual(REQUIRED);
    expect([...outcomes].filter(([, { forward }]) => forward === "fails").map(([name]) => name)).toEqual([]);
  },
  600_000,
);

function report(outcomes: ReadonlyMap<string, Outcome>): string {
  const lines: string[] = [];
  for (const part of ["forward", "gradient"] as const) {
    const counts = new Map<string, number>();
    for (const outcome of outcomes.values()) counts.set(outcome[part], (counts.get(outcome[part]) ?? 0) + 1);
    lines.push(`conformance, ${part}: ${[...counts].map(([kind, n]) => `${n} ${kind}`).join(", ")}`);
  }
  for (const [name, { forward, gradient, reason }] of outcomes)
    if (gradient === "fails" || forward !== "agrees")
      lines.push(`  ${name}: forward ${forward}, gradient ${gradient}: ${reason}`);
  return lines.join("\n");
}
