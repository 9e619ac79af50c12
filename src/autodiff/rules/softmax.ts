/** @file Gradients of Softmax and LogSoftmax along one axis. */
import type { GradientRule, RuleContext } from "../rule.ts";

function sumAlong(c: RuleContext, name: string): string {
  const rank = c.shape(c.y()).length;
  const axis = c.int("axis", -1);
  return c.sum(name, [axis < 0 ? axis + rank : axis], 1);
}

/** y = softmax x: dX = y (dY - sum(dY y)). */
const softmax: GradientRule = (c) => [c.mul(c.y(), c.op("Sub", [c.dy(), sumAlong(c, c.mul(c.dy(), c.y()))]))];

/** y = log softmax x: dX = dY - e^y sum(dY). */
const logSoftmax: GradientRule = (c) => [c.op("Sub", [c.dy(), c.mul(c.op("Exp", [c.y()]), sumAlong(c, c.dy()))])];

export const softmaxRules: Record<string, GradientRule> = { Softmax: softmax, LogSoftmax: logSoftmax };
