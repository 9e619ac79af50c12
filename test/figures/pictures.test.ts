/** @file Grids of images. */
import { expect, test } from "vitest";
import { picturesFigure } from "../../src/figures/pictures.ts";
import { picturesRecord } from "../../src/runner/records/pictures.ts";

const drawn = { title: "two <images>", width: 2, height: 1, columns: 2, pixels: Float64Array.of(0, 0.5, 1.7, -3) };

test("images go through their record to a picture and a table, values beyond black and white cut off", () => {
  const { groups } = picturesRecord([drawn], 7);
  expect(groups[0]).toMatchObject({ count: 2, columns: 2, width: 2, height: 1 });
  const { svg, csv } = picturesFigure(groups, { columns: 1 });
  expect(csv.trim().split("\n")).toEqual([
    "panel,image,row,value 1,value 2",
    "two <images>,1,1,0,128",
    "two <images>,2,1,255,0",
  ]);
  expect(svg).toContain("two &lt;images&gt;");
  expect(svg).toContain("data:image/png;base64,");
});

test("pixels that are not as many as the sizes say are refused", () => {
  const { groups } = picturesRecord([drawn], 7);
  expect(() => picturesFigure([{ ...groups[0]!, count: 3 }], { columns: 1 })).toThrow(
    "pictures: expected 3 images of 2 x 1 for two <images>, got 4 bytes",
  );
});
