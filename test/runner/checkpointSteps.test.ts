/** @file The steps of checkpoints from their names. */
import { expect, test } from "vitest";
import { checkpointSteps, fileNames, seriesTitle } from "../../src/runner/analysis/checkpointSteps.ts";

const steps = (...paths: string[]) => checkpointSteps(paths).checkpoints.map(({ path, step }) => [path, step]);

test("steps are the numbers in which names differ, and order the files", () => {
  expect(steps("step100.onnx", "step20.onnx", "step0.onnx")).toEqual([
    ["step0.onnx", 0],
    ["step20.onnx", 20],
    ["step100.onnx", 100],
  ]);
});

test("a number that all names share is none of the step, leading zeros and folders are read", () => {
  expect(steps("resnet20-v2_0100.onnx", "resnet20-v2_0020.onnx").map(([, step]) => step)).toEqual([20, 100]);
  expect(steps("checkpoint-500/model.onnx", "checkpoint-50/model.onnx").map(([, step]) => step)).toEqual([50, 500]);
  expect(steps("a/step1.onnx", "b/step2.onnx").map(([, step]) => step)).toEqual([1, 2]);
});

test("of several numbers the one that counts steps is taken, else the last", () => {
  expect(steps("step10-loss3.onnx", "step20-loss1.onnx").map(([, step]) => step)).toEqual([10, 20]);
  expect(steps("epoch1-7.onnx", "epoch2-9.onnx").map(([, step]) => step)).toEqual([7, 9]);
});

test("names that do not tell count from 0 as given, which is said", () => {
  for (const paths of [
    ["init.onnx", "step5.onnx"],
    ["b1/x.onnx", "b01/x.onnx"],
  ]) {
    const { checkpoints, stepsFrom } = checkpointSteps(paths);
    expect(checkpoints.map(({ path }) => path)).toEqual(paths);
    expect(checkpoints.map(({ step }) => step)).toEqual([0, 1]);
    expect(stepsFrom).toMatch(/0, 1, 2 \.\. in the order/);
  }
});

test("a checkpoint that is named twice is refused", () => {
  expect(() => checkpointSteps(["a1.onnx", "a1.onnx"])).toThrow(/expected different checkpoints, got a1\.onnx twice/);
});

test("files of one name are called by their folders too", () => {
  expect(fileNames(["x/a.onnx", "y/b.onnx"])).toEqual(["a.onnx", "b.onnx"]);
  expect(fileNames(["r/x/a.onnx", "r/y/a.onnx"])).toEqual(["x/a.onnx", "y/a.onnx"]);
  expect(seriesTitle(["a0", "a1", "a2"])).toBe("a0 to a2");
});
