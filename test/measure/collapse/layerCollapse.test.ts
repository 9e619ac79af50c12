/** @file Sums by class that do not fit the layer that they are of. */
import { expect, test } from "vitest";
import { snapshot } from "../../../src/measure/snapshot.ts";
import { emptyLabelledSums } from "../../../src/moments/labelledSums.ts";
import { mergeMoments } from "../../../src/moments/moments.ts";
import { layerCase, layerOf, momentsOf } from "../../moments/cases.ts";

const withClasses = (classes: number) =>
  momentsOf([{ ...layerOf(layerCase(1, 20, 5, 3)), labelled: emptyLabelledSums(classes, 5, 3) }]);

test("classes that are not as many as the outputs are refused by the name of their layer", async () => {
  await expect(snapshot(withClasses(4), { cost: "standard" })).rejects.toThrow(
    /^collapse: expected 3 classes of layer layers\.0, as its outputs, got 4; [^\n]+$/,
  );
  expect((await snapshot(withClasses(3), { cost: "standard" })).layers[0]!.collapse).toMatchObject({ classes: 0 });
});

test("sums by other numbers of classes do not merge, by the name of their layer", () => {
  expect(() => mergeMoments(withClasses(3), withClasses(4))).toThrow(
    "expected one number of classes for layer layers.0, got 3 and 4",
  );
});
