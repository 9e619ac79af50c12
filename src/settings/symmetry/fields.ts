/** @file Parameters shared by the demonstrations of symmetry and noise. */
import { z } from "zod";
import { field, positive, whole } from "../../parameters/field.ts";
import { type SharedDefaults, sharedFields } from "../sharedFields.ts";

/** Source of values from the authors' slides and papers. */
export const NOISE = "paper (2402.07193)";

const descents = ["sgd", "gd"] as const;

export const plain = {
  batch: [1, `${NOISE}: SGD on single samples`],
  momentum: [0, `${NOISE}: none`],
  decay: [0, `${NOISE}: none, so that noise alone moves the charge`],
} as const;

/** The shared fields, those of a run on single samples without momentum and decay by default. */
export function noiseFields(defaults: Pick<SharedDefaults, "steps" | "lr" | "schedule"> & { readonly lrEnd?: number }) {
  const { lrEnd = defaults.lr[0] / 10, ...shared } = defaults;
  return {
    descent: field(
      z.enum(descents),
      "sgd",
      "sgd: new samples in every step; gd: the mean gradient over all samples, without noise",
      "chosen: sgd, whose noise is studied",
    ),
    samples: field(whole.pipe(z.number().min(2, "2 or more")), 3000, "held-out samples measured", "chosen: as fc2"),
    ...sharedFields({ ...plain, ...shared }),
    lrEnd: field(positive, lrEnd, "schedule geometric: learning rate at the end", "chosen: a tenth of lr"),
  };
}
