import { expect, test } from "vitest";
import { parseTimeLimit, signalLead } from "../../../src/sweeps/slurm/timeLimit.ts";

test("limits are read as Slurm writes them", () => {
  const forms = { 90: 5400, "1:30": 90, "2:00:00": 7200, "1-12": 129_600, "1-0:30": 88_200, "2-03:04:05": 183_845 };
  for (const [text, seconds] of Object.entries(forms)) expect(parseTimeLimit(text), text).toBe(seconds);
  expect(parseTimeLimit("UNLIMITED")).toBe(Number.POSITIVE_INFINITY);
  for (const text of ["", "0", "0:00", "2h", "-5", "1:2:3:4", "1-", "NONE", "1.5", "1-2-3"])
    expect(parseTimeLimit(text), text).toBeUndefined();
});

test("a job is told two minutes before its limit, and of a short limit four fifths are left to work", () => {
  expect(signalLead()).toBe(120);
  expect(signalLead(7200)).toBe(120);
  expect(signalLead(300)).toBe(60);
  expect(signalLead(60)).toBe(12);
  expect(signalLead(1)).toBe(1);
});
