/** @file The estimate of a run's time on planted clocks, and what a run does about it. */
import { describe, expect, test } from "vitest";
import { reportOf } from "../../src/runner/errors.ts";
import { Confirmation } from "../../src/runner/training/confirmation.ts";
import { CostEstimate, type Pause } from "../../src/runner/training/costEstimate.ts";

const HOUR = 3_600_000;

/** A run of planted speed: `step` milliseconds a step, the first one `first`; pauses take what is planted, too. */
function planted(options: {
  steps: number;
  step: number;
  first?: number;
  pauses?: Partial<Record<Pause, readonly number[]>>;
  lasting?: Partial<Record<Pause, number>>;
}) {
  const { steps, step, first = step, lasting = {} } = options;
  const due = { measuring: [], evaluating: [], ...options.pauses };
  let time = 0;
  const estimate = new CostEstimate({ steps, pauses: due, now: () => time });
  const pauseAt = (at: number) => {
    for (const kind of ["measuring", "evaluating"] as const) {
      if (!due[kind].includes(at)) continue;
      estimate.pause(kind);
      time += lasting[kind] ?? 0;
      estimate.goOn(kind);
    }
  };
  /** Trains to step `to`. */
  const train = (to: number) => {
    pauseAt(0);
    for (let at = 1; at <= to; at++) {
      time += at === 1 ? first : step;
      estimate.trained(at);
      pauseAt(at);
    }
  };
  const count = (kind: Pause) => due[kind].length * (lasting[kind] ?? 0);
  const whole = first + (steps - 1) * step + count("measuring") + count("evaluating");
  return { estimate, train, whole };
}

describe("the estimate", () => {
  test("is the planted time of steps, measurements and evaluations, whatever the first call took", () => {
    const pauses = { measuring: [0, 500, 1000], evaluating: [10, 250, 750] };
    const { estimate, train, whole } = planted({
      steps: 1000,
      step: 300,
      first: 20_000,
      pauses,
      lasting: { measuring: 5_000, evaluating: 1_000 },
    });
    train(12);
    expect(estimate.total()).toBeCloseTo(whole, 6);
  });

  test("times steps and measurements apart, and knows what is left only when it knows the whole", () => {
    const { estimate, train } = planted({ steps: 1000, step: 300, first: 20_000 });
    train(6);
    expect(estimate.left()).toBeUndefined(); // five steps of 0.3 s behind the first
    const later = planted({
      steps: 1000,
      step: 300,
      first: 20_000,
      pauses: { measuring: [0, 5] },
      lasting: { measuring: 5_000 },
    });
    later.train(40);
    expect(later.estimate.rate()).toBeCloseTo(1000 / 300, 9);
    expect(later.estimate.spent("measuring")).toBe(10_000);
    expect(later.estimate.left()).toBeCloseTo(960 * 300, 6);
  });

  test("waits for two seconds of timed steps and three of them", () => {
    const quick = planted({ steps: 1e6, step: 1 });
    quick.train(1500);
    expect(quick.estimate.total()).toBeUndefined();
    const slow = planted({ steps: 1e6, step: 5_000 });
    slow.train(3);
    expect(slow.estimate.total()).toBeUndefined();
    const enough = planted({ steps: 1e6, step: 5_000 });
    enough.train(4);
    expect(enough.estimate.total()).toBe(5e9);
  });

  test("after a minute takes what there is", () => {
    const { estimate, train } = planted({ steps: 100, step: 90_000 });
    train(1);
    expect(estimate.total()).toBe(9e6);
  });

  test("leaves out what lies between calls and is no pause, such as a checkpoint", () => {
    let time = 0;
    const estimate = new CostEstimate({ steps: 100, pauses: { measuring: [], evaluating: [] }, now: () => time });
    for (let at = 1; at <= 5; at++) {
      time += 1_000;
      estimate.trained(at);
      time += 10_000;
      estimate.goOn();
    }
    expect(estimate.total()).toBe(5 * 11_000 + 95 * 1_000);
  });
});

describe("a run", () => {
  const atSpeed = (step: number, confirmed: boolean) => {
    const said: string[] = [];
    let time = 0;
    const estimate = new CostEstimate({ steps: 1000, pauses: { measuring: [], evaluating: [] }, now: () => time });
    const options = { steps: 1000, measurements: 30, confirmed, progress: { say: (text: string) => said.push(text) } };
    const confirmation = new Confirmation(estimate, options);
    for (let at = 1; at <= 60; at++) {
      time += step;
      confirmation.trained(at);
    }
    return { confirmation, said };
  };

  test("says nothing of an estimate below a minute", () => {
    const { confirmation, said } = atSpeed(50, false);
    expect([said, confirmation.signal.aborted, confirmation.refusal("x")]).toEqual([[], false, undefined]);
  });

  test("says one above a minute, once, and goes on", () => {
    const { confirmation, said } = atSpeed(1_000, false);
    expect(said).toHaveLength(1);
    expect(said[0]).toMatch(/^estimated time: 16 min 40 s for 1,000 steps and 30 measurements$/);
    expect(confirmation.signal.aborted).toBe(false);
  });

  test("above an hour stops with the estimate, the cure and exit code 2, unless it is confirmed", () => {
    const { confirmation } = atSpeed((2 * HOUR) / 1000, false);
    expect(confirmation.signal.aborted).toBe(true);
    const { line, exitCode, bug } = reportOf(confirmation.refusal("fc2-1"));
    expect(line).toMatch(
      /^run: expected --yes for an estimated time of 2 h 00 min \(1,000 steps and 30 measurements\), which is above an hour, got none; nothing is lost, continue with crh resume fc2-1 --yes$/,
    );
    expect([exitCode, bug]).toEqual([2, false]);
    const confirmed = atSpeed((2 * HOUR) / 1000, true);
    expect([confirmed.confirmation.signal.aborted, confirmed.said.length]).toEqual([false, 1]);
  });
});
