/** @file The gate before calls of steps: pauses, single steps and pace, by a clock of its own. */
import { describe, expect, it } from "vitest";
import { Gate } from "../../src/web/trainer/gate.ts";

const settled = (ms = 20) => new Promise((done) => setTimeout(done, ms));

describe("a gate before calls of steps", () => {
  it("lets training go on, and takes more steps at once where they are short", async () => {
    let at = 0;
    const gate = new Gate({ now: () => at });
    const first = await gate.pass(0);
    expect(first).toBe(1);
    at = 4; // a step of 4 ms: twenty in a call of 80 ms
    expect(await gate.pass(1)).toBe(20);
    at = 204; // a slower call: the estimate follows slowly
    expect(await gate.pass(21)).toBeLessThan(20);
  });

  it("waits while paused, goes on when told, and says both", async () => {
    const said: boolean[] = [];
    const gate = new Gate({ paused: true, changed: (isPaused) => said.push(isPaused) });
    let steps: number | undefined;
    const passed = gate.pass(0).then((most) => (steps = most));
    await settled();
    expect([steps, said]).toEqual([undefined, [true]]);
    gate.resume();
    await passed;
    expect([steps, said]).toEqual([1, [true, false]]);
    gate.pause();
    gate.pass(1).then((most) => (steps = most + 100));
    await settled();
    expect([steps, said]).toEqual([1, [true, false, true]]);
  });

  it("lets single steps through and waits behind them", async () => {
    const gate = new Gate({ paused: true });
    const first = gate.pass(7);
    await settled();
    gate.goTo(9);
    expect(await first).toBeLessThanOrEqual(2);
    expect(await gate.pass(8)).toBe(1);
    let isThrough = false;
    gate.pass(9).then(() => (isThrough = true));
    await settled();
    expect(isThrough).toBe(false);
  });

  it("holds a pace, and lets go of it when told", async () => {
    const gate = new Gate({ speed: 50 });
    const begun = performance.now();
    for (let step = 0; step < 11; ) step += await gate.pass(step);
    const took = performance.now() - begun;
    expect(took).toBeGreaterThan(90); // 10 steps or so at 50 a second: 0.2 s but for the last call
    gate.speed = undefined;
    const free = performance.now();
    for (let step = 100; step < 110; ) step += await gate.pass(step);
    expect(performance.now() - free).toBeLessThan(took);
  });

  it("lets one step through when stopped, paused or not", async () => {
    const gate = new Gate({ paused: true });
    const waiting = gate.pass(3);
    await settled();
    gate.stop();
    expect(await waiting).toBe(1);
  });
});
