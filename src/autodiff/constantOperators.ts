/**
 * @file Operators whose derivative is zero wherever it exists: no gradient passes them. (Operators with integer or
 * boolean results would need no entry; they are listed so that docs/coverage.md can show them.)
 */
export const constantOperators: ReadonlySet<string> = new Set([
  ...["Equal", "Greater", "GreaterOrEqual", "Less", "LessOrEqual", "Not", "And", "Or", "Xor", "IsNaN", "IsInf"],
  ...["Shape", "Size", "ConstantOfShape", "EyeLike", "NonZero", "ArgMax", "ArgMin"],
  ...["Sign", "Floor", "Ceil", "Round", "Hardmax"],
  ...["RandomNormalLike", "RandomUniformLike", "RandomNormal", "RandomUniform", "Multinomial", "Bernoulli"],
]);
