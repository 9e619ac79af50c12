/**
 * @file Sums by class over the two sides of a classifier's last map, its features h_a and its outputs h_b (theory.md
 * Eq. 66), and how they merge. With the layer's other sums they are what neural collapse is measured from.
 */
/** Sums of one side by class. */
export interface SideByClass {
  /** (classes, d) sum h */
  sums: Float64Array;
  /** (classes) sum |h|^2 */
  squares: Float64Array;
}

export interface LabelledSums {
  classes: number;
  /** (classes) number of samples per class; samples without a label are not counted. */
  counts: Float64Array;
  a: SideByClass;
  b: SideByClass;
}

export function emptyLabelledSums(classes: number, dIn: number, dOut: number): LabelledSums {
  const side = (d: number): SideByClass => ({
    sums: new Float64Array(classes * d),
    squares: new Float64Array(classes),
  });
  return { classes, counts: new Float64Array(classes), a: side(dIn), b: side(dOut) };
}

/**
 * @param layer name of the layer, for errors
 * @throws RangeError if the numbers of classes differ
 */
export function mergeLabelledSums(x: LabelledSums, y: LabelledSums, layer: string): LabelledSums {
  if (x.classes !== y.classes)
    throw new RangeError(
      `mergeMoments: expected one number of classes for layer ${layer}, got ${x.classes} and ${y.classes}`,
    );
  const add = (u: Float64Array, v: Float64Array) => u.map((value, i) => value + v[i]!);
  const side = (u: SideByClass, v: SideByClass): SideByClass => ({
    sums: add(u.sums, v.sums),
    squares: add(u.squares, v.squares),
  });
  return { classes: x.classes, counts: add(x.counts, y.counts), a: side(x.a, y.a), b: side(x.b, y.b) };
}
