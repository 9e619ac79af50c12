/** @file Thinning: the same few of many, evenly spread. */

/** At most `limit` of the indices 0 .. count - 1, evenly spread, always the same. */
export function evenly(count: number, limit: number): number[] {
  const kept = Math.min(count, Math.floor(limit));
  return Array.from({ length: kept }, (_, k) => Math.floor(((k + 0.5) * count) / kept));
}
