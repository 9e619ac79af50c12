/** @file What an input of an analyzed model was given, for records. */

/** Where an input comes from, for records. */
export interface GivenInput {
  readonly name: string;
  /** A file, or a number that all values are. */
  readonly from: string;
  /** The axis along which the samples lie, "same" where all samples have the same values. */
  readonly samples: number | "same";
}
