import { describe, expect, it } from "vitest";
import { charts } from "../../src/figures/charts.ts";
import { distanceMatrices } from "../../src/figures/distanceMatrices.ts";

const chart = (points: { x: number; y: number; low?: number; high?: number }[], log = false) => ({
  ...{ title: "a <title>", x: { label: "x" }, y: { label: "y", log } },
  curves: [{ name: "one", colour: "#123456", dots: "full" as const, points }],
});

describe("charts", () => {
  it("have every point in the table, and in the picture those that have a place", () => {
    const { csv, svg } = charts([
      chart(
        [
          { x: 1, y: 2, low: 1, high: 3 },
          { x: 2, y: Number.NaN },
          { x: 3, y: -1 },
        ],
        true,
      ),
    ]);
    expect(csv).toBe("panel,curve,x,y,low,high\na <title>,one,1,2,1,3\na <title>,one,2,,,\na <title>,one,3,-1,,\n");
    expect(svg.match(/<circle/g)).toHaveLength(1);
    expect(svg).not.toContain("NaN");
    expect(svg).toContain("a &lt;title&gt;");
  });

  it("place equal factors at equal distances on a logarithmic axis", () => {
    const { svg } = charts([
      chart(
        [
          { x: 1, y: 0.01 },
          { x: 2, y: 1 },
          { x: 3, y: 100 },
        ],
        true,
      ),
    ]);
    const places = [...svg.matchAll(/<circle[^>]* cy="([\d.]+)"/g)].map((found) => Number(found[1]));
    expect(places[0]! - places[1]!).toBeCloseTo(places[1]! - places[2]!, 1);
  });

  it("write names under an axis that has them, and into the table", () => {
    const points = [0, 1.2].map((x) => ({ x, y: x }));
    const x = { label: "choice", categories: ["first", "second"], aslant: true };
    const { csv, svg } = charts([
      { title: "t", x, y: { label: "y" }, curves: [{ name: "c", colour: "#123456", line: "none", points }] },
    ]);
    expect(csv).toBe("panel,curve,x,y,low,high\nt,c,first,0,,\nt,c,second,1.2,,\n");
    expect(svg).toMatch(/rotate\(-35\)[^>]*>first</);
    expect(svg).toContain(">second<");
  });

  it("draw intervals as bars at each point, or as one band", () => {
    const points = [0, 1, 2].map((x) => ({ x, y: x, low: x - 0.5, high: x + 0.5 }));
    const drawn = (band: boolean) =>
      charts([
        { title: "t", x: { label: "x" }, y: { label: "y" }, curves: [{ name: "c", colour: "#123456", points, band }] },
      ]).svg;
    expect(drawn(false).match(/<line [^>]*x1="76.09"/g)).toHaveLength(1);
    expect(drawn(true)).toMatch(/fill-opacity="0.22" fill="#123456"/);
    expect(drawn(false)).not.toContain("fill-opacity");
  });

  it("draw constants and nothing at all", () => {
    expect(
      charts([
        chart([
          { x: 1, y: 5 },
          { x: 2, y: 5 },
        ]),
      ]).svg,
    ).toContain("<circle");
    expect(charts([chart([])]).svg).not.toContain("NaN");
    expect(charts([]).panels).toEqual([]);
  });
});

describe("matrices of distances", () => {
  it("have every entry in the table, and names where there is room", () => {
    const few = distanceMatrices([{ title: "d", names: ["p", "q"], values: Float64Array.of(0, 2, 2, 0), limit: 2 }]);
    expect(few.csv).toBe("matrix,row,column,value\nd,p,p,0\nd,p,q,2\nd,q,p,2\nd,q,q,0\n");
    expect(few.svg).toContain(">p</text>");
    const names = Array.from({ length: 30 }, (_, i) => `n${i}`);
    expect(distanceMatrices([{ title: "d", names, values: new Float64Array(900) }]).svg).not.toContain(">n0</text>");
  });
});
