import fc from "fast-check";
import { expect, test } from "vitest";
import { labelsBeside } from "../../src/figures/labelsBeside.ts";

const frame = { left: 0, right: 400, top: 0, bottom: 300 };

test("labels stand beside their marks, on the side where there is room", () => {
  const [first, second] = labelsBeside(
    [
      { x: 10, y: 20, text: "first" },
      { x: 390, y: 200, text: "second" },
    ],
    frame,
  );
  expect(first).toMatchObject({ anchor: "start", atX: 19, atY: 20 });
  expect(second).toMatchObject({ anchor: "end", atX: 381, atY: 200 });
});

test("no two labels lie on one another, and none leaves the frame", () => {
  const mark = fc.record({
    x: fc.integer({ min: 0, max: 400 }),
    y: fc.integer({ min: 0, max: 300 }),
    text: fc.constantFrom("fc1", "layers.10"),
  });
  fc.assert(
    fc.property(fc.array(mark, { maxLength: 12 }), (marks) => {
      const placed = labelsBeside(marks, frame);
      for (const [i, one] of placed.entries()) {
        expect(one.atY).toBeGreaterThanOrEqual(0);
        expect(one.atY).toBeLessThanOrEqual(300);
        for (const other of placed.slice(0, i))
          if (one.anchor === other.anchor && Math.abs(one.atX - other.atX) < 15)
            expect(Math.abs(one.atY - other.atY)).toBeGreaterThanOrEqual(13);
      }
    }),
  );
});
