/** @file The data given to an input of an analyzed model, for records. */

/** The source of an input, for records. */
export interface GivenInput {
  readonly name: string;
  /** A file, or a constant. */
  readonly from: string;
  /** The axis of samples; "same" where all samples share the values. */
  readonly samples: number | "same";
}
