/**
 * @file Setting fc1 of arXiv 2410.03006, appendix C.1: a fully connected network learns a scalar teacher on isotropic
 * inputs.
 */
import { z } from "zod";
import { defineSetting } from "./setting.ts";
import { teacherPresets, teacherStudent, teacherStudentFields } from "./teacherStudent.ts";

const paper = "paper, appendix C.1 (fc1)";
const open = "chosen: as fc2, the paper leaves it open for fc1";

export const fc1 = defineSetting({
  name: "fc1",
  needsData: false,
  parameters: z.object(
    teacherStudentFields({
      depth: [4, `${paper}: D = 4, read as hidden layers, as in fc2`],
      outputs: [1, paper],
      steps: [100_000, "paper, figure captions: 1e5"],
      batch: [100, paper],
      lr: [0.1, open],
      momentum: [0.9, open],
      decay: [2e-5, paper],
    }),
  ),
  presets: teacherPresets(1),
  build: (parameters) => teacherStudent(parameters),
});
