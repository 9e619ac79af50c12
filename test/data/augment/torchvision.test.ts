import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { brighten, changeContrast, desaturate, saturate, turnHue } from "../../../src/data/augment/colour.ts";
import { paddedCrop, type Rectangle, resizedCrop } from "../../../src/data/augment/crop.ts";
import { flip } from "../../../src/data/augment/image.ts";

interface Cases {
  readonly image: number[];
  readonly brightness: Record<string, number[]>;
  readonly contrast: Record<string, number[]>;
  readonly saturation: Record<string, number[]>;
  readonly hue: Record<string, number[]>;
  readonly grey: number[];
  readonly flip: number[];
  readonly crops: (Rectangle & { out: number[] })[];
  readonly padded: { top: number; left: number; out: number[] }[];
  readonly composed: { order: number[]; factors: [number, number, number, number]; out: number[] }[];
}

const cases = JSON.parse(readFileSync(new URL("torchvisionCases.json", import.meta.url), "utf8")) as Cases;
const shape = { channels: 3, height: 8, width: 8 };
const bytes = Uint8Array.from(cases.image);
/** Float32 rounding of values in [0, 1], here and there; the reference is written with seven digits. */
const TOLERANCE = 2e-6;

function apart(change: (image: Float32Array) => void, expected: readonly number[]): number {
  const image = Float32Array.from(bytes, (byte) => byte / 255);
  change(image);
  return Math.max(...Array.from(image, (value, i) => Math.abs(value - expected[i]!)));
}

const changes = { brightness: brighten, contrast: changeContrast, saturation: saturate, hue: turnHue };

describe("the values are torchvision's", () => {
  for (const [name, change] of Object.entries(changes))
    test.each(Object.entries(cases[name as keyof typeof changes]))(`${name} %s`, (factor, expected) => {
      expect(apart((image) => change(image, Number(factor)), expected)).toBeLessThan(TOLERANCE);
    });

  test("grey and mirrored", () => {
    expect(apart(desaturate, cases.grey)).toBeLessThan(TOLERANCE);
    expect(apart((image) => flip(image, shape), cases.flip)).toBeLessThan(TOLERANCE);
  });

  test.each(cases.crops)("resized crop $top, $left, $height x $width", ({ out: expected, ...rectangle }) => {
    expect(apart((image) => resizedCrop(bytes, shape, rectangle, image), expected)).toBeLessThan(TOLERANCE);
  });

  test.each(cases.padded)("padded crop at $top, $left", ({ top, left, out: expected }) => {
    const out = new Uint8Array(bytes.length).fill(7);
    paddedCrop(bytes, shape, { top, left, padding: 4 }, out);
    expect(Array.from(out)).toEqual(expected);
  });

  test.each(cases.composed)("all four changes in the order $order", ({ order, factors, out: expected }) => {
    const list = Object.values(changes);
    const all = (image: Float32Array) => {
      for (const k of order) list[k]!(image, factors[k]!);
    };
    expect(apart(all, expected)).toBeLessThan(2 * TOLERANCE);
  });
});
