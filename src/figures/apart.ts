/**
 * @file Marks that would lie on one another, moved apart.
 */

export interface Place {
  readonly x: number;
  readonly y: number;
}

/** chosen: passes over all pairs; a dozen marks on one spot are apart after some 30. */
const PASSES = 100;

/** The golden angle: the directions in which places that coincide start apart are all different. */
const GOLDEN = Math.PI * (3 - Math.sqrt(5));

/**
 * Places that are at least `distance` from one another, or nearly so where there are too many, each near where it was: those too near push
 * each other away. Deterministic.
 *
 * @param places in units of the picture
 */
export function apart(places: readonly Place[], distance: number): Place[] {
  // A start that is not quite the same for two, so that there is a direction to push in.
  const found = places.map(({ x, y }, i) => ({
    x: x + 1e-3 * distance * Math.cos(i * GOLDEN),
    y: y + 1e-3 * distance * Math.sin(i * GOLDEN),
  }));
  for (let pass = 0; pass < PASSES; pass++) {
    let any = false;
    for (const [i, one] of found.entries())
      for (const other of found.slice(0, i)) {
        const [dx, dy] = [one.x - other.x, one.y - other.y];
        const size = Math.hypot(dx, dy);
        if (size >= distance) continue;
        any = true;
        const push = ((distance - size) / 2 + 1e-3 * distance) / size;
        one.x += push * dx;
        one.y += push * dy;
        other.x -= push * dx;
        other.y -= push * dy;
      }
    if (!any) break;
  }
  return found.map((place, i) =>
    Math.hypot(place.x - places[i]!.x, place.y - places[i]!.y) < 0.01 * distance ? places[i]! : place,
  );
}
