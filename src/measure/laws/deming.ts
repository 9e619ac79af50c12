/**
 * @file A straight line through points with errors in both coordinates (theory.md Eq. 34).
 */

export interface Line {
  slope: number;
  /** Squared correlation of the coordinates. */
  r2: number;
}

/**
 * Deming regression: the most likely line if both coordinates have normal errors   (theory.md Eq. 34).
 *
 * @param x     (m)
 * @param y     (m)
 * @param ratio variance of the errors of y over that of x: 1 for the orthogonal distance, infinity where x is exact
 *   (least squares), 0 where y is
 * @param weights (m) how often each point counts; default 1 each
 * @returns slope, infinite for points on a vertical line, NaN where all points coincide
 */
export function deming(x: Float64Array, y: Float64Array, ratio: number, weights?: Float64Array): Line {
  let [n, mx, my] = [0, 0, 0];
  for (let i = 0; i < x.length; i++) {
    const w = weights ? weights[i]! : 1;
    n += w;
    mx += w * x[i]!;
    my += w * y[i]!;
  }
  mx /= n;
  my /= n;
  let [xx, xy, yy] = [0, 0, 0];
  for (let i = 0; i < x.length; i++) {
    const w = weights ? weights[i]! : 1;
    const dx = x[i]! - mx;
    const dy = y[i]! - my;
    xx += w * dx * dx;
    xy += w * dx * dy;
    yy += w * dy * dy;
  }
  return { slope: slopeOf(xx, xy, yy, ratio), r2: xx > 0 && yy > 0 ? (xy * xy) / (xx * yy) : 0 };
}

/** The slope of Eq. 34 from centred sums of squares and products. */
export function slopeOf(xx: number, xy: number, yy: number, ratio: number): number {
  if (ratio === Number.POSITIVE_INFINITY) return xy / xx;
  if (ratio === 0) return yy / xy;
  const difference = yy - ratio * xx;
  const root = Math.hypot(difference, 2 * Math.sqrt(ratio) * xy);
  return difference > 0 ? (difference + root) / (2 * xy) : (2 * ratio * xy) / (root - difference);
}

/** 97.5 % point of Student's t (Cornish and Fisher's expansion): to 1 % from 5 degrees of freedom on. */
export function student(freedom: number): number {
  const z = 1.959964;
  const first = (z ** 3 + z) / 4;
  const second = (5 * z ** 5 + 16 * z ** 3 + 3 * z) / 96;
  return z + first / freedom + second / freedom ** 2;
}
