import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { ProgressLine } from "../../src/cli/progress.ts";
import { testIo } from "./testIo.ts";

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

/** Goes on for `seconds` at `rate` steps per second, reporting every 10 ms. */
function train(progress: ProgressLine, seconds: number, rate: number, from = 0): number {
  for (let i = 1; i <= seconds * 100; i++) {
    vi.advanceTimersByTime(10);
    progress.update(from + Math.round((i * rate) / 100), 1 / (1 + i));
  }
  return from + seconds * rate;
}

test("without a terminal there are plain lines: at once, after 2 s, then every 10 s", () => {
  const io = testIo();
  const progress = new ProgressLine(io, "fc2", 100_000);
  expect(io.err()).toBe("fc2:   0 %        0/100,000\n");
  train(progress, 30, 1000);
  progress.end();
  const lines = io.err().trimEnd().split("\n");
  expect(lines).toHaveLength(5);
  expect(lines[1]).toMatch(/^fc2: {3}1 % {4}1,990\/100,000 {4}995 steps\/s {2}loss 0\.005/);
  expect(lines[2]).toMatch(/ 999 steps\/s {2}1 min 28 s left {2}loss/);
  expect(lines[4]).toBe("fc2: 30,000 steps in 30 s (1,000 steps/s)");
  expect(io.err()).not.toContain("\u001b");
});

test("the last evaluation stays in the line until there is another", () => {
  const io = testIo();
  const progress = new ProgressLine(io, "mlp", 10);
  progress.evaluated("evaluated 0.5 on 30");
  progress.evaluated(undefined); // lines of the metrics without an evaluation
  vi.advanceTimersByTime(3_000);
  expect(io.err().split("\n")[1]).toMatch(/ {2}evaluated 0\.5 on 30$/);
  progress.evaluated("evaluated 0.4 on 30");
  vi.advanceTimersByTime(10_000);
  expect(io.err().split("\n")[2]).toMatch(/ {2}evaluated 0\.4 on 30$/);
  progress.end(false);
});

test("without a terminal it shows that it lives while nothing is reported", () => {
  const io = testIo();
  const progress = new ProgressLine(io, "fc2", 10);
  progress.activity("measuring");
  vi.advanceTimersByTime(23_000);
  expect(
    io
      .err()
      .split("\n")
      .filter((line) => line.endsWith("measuring")),
  ).toHaveLength(3);
  progress.end(false);
  vi.advanceTimersByTime(60_000);
  expect(io.err().split("\n")).toHaveLength(5);
});

test("on a terminal the bar is redrawn in place, at most ten times a second, and fits the width", () => {
  const io = testIo({ columns: 100, env: { LANG: "en_US.UTF-8" } });
  const progress = new ProgressLine(io, "fc2", 10_000);
  train(progress, 5, 1000);
  const frames = io.err().split("\r");
  expect(frames.length).toBeLessThanOrEqual(53);
  const last = frames.at(-1)!.replace("\u001b[K", "");
  expect(last).toMatch(
    /^fc2 {2}━+┄+ {3}4\d % {3}[45],\d{3}\/10,000 {2}[ \d,]{5} steps\/s {2}5\.\d s left {2}loss 0\.00/,
  );
  for (const frame of frames) expect(frame.replace("\u001b[K", "").length).toBeLessThan(100);
  expect(io.err()).not.toContain("\n");
  progress.end();
  expect(io.err().endsWith("\r\u001b[Kfc2: 5,000 steps in 5.0 s (1,000 steps/s)\n")).toBe(true);
});

test("on a narrow terminal, or one without UTF-8, the bar still makes one line", () => {
  for (const columns of [20, 30, 50, 70]) {
    const io = testIo({ columns });
    const progress = new ProgressLine(io, "fc2", 10_000);
    train(progress, 2, 1000);
    for (const frame of io.err().split("\r")) expect(frame.replace("\u001b[K", "").length).toBeLessThan(columns);
    expect(io.err()).not.toMatch(/[\u0080-\uffff]/);
    progress.end(false);
  }
});

test("a message stands on its own line above the bar", () => {
  const io = testIo({ columns: 80 });
  const progress = new ProgressLine(io, "fc2", 10);
  progress.say("the report is written");
  expect(io.err()).toContain("\r\u001b[Kthe report is written\n\rfc2");
  progress.end(false);
});

test("the rate is that of the last seconds, and a resumed run starts where it was", () => {
  const io = testIo();
  const progress = new ProgressLine(io, "fc2", 100_000, { start: 50_000 });
  const reached = train(progress, 30, 100, 50_000);
  train(progress, 13, 1000, reached);
  expect(io.err()).toMatch(/ 64,990\/100,000 {4}999 steps\/s/);
  progress.end();
  expect(io.err()).toContain("fc2: 16,000 steps in 43 s (372 steps/s)");
});

test("quiet says nothing", () => {
  const io = testIo({ columns: 80 });
  const progress = new ProgressLine(io, "fc2", 10, { quiet: true });
  progress.activity("measuring");
  progress.say("hello");
  train(progress, 3, 1);
  progress.end();
  expect(io.err()).toBe("");
});
