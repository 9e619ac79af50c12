/**
 * @file Placement of labels beside fixed marks: to the right where there is room, else to the left; shifted up or down
 * where another label is in the way.
 */

export interface Labelled {
  readonly x: number;
  readonly y: number;
  readonly text: string;
}

export interface PlacedLabel extends Labelled {
  /** Where the text begins (if right of the mark) or ends (if left of it). */
  readonly atX: number;
  readonly atY: number;
  readonly anchor: "start" | "end";
}

interface Frame {
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
}

/** chosen: pixels between lines of labels, from a mark to its label, and per character of an 11 pixel font. */
const line = 13;
const aside = 9;
const character = 6.2;
/** Radius of a mark in pixels. */
const radius = 5;

/**
 * Positions in pixels, y downwards. A label without free space near its mark is left out. Deterministic.
 *
 * @param others further marks, which labels avoid where another position is free
 */
export function labelsBeside(
  marks: readonly Labelled[],
  { left, right, top, bottom }: Frame,
  others: readonly { readonly x: number; readonly y: number }[] = [],
): PlacedLabel[] {
  const placed: (PlacedLabel & { from: number; to: number })[] = [];
  for (const mark of marks.toSorted((p, q) => p.y - q.y)) {
    const width = [...mark.text].length * character;
    const anchor = mark.x + aside + width <= right || mark.x - aside - width < left ? "start" : "end";
    const atX = mark.x + (anchor === "start" ? aside : -aside);
    const [from, to] = anchor === "start" ? [atX, atX + width] : [atX - width, atX];
    const free = (atY: number) =>
      atY >= top &&
      atY <= bottom &&
      placed.every((other) => Math.abs(other.atY - atY) >= line || other.to < from || other.from > to);
    const covers = (atY: number) =>
      others.some(({ x, y }) => x > from - radius && x < to + radius && Math.abs(y - atY) < line / 2 + radius - 2);
    const places = [0, 1, -1, 2, -2, 3, -3, 4, -4].map((k) => mark.y + k * line).filter(free);
    const atY = places.find((place) => !covers(place)) ?? places[0];
    if (atY !== undefined) placed.push({ ...mark, atX, atY, anchor, from, to });
  }
  return placed.map(({ from: _, to: __, ...label }) => label);
}
