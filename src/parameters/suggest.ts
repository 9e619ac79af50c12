/**
 * @file Suggests the known name closest to a mistyped one.
 */

/**
 * @returns the candidate with the fewest edits (insertion, deletion, exchange, swap of neighbours), or undefined if
 *   none is near: at most 3 edits and half of the letters
 */
export function closest(word: string, candidates: readonly string[]): string | undefined {
  let best: string | undefined;
  let least = Math.min(4, Math.floor(word.length / 2) + 1);
  for (const candidate of candidates) {
    const edits = editDistance(word.toLowerCase(), candidate.toLowerCase());
    if (edits < least) [best, least] = [candidate, edits];
  }
  return best ?? candidates.find((candidate) => word.length >= 2 && candidate.startsWith(word));
}

/** "; did you mean width?", or the list of candidates if none is near. */
export function suggestion(word: string, candidates: readonly string[]): string {
  const near = closest(word, candidates);
  return near === undefined ? `; known: ${candidates.join(", ")}` : `; did you mean ${near}?`;
}

/** Damerau-Levenshtein distance (optimal string alignment). O(len x len). */
function editDistance(x: string, y: string): number {
  let before: number[] = [];
  let previous = Array.from({ length: y.length + 1 }, (_, j) => j);
  for (let i = 1; i <= x.length; i++) {
    const row = [i];
    for (let j = 1; j <= y.length; j++) {
      const same = x[i - 1] === y[j - 1] ? 0 : 1;
      let edits = Math.min(previous[j]! + 1, row[j - 1]! + 1, previous[j - 1]! + same);
      if (i > 1 && j > 1 && x[i - 1] === y[j - 2] && x[i - 2] === y[j - 1]) edits = Math.min(edits, before[j - 2]! + 1);
      row.push(edits);
    }
    [before, previous] = [previous, row];
  }
  return previous[y.length]!;
}
