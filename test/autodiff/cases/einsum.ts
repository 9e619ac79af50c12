/** @file Cases for rules/einsum.ts. The result is linear in each operand, but quadratic where a value is used twice. */
import { type GradientCase, normals, pick } from "./case.ts";

const EXTENTS: Readonly<Record<string, number>> = { b: 2, h: 2, i: 3, j: 2, k: 3, l: 1, d: 4 };

const equations = [
  ...["ij,jk->ik", "ij,jk", "bij,bjk->bik", "bhid,bhjd->bhij", "ij->ji", "ij->", "ij->i", "ij,kl->ijkl"],
  ...[
    "i,i->",
    "i,j->ij",
    "ii->i",
    "ii->",
    "bii->b",
    "ii,ij->j",
    "ij,ij->ij",
    "bij,kj->bik",
    "ba,bc->ac",
    "ij,jk,kd->id",
  ],
  ...["...ij,...jk->...ik", "...i,i->...", "...ij->...ji", "i...,i->...", "...", "...i,...i"],
];

/** Shapes for the operands; those with an ellipsis get the same axes: ONNX Runtime does not broadcast them. */
function shapes(equation: string, batch: readonly number[]): number[][] {
  const terms = equation.split("->")[0]!.split(",");
  return terms.map((term) => {
    const [before, after] = term.includes("...") ? term.split("...") : [term, undefined];
    const extents = (labels: string) => [...labels].map((label) => EXTENTS[label] ?? 2);
    return after === undefined ? extents(before!) : [...extents(before!), ...batch, ...extents(after)];
  });
}

export const einsumCases: readonly GradientCase[] = equations.map((equation) => ({
  op: "Einsum",
  name: equation,
  draw: (random) => {
    const batch = pick(random, [[2], [3, 2], [1]]);
    const drawn = shapes(equation, batch);
    const names = drawn.map((_, i) => `x${i}`);
    return {
      inputs: Object.fromEntries(drawn.map((shape, i) => [names[i]!, normals(random, shape)])),
      build: (g) => [g.op("Einsum", names, { equation: { string: equation } })],
      linear: true,
    };
  },
}));
