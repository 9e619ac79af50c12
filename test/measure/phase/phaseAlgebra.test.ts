import { describe, expect, it } from "vitest";
import { gram, identity, type Matrix, matmul, matrix, transpose } from "../../../src/linalg/matrix.ts";
import { cosine } from "../../../src/measure/alignment/cosine.ts";
import { closedStates, consequences, rowOf } from "../../../src/measure/phase/phaseAlgebra.ts";
import { phaseRow, phaseTable, type Relation, sixRelations } from "../../../src/measure/phase/phaseTable.ts";
import { Random } from "../../../src/random/random.ts";
import { diagonal, rotation, wishart } from "../matrices.ts";

/** Rounding of products of a few 14 x 14 matrices. */
const EXACT = 1e-10;
const [d, rank] = [14, 9];

const subsets = Array.from({ length: 64 }, (_, mask) => sixRelations.filter((_r, i) => mask & (1 << i)));

/**
 * A layer in which the given relations hold and nothing else by choice: cores A, B and z on the range of W, random
 * parts outside.
 */
interface Layer {
  W: Matrix;
  Ha: Matrix;
  Gb: Matrix;
  /** Projectors on the range of W. */
  Pa: Matrix;
  Pb: Matrix;
}

/**
 * Solves the relations for A and B one after another, with no knowledge of what follows from them; a contradiction
 * needs z = 1.
 */
function construct(given: readonly Relation[], random: Random): Layer {
  const has = (relation: Relation): boolean => given.includes(relation);
  const flatOnPart = given.join(" ") === "a.rga b.rga"; // z is then free outside of the range of H
  const impossible = has("a.rga") && has("b.rga");
  const z = Array.from({ length: rank }, () => 0.2 + random.uniform());
  const solved = impossible ? null : solve(has, z, random);
  const flat = solved === null;
  const values = flat ? z.map((value, i) => (flatOnPart && i >= rank / 2 ? value : 1)) : z;
  const [A, B] = solved ?? solveFlat(has, flatOnPart, random);
  const [U, V] = [rotation(random, d), rotation(random, d)];
  const W = matmul(matmul(columns(U, rank), diagonal(values.map(Math.sqrt))), transpose(columns(V, rank)));
  const [supportH, supportG] = [has("a.rga") || has("a.rwa"), has("b.rga") || has("b.gwa")];
  return {
    W,
    Ha: embed(A, V, supportH, random),
    Gb: embed(B, U, supportG, random),
    Pa: projector(V),
    Pb: projector(U),
  };
}

/** A and B for generic z, or null where the relations cannot all hold. */
function solve(has: (r: Relation) => boolean, z: readonly number[], random: Random): [Matrix, Matrix] | null {
  const power = (p: number): Matrix => diagonal(z.map((value) => value ** p));
  const wanted = {
    A: [has("a.rwa") && 1, has("b.rwa") && 0].filter((p) => p !== false),
    B: [has("a.gwa") && 0, has("b.gwa") && 1].filter((p) => p !== false),
  };
  if (wanted.A.length > 1 || wanted.B.length > 1) return null;
  let A = wanted.A[0] === undefined ? undefined : power(wanted.A[0]);
  let B = wanted.B[0] === undefined ? undefined : power(wanted.B[0]);
  const up = (X: Matrix): Matrix => matmul(matmul(power(0.5), X), power(0.5));
  const down = (X: Matrix): Matrix => matmul(matmul(power(-0.5), X), power(-0.5));
  if (has("a.rga")) {
    if (A && B) return cosine(A, up(B)).value! > 1 - EXACT ? [A, B] : null;
    if (A) return [A, down(A)];
    B ??= wishart(random, 2 * rank, rank);
    return [up(B), B];
  }
  if (has("b.rga")) {
    if (A && B) return cosine(B, up(A)).value! > 1 - EXACT ? [A, B] : null;
    if (B) return [down(B), B];
    A ??= wishart(random, 2 * rank, rank);
    return [A, up(A)];
  }
  return [A ?? wishart(random, 2 * rank, rank), B ?? wishart(random, 2 * rank, rank)];
}

/**
 * A and B where z = 1; with RGA on both sides alone, z = 1 on the range of A only, which then is a part of that of W.
 */
function solveFlat(has: (r: Relation) => boolean, both: boolean, random: Random): [Matrix, Matrix] {
  const one = identity(rank);
  const fixedA = has("a.rwa") || has("b.rwa");
  const fixedB = has("a.gwa") || has("b.gwa");
  if (both) {
    const part = Math.ceil(rank / 2);
    const X = wishart(random, 2 * part, part);
    const A = matrix(rank, rank);
    for (let i = 0; i < part; i++) for (let j = 0; j < part; j++) A.data[i * rank + j] = X.data[i * part + j]!;
    return [A, A];
  }
  const tied = has("a.rga") || has("b.rga");
  const A = fixedA || (tied && fixedB) ? one : wishart(random, 2 * rank, rank);
  const B = fixedB || (tied && fixedA) ? one : wishart(random, 2 * rank, rank);
  return [A, B];
}

function columns(Q: Matrix, k: number): Matrix {
  return matrix(
    d,
    k,
    Float64Array.from({ length: d * k }, (_, i) => Q.data[Math.floor(i / k) * d + (i % k)]!),
  );
}

const projector = (Q: Matrix): Matrix => matmul(columns(Q, rank), transpose(columns(Q, rank)));

/**
 * The core in the basis Q, with a positive semi-definite rest of full rank and cross terms outside the range unless
 * `supported`.
 */
function embed(core: Matrix, Q: Matrix, supported: boolean, random: Random): Matrix {
  const inner = matrix(d, d);
  for (let i = 0; i < rank; i++) for (let j = 0; j < rank; j++) inner.data[i * d + j] = core.data[i * rank + j]!;
  if (!supported) {
    const rest = wishart(random, 2 * d, d - rank);
    for (let i = rank; i < d; i++)
      for (let j = rank; j < d; j++) inner.data[i * d + j] = rest.data[(i - rank) * (d - rank) + j - rank]!;
  }
  return matmul(matmul(Q, inner), transpose(Q));
}

/** The relations that hold in numbers. */
function holding({ W, Ha, Gb, Pa, Pb }: Layer, projected: boolean): Relation[] {
  const within = (A: Matrix, P: Matrix): Matrix => (projected ? matmul(matmul(P, A), P) : A);
  const [H, G, Z] = [within(Ha, Pa), within(Gb, Pb), gram(W, "a")];
  const Hb = matmul(matmul(W, Ha), transpose(W));
  const Ga = matmul(matmul(transpose(W), Gb), W);
  const pairs: Record<Relation, [Matrix, Matrix]> = {
    "a.rga": [H, Ga],
    "a.rwa": [H, Z],
    "a.gwa": [Ga, Z],
    "b.rga": [Hb, G],
    "b.rwa": [Hb, gram(W, "b")],
    "b.gwa": [G, gram(W, "b")],
  };
  return sixRelations.filter((relation) => cosine(...pairs[relation]).value! > 1 - EXACT);
}

describe("the algebra of relations", () => {
  it("claims of every set of relations what holds in layers constructed from them, no more and no less", () => {
    for (const [i, given] of subsets.entries())
      for (let seed = 0; seed < 3; seed++) {
        const layer = construct(given, new Random(1000 * i + seed));
        const { projected, plain } = consequences(given);
        const name = `${given.join(" ")}:`;
        expect(`${name} ${holding(layer, false).join(" ")}`).toBe(`${name} ${plain.join(" ")}`);
        expect(`${name} ${holding(layer, true).join(" ")}`).toBe(`${name} ${projected.join(" ")}`);
      }
  });

  it("derives every row of the table: flatness of W, exponents of Z and slopes", () => {
    for (const { label, assumes, flat, exponents, slope } of phaseTable) {
      const derived = consequences(assumes);
      expect({ label, flat: derived.flat, exponents: derived.exponents, slope: derived.slope }).toEqual({
        label,
        flat,
        exponents,
        slope,
      });
      expect(derived.plain).toEqual(derived.projected);
      expect(rowOf(assumes)).toBe(label);
    }
  });

  it("finds 19 closed states, of which the table has 12", () => {
    const states = closedStates();
    expect(states).toHaveLength(19);
    expect(states.map((state) => state.length).sort()).toEqual([0, ...Array(6).fill(1), ...Array(9).fill(2), 3, 3, 6]);
    expect(states.map(rowOf).filter((label) => label !== null)).toHaveLength(12);
    for (const state of states) expect(consequences(state).projected).toEqual(state);
  });

  it("takes any two relations of one side for the third, and any three independent ones for all six", () => {
    expect(consequences(["b.rwa", "b.gwa"]).plain).toEqual(["b.rga", "b.rwa", "b.gwa"]);
    expect(consequences(["a.rga", "a.gwa", "b.rga"]).projected).toEqual(sixRelations);
    expect(rowOf(["a.rwa", "b.rga", "b.gwa"])).toBe("crh");
  });

  it("keeps apart what holds on the range of W only: all of a and RWA on b leave G_b free outside of it", () => {
    const { projected, plain } = consequences(["a.rga", "a.rwa", "b.rwa"]);
    expect(projected).toEqual(sixRelations);
    expect(plain).toEqual(["a.rga", "a.rwa", "a.gwa", "b.rwa"]);
  });

  it("knows the rule H_b = H_a + 1, G_a = G_b + 1 of exponents in every row that has them", () => {
    for (const { exponents } of phaseTable) {
      const { Ha, Ga, Hb, Gb } = exponents;
      if (typeof Ha === "number") expect(Hb).toBe(Ha + 1);
      if (typeof Gb === "number") expect(Ga).toBe(Gb + 1);
    }
  });

  it("refuses what is not a relation or a row", () => {
    expect(() => consequences(["c.rga" as Relation])).toThrow(/expected relations such as a.rga/);
    expect(() => phaseRow("10" as "1")).toThrow(/expected one of crh, b, f/);
  });
});
