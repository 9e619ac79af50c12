import { describe, expect, it } from "vitest";
import { judge, neededAbove, strengthOf } from "../../../src/measure/alignment/judge.ts";
import type { AlignmentValue } from "../../../src/measure/alignment/relations.ts";

const of = (value: number, more: Partial<AlignmentValue> = {}): AlignmentValue => ({
  value,
  cosine: value,
  null: 0.3,
  noise: 0.01,
  n: 1000,
  ...more,
});

describe("whether a relation holds (Eq. 85)", () => {
  it("is told apart by the start: formed, kept, weakened, lost", () => {
    expect(judge(of(0.97), { start: of(0.4) })).toMatchObject({ verdict: "formed", holds: true });
    expect(judge(of(0.97), { start: of(0.96) })).toMatchObject({ verdict: "kept", holds: false });
    expect(judge(of(0.94), { start: of(0.995) })).toMatchObject({ verdict: "weakened", holds: false });
    expect(judge(of(0.7), { start: of(0.97) })).toMatchObject({ verdict: "lost", holds: false });
    expect(judge(of(0.97))).toMatchObject({ verdict: "holds", holds: true });
  });

  it("needs more than its error, and counts what the finite sample takes away", () => {
    expect(judge(of(0.92, { noise: 0.03 })).verdict).toBe("near");
    expect(judge(of(0.9, { noise: 0.03, corrected: 0.97 })).verdict).toBe("holds");
    expect(judge(of(0.97, { noise: 0.03, corrected: 0.92 })).verdict).toBe("near");
  });

  it("is judged by the smaller of alignment and cosine, which the other cannot make up for", () => {
    expect(judge(of(0.99, { cosine: 0.5 })).holds).toBe(false);
    expect(strengthOf(of(0.99, { cosine: 0.5 }))).toBe(0.5);
  });

  it("never holds where chance is above 0.9, however strong it is", () => {
    expect(judge(of(0.9999, { null: 0.91, noise: 0.0001 }), { start: of(0.2) })).toMatchObject({
      verdict: "by-chance",
      holds: false,
    });
    expect(judge(of(0.9999, { null: 0.89, noise: 0.0001 })).holds).toBe(true);
    expect(judge(of(0.9999, { null: 0.2 }), { chance: 0.95 }).verdict).toBe("by-chance");
  });

  it("asks more of a relation that chance half explains", () => {
    expect(neededAbove(0.3)).toBe(0.9);
    expect(neededAbove(0.84)).toBeCloseTo(0.92, 12);
    expect(neededAbove(0.89)).toBe(0.93);
  });

  it("says how a weak relation went", () => {
    expect(judge(of(0.6), { start: of(0.4) }).verdict).toBe("rising");
    expect(judge(of(0.6), { start: of(0.8) }).verdict).toBe("falling");
    expect(judge(of(0.6), { start: of(0.62) }).verdict).toBe("flat");
    expect(judge(of(0.6)).verdict).toBe("weak");
    expect(judge(of(0.35)).verdict).toBe("absent");
  });

  it("calls a dead layer dead, whatever its numbers are", () => {
    expect(judge(of(0.99), { dead: true })).toMatchObject({ verdict: "dead", holds: false, level: "unknown" });
    expect(judge({ ...of(0), value: null, cosine: null, status: "dead" }).verdict).toBe("dead");
    expect(judge({ ...of(0), value: null, cosine: null, status: "missing-moments" }).verdict).toBe("undefined");
  });

  it("corrects chance for few samples as it does the strength: an untrained layer of 100 samples holds nothing", () => {
    const untrained = of(0.848, { corrected: 0.963, null: 0.84, noise: 0.008 });
    expect(judge(untrained)).toMatchObject({ verdict: "by-chance", holds: false });
    expect(judge(untrained).chance).toBeCloseTo((0.84 * 0.963) / 0.848, 12);
  });
});
