/** @file The result of one check of `crh doctor`. */

/** One check. "missing" items are optional, "failed" ones are not. */
export interface Check {
  readonly name: string;
  readonly status: "ok" | "missing" | "failed";
  readonly found: string;
  /** The cure, if there is a problem. */
  readonly cure?: string;
}
