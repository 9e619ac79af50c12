import * as Plot from "@observablehq/plot";
import { expect, test } from "vitest";
import { makeFigure, standaloneSvg } from "../../src/figures/figure.ts";
import { plotPanel } from "../../src/figures/plotPanel.ts";

/** Attributes and tags of an XML text by its grammar: no "<" inside quotes, every end with its beginning. */
function openTags(xml: string): string[] {
  const open: string[] = [];
  const rest = xml.replace(/<(\/?)([\w:]+)((?:\s+[\w:-]+="[^"<]*")*)\s*(\/?)>/g, (_, end, name, __, empty) => {
    if (end) expect(open.pop()).toBe(name);
    else if (!empty) open.push(name);
    return "";
  });
  expect(rest).not.toMatch(/[<>]/);
  return open;
}

test("a picture is well-formed XML whatever the names are", () => {
  const name = `a<b> & "c" 'd' -->\u0001]]>`;
  const panel = plotPanel(name, {
    width: 100,
    height: 100,
    marks: [
      Plot.lineY([1, 2], { ariaLabel: () => name }),
      Plot.dot([1, 2], { title: () => name }),
      Plot.text([name], { frameAnchor: "middle" }),
    ],
  });
  const svg = standaloneSvg(makeFigure([panel], "").svg);
  expect(openTags(svg)).toEqual([]);
  expect(svg).toContain("a&lt;b&gt; &amp; &quot;c&quot;");
});
