import fc from "fast-check";
import { expect, test } from "vitest";
import { toCsv } from "../../src/figures/csv.ts";
import { escapeText, shorten, visibleText } from "../../src/figures/escape.ts";
import { makeFigure, standaloneSvg } from "../../src/figures/figure.ts";
import { depthColour, paletteVariables } from "../../src/figures/palette.ts";
import { formatStep, isLogSpaced, stepAxis } from "../../src/figures/stepAxis.ts";

test("escaped text holds no character that opens a tag, an entity or an attribute", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), (text) => {
      const escaped = escapeText(text);
      expect(escaped).not.toMatch(/[<>"']/);
      expect(escaped.replace(/&(amp|lt|gt|quot|#39);/g, "")).not.toContain("&");
    }),
  );
  expect(visibleText("a\u0000b\u202ec\ud800d\ne")).toBe("a\ufffdb\ufffdc\ufffdd e");
});

test("names are cut in their middle", () => {
  expect(shorten("blocks.3.mlp.up", 20)).toBe("blocks.3.mlp.up");
  expect(shorten("abcdefghij", 5)).toBe("abc…ij".replace("c", ""));
});

test("CSV quotes what needs quotes and leaves absent numbers empty", () => {
  expect(
    toCsv(
      ["a", "b"],
      [
        ['x,"y"', Number.NaN],
        [null, 1e-7],
      ],
    ),
  ).toBe('a,b\n"x,""y""",\n,1e-7\n');
});

test("log-spaced steps get a symlog axis that shows step 0, others a linear one", () => {
  const log = stepAxis([0, 1, 10, 100, 1000, 10000, 100000], 5);
  expect(log).toMatchObject({ type: "symlog", domain: [0, 100000], constant: 1 / 3 });
  expect(log.ticks[0]).toBe(0);
  expect(log.ticks.at(-1)).toBe(100000);
  expect(log.ticks.length).toBeLessThanOrEqual(5);
  const even = stepAxis([0, 250, 500, 750, 1000], 6);
  expect(even).toMatchObject({ type: "linear", ticks: [0, 200, 400, 600, 800, 1000] });
  expect(isLogSpaced([0, 1])).toBe(false);
  expect(stepAxis([], 5).domain).toEqual([0, 1]);
  expect(stepAxis([7], 5).domain).toEqual([7, 8]);
});

test("steps are written short", () => {
  expect([0, 500, 1000, 1500, 100000, 2.5e6].map(formatStep)).toEqual(["0", "500", "1k", "1.5k", "100k", "2.5M"]);
});

test("panels stack in rows of the given columns, under the legend", () => {
  const panel = (width: number, height: number) => ({ width, height, label: "p", content: "" });
  const { svg, panels } = makeFigure([panel(100, 50), panel(100, 60), panel(100, 40)], "", {
    columns: 2,
    legend: panel(80, 20),
  });
  expect(panels).toHaveLength(3);
  expect(svg).toContain('x="116" y="36"');
  expect(svg).toContain('x="0" y="112"');
  expect(svg).toContain('viewBox="-8 -8 232 168"');
});

test("a standalone picture needs no CSS variables", () => {
  const figure = makeFigure(
    [{ width: 1, height: 1, label: "var(--crh-rga, #0072b2)", content: '<path stroke="var(--crh-rga, #0072b2)"/>' }],
    "",
  );
  expect(standaloneSvg(figure.svg)).toContain('<path stroke="#0072b2"/>');
});

test("each ground sets every colour; layers get distinct ones", () => {
  expect(paletteVariables("dark").split(";")).toHaveLength(paletteVariables("light").split(";").length);
  expect(new Set(Array.from({ length: 8 }, (_, i) => depthColour(i, 8).fill)).size).toBe(8);
  expect(depthColour(0, 1).fill).toMatch(/^#[0-9a-f]{6}$/);
});
