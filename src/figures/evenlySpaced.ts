/** @file Thinning: an evenly spaced subset of many items. */

/** At most `limit` evenly spaced indices from 0 .. count - 1; deterministic. */
export function evenly(count: number, limit: number): number[] {
  const kept = Math.min(count, Math.floor(limit));
  return Array.from({ length: kept }, (_, k) => Math.floor(((k + 0.5) * count) / kept));
}
