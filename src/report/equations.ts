/**
 * @file The equations shown beside the figures, as MathML, each with its number in docs/theory.md.
 */

const i = (name: string) => `<mi>${name}</mi>`;
const o = (sign: string) => `<mo>${sign}</mo>`;
const n = (number: string) => `<mn>${number}</mn>`;
const row = (...parts: string[]) => `<mrow>${parts.join("")}</mrow>`;
const sub = (base: string, index: string) => `<msub>${base}${index}</msub>`;
const sup = (base: string, index: string) => `<msup>${base}${index}</msup>`;
const fraction = (above: string, below: string) => `<mfrac>${above}${below}</mfrac>`;
const root = (...parts: string[]) => `<msqrt>${parts.join("")}</msqrt>`;
const word = (text: string) => `<mi mathvariant="normal">${text}</mi>`;
const sum = (index: string) => `<munder>${o("∑")}${i(index)}</munder>`;
const T = o("⊤");
const entry = (name: string) => sub(i(name), row(i("i"), i("j")));
const c = i("c");

function equation(numbers: string, ...parts: string[]): string {
  return `<span class="equation"><math displaystyle="true">${row(...parts)}</math><span class="number">${numbers} of docs/theory.md</span></span>`;
}

const mse = equation(
  "Eq. 23",
  i("ℓ"),
  o("="),
  fraction(n("1"), i("d")),
  sum("k"),
  sup(row(o("("), sub(i("f"), i("k")), o("−"), sub(i("y"), i("k")), o(")")), n("2")),
);

const crossEntropy = equation(
  "Eq. 24",
  i("ℓ"),
  o("="),
  word("log"),
  sum("k"),
  sup(i("e"), sub(i("f"), i("k"))),
  o("−"),
  sub(i("f"), i("y")),
);

/** The loss of a sample, where the objective is one of those with an equation. */
export function lossEquation(objective: string | undefined): string {
  if (objective === "mse") return mse;
  return objective === "cross-entropy" ? crossEntropy : "";
}

/** RGA, RWA, GWA on both sides. */
export const relationsEquation = equation(
  "Eq. 7",
  word("RGA"),
  o(":"),
  sub(i("H"), c),
  o("∝"),
  sub(i("G"), c),
  o(","),
  word("RWA"),
  o(":"),
  sub(i("H"), c),
  o("∝"),
  sub(i("Z"), c),
  o(","),
  word("GWA"),
  o(":"),
  sub(i("G"), c),
  o("∝"),
  sub(i("Z"), c),
  o(","),
  c,
  o("∈"),
  o("{"),
  i("a"),
  o(","),
  i("b"),
  o("}"),
);

export const alignmentEquation = equation(
  "Eq. 11",
  i("α"),
  o("("),
  i("A"),
  o(","),
  i("B"),
  o(")"),
  o("="),
  fraction(
    row(word("cov"), o("("), entry("A"), o(","), entry("B"), o(")")),
    row(word("sd"), o("("), entry("A"), o(")"), word("sd"), o("("), entry("B"), o(")")),
  ),
);

export const nullEquation = equation(
  "Eq. 13",
  sub(i("α"), n("0")),
  o("="),
  fraction(root(word("PR"), o("("), i("A"), o(")"), word("PR"), o("("), i("B"), o(")")), i("d")),
);

export const noiseEquation = equation(
  "Eq. 18",
  word("noise"),
  o("="),
  fraction(row(o("|"), sub(i("α"), n("1")), o("−"), sub(i("α"), n("2")), o("|")), n("2")),
);

export const matricesEquation = equation(
  "Eqs. 2, 3, 4",
  sub(i("H"), c),
  o("="),
  word("E"),
  o("["),
  sub(i("h"), c),
  sup(sub(i("h"), c), T),
  o("]"),
  o(","),
  sub(i("G"), c),
  o("="),
  word("E"),
  o("["),
  sub(i("g"), c),
  sup(sub(i("g"), c), T),
  o("]"),
  o(","),
  sub(i("Z"), i("a")),
  o("="),
  sup(i("W"), T),
  i("W"),
  o(","),
  sub(i("Z"), i("b")),
  o("="),
  i("W"),
  sup(i("W"), T),
);

export const rankEquation = equation(
  "Eqs. 14, 16",
  word("PR"),
  o("("),
  i("A"),
  o(")"),
  o("="),
  fraction(sup(row(o("("), word("tr"), i("A"), o(")")), n("2")), sup(sub(row(o("|"), i("A"), o("|")), i("F")), n("2"))),
  o(","),
  word("rank"),
  o("="),
  o("#"),
  o("{"),
  sub(i("λ"), i("k")),
  o(">"),
  i("t"),
  sub(i("λ"), n("1")),
  o("}"),
);
