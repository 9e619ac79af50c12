/** @file Parameters that are lists of numbers: "4,2.5,1" on the command line, an array elsewhere. */
import { z } from "zod";

/** @param words description of the expected value, with an example: "variances of 0 or more, such as 4,2.5,1" */
export function numberList(words: string, allows: (value: number) => boolean, least = 1) {
  return z
    .union(
      [z.array(z.number()), z.string().transform((text) => (text.trim() === "" ? [] : text.split(",").map(Number)))],
      {
        error: words,
      },
    )
    .refine((list) => list.length >= least && list.every((value) => Number.isFinite(value) && allows(value)), words);
}
