/** @file What one check of `crh doctor` found. */

/** One thing that was looked at. "missing" things are optional, "failed" ones are not. */
export interface Check {
  readonly name: string;
  readonly status: "ok" | "missing" | "failed";
  readonly found: string;
  /** What to do, unless all is well. */
  readonly cure?: string;
}
