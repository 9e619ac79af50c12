/**
 * @file Setting fc2 of arXiv 2410.03006, appendix C.1: as fc1 with 100 outputs and inputs x = ((1-phi) Z + phi I) x',
 * whose covariance departs from the identity as phi falls below 1 (docs/theory.md Eqs. 25, 26; the paper omits the
 * factor x').
 */
import { z } from "zod";
import { field, nonNegative } from "../parameters/field.ts";
import { defineSetting } from "./setting.ts";
import { teacherPresets, teacherStudent, teacherStudentFields } from "./teacherStudent.ts";

const paper = "paper, appendix C.1 (fc2)";

export const fc2 = defineSetting({
  name: "fc2",
  needsData: false,
  parameters: z.object({
    phi: field(
      nonNegative.pipe(z.number().max(1, "at most 1")),
      1,
      "share of the identity in the input's mixing matrix",
      "chosen: 1 (isotropic); the paper varies it and names no default",
    ),
    ...teacherStudentFields({
      depth: [5, paper],
      outputs: [100, paper],
      steps: [100_000, paper],
      batch: [100, paper],
      lr: [0.1, paper],
      momentum: [0.9, paper],
      decay: [1e-4, paper],
    }),
  }),
  presets: teacherPresets(50),
  build: (parameters) => teacherStudent(parameters),
});
