/**
 * @file Gradient of Einsum. It is linear in each operand, so the gradient of one is the Einsum of dY with the others,
 * written to that operand's labels. Labels that no other operand has are repeated, and a label that it has twice is
 * restored to the diagonal.
 */
import { stringAttribute } from "../../onnx/graph.ts";
import type { GradientRule, RuleContext } from "../rule.ts";

/** Labels of the operands and of the result, with a separate label for every axis of an ellipsis. */
interface Equation {
  readonly operands: readonly (readonly string[])[];
  readonly result: readonly string[];
  readonly extents: ReadonlyMap<string, number>;
}

function parse(c: RuleContext): Equation {
  const [left, right] = stringAttribute(c.node, "equation", "").replaceAll(" ", "").split("->") as [string, string?];
  const terms = left.split(",");
  const free = [..."ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"].filter((label) => !left.includes(label));
  const width = (term: string, i: number) => c.shape(c.x(i)).length - term.replace("...", "").length;
  const widest = Math.max(...terms.map((term, i) => (term.includes("...") ? width(term, i) : 0)));
  const hidden = free.slice(0, widest).join("");
  const operands = terms.map((term, i) => [...term.replace("...", () => hidden.slice(widest - width(term, i)))]);
  const extents = new Map<string, number>();
  operands.forEach((labels, i) => {
    labels.forEach((label, axis) => {
      extents.set(label, c.shape(c.x(i))[axis]!);
    });
  });
  const once = [...left.replace(/[.,]/g, "")].filter((label, _, all) => all.indexOf(label) === all.lastIndexOf(label));
  const result = right === undefined ? hidden + once.sort().join("") : right.replace("...", () => hidden);
  return { operands, result: [...result], extents };
}

const einsum: GradientRule = (c) => {
  const equation = parse(c);
  return equation.operands.map((_, i) => (c.needs(i) ? operandGradient(c, equation, i) : undefined));
};

function operandGradient(c: RuleContext, equation: Equation, i: number): string {
  const { operands, result, extents } = equation;
  const terms: [string[], string][] = [[[...result], c.dy()]];
  operands.forEach((labels, k) => {
    if (k !== i) terms.push([[...labels], c.x(k)]);
  });
  const own = operands[i]!;
  const distinct = own.map((label, axis) => (own.indexOf(label) === axis ? label : undefined));
  const spare = [..."ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"].filter((label) => !extents.has(label));
  const target = distinct.map((label, axis) => {
    if (label !== undefined) return label;
    const second = spare.shift()!;
    terms.push([[own[axis]!, second], identity(c, extents.get(own[axis]!)!)]);
    return second;
  });
  const known = new Set(terms.flatMap(([labels]) => labels));
  const written = target.filter((label) => known.has(label));
  const formula = `${terms.map(([labels]) => labels.join("")).join(",")}->${written.join("")}`;
  const sum = c.op(
    "Einsum",
    terms.map(([, value]) => value),
    { equation: { string: formula } },
  );
  return repeated(c, sum, target, written, c.shape(c.x(i)));
}

/** Labels that no other term has are repeated. */
function repeated(
  c: RuleContext,
  sum: string,
  target: readonly string[],
  written: readonly string[],
  shape: readonly number[],
): string {
  if (written.length === target.length) return sum;
  const opened = target.map((label, axis) => (written.includes(label) ? shape[axis]! : 1));
  return c.op("Expand", [c.reshape(sum, opened), c.builder.ints(shape)]);
}

function identity(c: RuleContext, n: number): string {
  return c.vector(
    Array.from({ length: n * n }, (_, i) => (i % (n + 1) === 0 ? 1 : 0)),
    [n, n],
  );
}

export const einsumRules: Record<string, GradientRule> = { Einsum: einsum };
