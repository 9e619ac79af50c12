/**
 * @file Which relations follow from which: the algebra that derives the table of phases (theory.md Eq. 51).
 *
 * On the range of W, in the bases of its singular vectors, the six matrices of a layer are A = H_a, B = G_b and powers
 * of z = Z: H_b is A times z and G_a is B times z (theory.md Eq. 6). "X ∝ Y" then says that log X - log Y vanishes up
 * to a constant. Each relation is a vector in the span of log A, log B, log z, and a set of relations implies those in
 * the span of its vectors. The matrices must commute, and where two independent relations hold they do: either A and B
 * are powers of z, or H ∝ G on both sides. In the latter case A ∝ z A z with A positive semi-definite makes z constant
 * on the range of A.
 */
import {
  type Exponent,
  type FlatOn,
  type PhaseLabel,
  type PhaseMatrix,
  phaseMatrices,
  phaseTable,
  type Relation,
  type Slope,
  sixRelations,
} from "./phaseTable.ts";

/** Coefficients of log A, log B and log z. */
type Form = readonly [number, number, number];

const z: Form = [0, 0, 1];
const forms: Readonly<Record<PhaseMatrix, Form>> = { Ha: [1, 0, 0], Ga: [0, 1, 1], Hb: [1, 0, 1], Gb: [0, 1, 0] };

const relationForms: Readonly<Record<Relation, Form>> = {
  "a.rga": minus(forms.Ha, forms.Ga),
  "a.rwa": minus(forms.Ha, z),
  "a.gwa": minus(forms.Ga, z),
  "b.rga": minus(forms.Hb, forms.Gb),
  "b.rwa": minus(forms.Hb, z),
  "b.gwa": minus(forms.Gb, z),
};

/** The consequences of a set of relations. */
export interface Consequences {
  /** Relations that hold on the range of W, including those given. */
  projected: Relation[];
  /** Those that hold for the whole matrices, not only for the part of H_a or G_b within the range of W. */
  plain: Relation[];
  /** Where all nonzero singular values of W must be equal. */
  flat: FlatOn;
  /** Exponents of Z on the range of W. */
  exponents: Record<PhaseMatrix, Exponent>;
  /** Slope of log lambda(H) against log lambda(G) on the range of W. */
  slope: { a: Slope; b: Slope };
}

/**
 * Everything that follows from relations that hold for the whole matrices (theory.md Eq. 51).
 *
 * @param given any of the six relations
 * @returns the closure and its power laws, relations in the order of `sixRelations`
 * @throws RangeError if a relation is not one of the six
 */
export function consequences(given: Iterable<Relation>): Consequences {
  const holding = new Set(given);
  for (const relation of holding)
    if (!(relation in relationForms))
      throw new RangeError(`consequences: expected relations such as ${sixRelations.join(", ")}, got ${relation}`);
  const basis = echelon([...holding].map((relation) => relationForms[relation]));
  const projected = sixRelations.filter((relation) => isZero(reduce(relationForms[relation], basis)));
  const exponents = Object.fromEntries(phaseMatrices.map((name) => [name, exponentOf(forms[name], basis)]));
  return {
    projected,
    plain: projected.filter((relation) => !needsProjector(relation, holding)),
    flat: flatness(basis),
    exponents: exponents as Record<PhaseMatrix, Exponent>,
    slope: { a: ratio(forms.Ha, forms.Ga, basis), b: ratio(forms.Hb, forms.Gb, basis) },
  };
}

/**
 * Whether a relation of H_a or G_b is known on the range of W only. They lie in that range if they are proportional to
 * a matrix that does, which requires one of the given relations.
 */
function needsProjector(relation: Relation, holding: ReadonlySet<Relation>): boolean {
  const outside = [["a.rga", "a.rwa"] as const, ["b.rga", "b.gwa"] as const].find((pair) =>
    pair.some((r) => r === relation),
  );
  return outside !== undefined && !outside.some((r) => holding.has(r));
}

/** All closed sets of relations, each in the order of `sixRelations`: the possible states of a layer. */
export function closedStates(): Relation[][] {
  const found = new Map<string, Relation[]>();
  for (let mask = 0; mask < 1 << sixRelations.length; mask++) {
    const { projected } = consequences(sixRelations.filter((_, i) => mask & (1 << i)));
    found.set(projected.join(" "), projected);
  }
  return [...found.values()].sort((x, y) => x.length - y.length);
}

/**
 * The row of the table with the same consequences as the given relations; null for no row: none or a single relation.
 */
export function rowOf(given: Iterable<Relation>): PhaseLabel | null {
  const state = consequences(given).projected.join(" ");
  return phaseTable.find(({ assumes }) => consequences(assumes).projected.join(" ") === state)?.label ?? null;
}

function minus(x: Form, y: Form): Form {
  return [x[0] - y[0], x[1] - y[1], x[2] - y[2]];
}

function times(factor: number, [x, y, z]: Form): Form {
  return [factor * x, factor * y, factor * z];
}

/** Coefficients are ratios of small whole numbers. */
const rounding = 1e-9;

function isZero(form: Form): boolean {
  return leading(form) < 0;
}

function leading(form: Form): number {
  return form.findIndex((value) => Math.abs(value) > rounding);
}

/** A basis of the span of the forms, each cleared of the leading terms of those before it. */
function echelon(spanning: readonly Form[]): Form[] {
  const basis: Form[] = [];
  for (const form of spanning) {
    const rest = reduce(form, basis);
    if (isZero(rest)) continue;
    const k = leading(rest);
    for (let i = 0; i < basis.length; i++) basis[i] = clearColumn(basis[i]!, rest, k);
    basis.push(rest);
  }
  return basis;
}

/** The form modulo the span: zero if and only if it lies in it. */
function reduce(form: Form, basis: readonly Form[]): Form {
  return basis.reduce((rest, pivot) => clearColumn(rest, pivot, leading(pivot)), form);
}

/** x with its term k removed by a multiple of y. */
function clearColumn(x: Form, y: Form, k: number): Form {
  return minus(x, times(x[k]! / y[k]!, y));
}

/** The number e with x - e y in the span, or the reason why there is none. */
function ratio(x: Form, y: Form, basis: readonly Form[]): Slope {
  const [top, bottom] = [reduce(x, basis), reduce(y, basis)];
  if (isZero(bottom)) return isZero(top) ? "flat" : "infinite";
  if (isZero(top)) return 0;
  const k = leading(bottom);
  const e = top[k]! / bottom[k]!;
  return isZero(minus(top, times(e, bottom))) ? e : "free";
}

function exponentOf(form: Form, basis: readonly Form[]): Exponent {
  const e = ratio(form, z, basis);
  return e === "infinite" ? "free" : e;
}

function flatness(basis: readonly Form[]): FlatOn {
  if (!isZero(reduce(z, basis))) return "nowhere";
  const tied = (name: PhaseMatrix): boolean => exponentOf(forms[name], basis) === "flat";
  return tied("Ha") || tied("Gb") ? "range of W" : "range of H";
}
