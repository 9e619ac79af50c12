/** @file How tables shorten the name of a run. */
import { shorten } from "./table.ts";

/**
 * A run's name in a table: "2026-11-29-fc2-9db5f0" first loses its year, then its date ("fc2-9db5f0"), then its middle.
 * Setting and digits are kept, and the digits identify the run.
 */
export function shortenRunName(id: string, width: number): string {
  const rest = undatedRunName(id);
  if (rest === id || id.length <= width) return shorten(id, width);
  const withoutYear = id.slice("2026-".length);
  return withoutYear.length <= width ? withoutYear : shorten(rest, width);
}

/** "fc2-9db5f0" for "2026-11-29-fc2-9db5f0"; other names are unchanged. */
export function undatedRunName(id: string): string {
  return /^\d{4}-\d\d-\d\d-(.+-[0-9a-f]{6})$/.exec(id)?.[1] ?? id;
}
