/**
 * @file The phases of a layer as data: the relations that each assumes, and the power laws that follow (theory.md Eq.
 * 50). Table 1 of the Canonical Representation Hypothesis paper (arXiv 2410.03006), with the projectors and the
 * exponents of Z that it leaves out. `consequences` in phaseAlgebra.ts derives every entry again; a test compares the
 * two.
 */

/** The three relations of one side: H with G, H with Z, G with Z. */
export const relationNames = ["rga", "rwa", "gwa"] as const;
export type RelationName = (typeof relationNames)[number];

/** One of the six relations of a layer (theory.md Eq. 7): side and name. */
export type Relation = `${"a" | "b"}.${RelationName}`;

export const sixRelations: readonly Relation[] = ["a.rga", "a.rwa", "a.gwa", "b.rga", "b.rwa", "b.gwa"];

/** The four matrices that a phase compares with Z. */
export const phaseMatrices = ["Ha", "Ga", "Hb", "Gb"] as const;
export type PhaseMatrix = (typeof phaseMatrices)[number];

/**
 * Exponent of Z on the range of W; "flat" where the matrix and Z are both multiples of a projector; "free" where any
 * spectrum is possible.
 */
export type Exponent = number | "flat" | "free";

/**
 * Slope of log lambda(H) against log lambda(G): a number; "flat" where both spectra are flat; "infinite" where that of
 * G is flat; "free" where nothing ties the two.
 */
export type Slope = number | "flat" | "infinite" | "free";

export type PhaseLabel = "crh" | "b" | "f" | "1" | "2" | "3" | "4" | "5" | "6" | "7" | "8" | "9";

/** Where the spectrum of W is forced to be flat. */
export type FlatOn = "nowhere" | "range of W" | "range of H";

/** The projector within which a law holds. */
export type Projector = "none" | "range of W" | "range of H" | "range of G";

export interface PhaseRow {
  readonly label: PhaseLabel;
  /** Relations that define the row; they hold for the whole matrices, outside the range of W as well. */
  readonly assumes: readonly Relation[];
  readonly flat: FlatOn;
  /** Exponents of Z, on the range of W. */
  readonly exponents: Readonly<Record<PhaseMatrix, Exponent>>;
  readonly slope: { readonly a: Slope; readonly b: Slope };
  /** The power law of either side in words, and the projector that it needs. */
  readonly law: { readonly a: string; readonly b: string };
  readonly projector: { readonly a: Projector; readonly b: Projector };
}

type Exponents = readonly [Ha: Exponent, Ga: Exponent, Hb: Exponent, Gb: Exponent];

function row(
  label: PhaseLabel,
  assumes: readonly Relation[],
  flat: FlatOn,
  [Ha, Ga, Hb, Gb]: Exponents,
  slope: readonly [Slope, Slope],
  a: readonly [string, Projector],
  b: readonly [string, Projector],
): PhaseRow {
  return {
    label,
    assumes,
    flat,
    exponents: { Ha, Ga, Hb, Gb },
    slope: { a: slope[0], b: slope[1] },
    law: { a: a[0], b: b[0] },
    projector: { a: a[1], b: b[1] },
  };
}

const all4 = (exponent: Exponent): Exponents => [exponent, exponent, exponent, exponent];
const [none, onW, onH, onG] = ["none", "range of W", "range of H", "range of G"] as const;

/** The twelve rows (theory.md Eq. 50). */
export const phaseTable: readonly PhaseRow[] = [
  row(
    "crh",
    sixRelations,
    onW,
    all4("flat"),
    ["flat", "flat"],
    ["H_a ∝ Z_a ∝ G_a ∝ P_a", none],
    ["H_b ∝ Z_b ∝ G_b ∝ P_b", none],
  ),
  row(
    "b",
    ["a.rga", "a.rwa", "a.gwa"],
    "nowhere",
    [1, 1, 2, 0],
    [1, "infinite"],
    ["H_a ∝ Z_a ∝ G_a", none],
    ["H_b ∝ Z_b^2, G_b ∝ Z_b^0", onW],
  ),
  row(
    "f",
    ["b.rga", "b.rwa", "b.gwa"],
    "nowhere",
    [0, 2, 1, 1],
    [0, 1],
    ["H_a ∝ Z_a^0, G_a ∝ Z_a^2", onW],
    ["H_b ∝ Z_b ∝ G_b", none],
  ),
  row("1", ["a.rga", "b.rga"], onH, all4("free"), [1, 1], ["H_a ∝ G_a, Z_a flat", onH], ["H_b ∝ G_b, Z_b flat", onH]),
  row(
    "2",
    ["a.rwa", "b.rwa"],
    onW,
    ["flat", "free", "flat", "free"],
    [0, 0],
    ["H_a ∝ Z_a flat, G_a free", onG],
    ["H_b ∝ Z_b flat, G_b free", onG],
  ),
  row(
    "3",
    ["a.gwa", "b.gwa"],
    onW,
    ["free", "flat", "free", "flat"],
    ["infinite", "infinite"],
    ["G_a ∝ Z_a flat, H_a free", onH],
    ["G_b ∝ Z_b flat, H_b free", onH],
  ),
  row(
    "4",
    ["a.rga", "b.rwa"],
    "nowhere",
    [0, 0, 1, -1],
    ["flat", -1],
    ["H_a ∝ Z_a^0 ∝ G_a", none],
    ["H_b ∝ Z_b ∝ G_b^-1", onW],
  ),
  row(
    "5",
    ["a.rwa", "b.rga"],
    "nowhere",
    [1, 3, 2, 2],
    [1 / 3, 1],
    ["H_a^3 ∝ Z_a^3 ∝ G_a", none],
    ["H_b ∝ Z_b^2 ∝ G_b", none],
  ),
  row(
    "6",
    ["a.rga", "b.gwa"],
    "nowhere",
    [2, 2, 3, 1],
    [1, 3],
    ["H_a ∝ Z_a^2 ∝ G_a", none],
    ["H_b ∝ Z_b^3 ∝ G_b^3", none],
  ),
  row(
    "7",
    ["a.gwa", "b.rga"],
    "nowhere",
    [-1, 1, 0, 0],
    [-1, "flat"],
    ["H_a^-1 ∝ Z_a ∝ G_a", onW],
    ["H_b ∝ Z_b^0 ∝ G_b", none],
  ),
  row(
    "8",
    ["a.rwa", "b.gwa"],
    "nowhere",
    [1, 2, 2, 1],
    [1 / 2, 2],
    ["H_a^2 ∝ Z_a^2 ∝ G_a", none],
    ["H_b ∝ Z_b^2 ∝ G_b^2", none],
  ),
  row(
    "9",
    ["a.gwa", "b.rwa"],
    "nowhere",
    [0, 1, 1, 0],
    [0, "infinite"],
    ["H_a ∝ Z_a^0, G_a ∝ Z_a", onW],
    ["H_b ∝ Z_b, G_b ∝ Z_b^0", onW],
  ),
];

/** @throws RangeError if there is no such row */
export function phaseRow(label: PhaseLabel): PhaseRow {
  const found = phaseTable.find((entry) => entry.label === label);
  if (!found)
    throw new RangeError(`phaseRow: expected one of ${phaseTable.map((r) => r.label).join(", ")}, got ${label}`);
  return found;
}
