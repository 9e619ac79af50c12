/** @file The equation of an Einsum of two operands. */
import { type Node, stringAttribute } from "../../onnx/graph.ts";

/** The letters of both operands and of the result; undefined where the equation has another form. */
export function einsumLetters(node: Node): [string, string, string] | undefined {
  const equation = stringAttribute(node, "equation", "").replaceAll(" ", "");
  const found = /^([A-Za-z]+),([A-Za-z]+)->([A-Za-z]+)$/.exec(equation);
  return found === null ? undefined : (found.slice(1) as [string, string, string]);
}
