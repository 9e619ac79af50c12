/**
 * @file The equations shown with the figures, as MathML, each with its number in docs/theory.md.
 */

/**
 * A row of symbols from a short notation: words separated by spaces, `H_c` with an index, `W^⊤` with an exponent. One
 * letter is a variable, several (and the E of an expectation) an upright name, anything else an operator; in an index
 * every character is a symbol of its own.
 */
function row(notation: string): string {
  return `<mrow>${notation.split(" ").map(token).join("")}</mrow>`;
}

function token(word: string): string {
  const [, base = word, index, exponent] = /^([^_^]+)(?:_([^^]+))?(?:\^(.+))?$/.exec(word) ?? [];
  const indices = index && `<mrow>${[...index].map(symbol).join("")}</mrow>`;
  if (indices && exponent) return `<msubsup>${symbol(base)}${indices}${symbol(exponent)}</msubsup>`;
  if (indices) return `<msub>${symbol(base)}${indices}</msub>`;
  return exponent ? `<msup>${symbol(base)}${symbol(exponent)}</msup>` : symbol(base);
}

function symbol(text: string): string {
  if (/^\p{L}$/u.test(text) && text !== "E") return `<mi>${text}</mi>`;
  if (/^\p{L}+$/u.test(text)) return `<mi mathvariant="normal">${text}</mi>`;
  if (/^\d+$/.test(text)) return `<mn>${text}</mn>`;
  return `<mo${/^[()[\]{}|]$/.test(text) ? ' stretchy="false"' : ""}>${text.replace(">", "&gt;")}</mo>`;
}

function fraction(above: string, below: string): string {
  return `<mfrac>${above}${below}</mfrac>`;
}

/** Formulas under one number; they may share a line or break between formulas. */
function equation(numbers: string, ...formulas: string[]): string {
  const math = formulas.map((formula) => `<math displaystyle="true">${formula}</math>`).join("");
  return `<span class="equation">${math}<span class="number">${numbers}</span></span>`;
}

const sumOverOutputs = `<munder><mo>∑</mo><mi>k</mi></munder>`;

const halfMse = equation(
  "Eq. 23, halved",
  row("ℓ =") + fraction(row("1"), row("2 d")) + sumOverOutputs + row("( f_k − y_k )^2"),
);
const mse = equation("Eq. 23", row("ℓ =") + fraction(row("1"), row("d")) + sumOverOutputs + row("( f_k − y_k )^2"));

const squaredError = equation("Eq. 23, summed", row("ℓ =") + sumOverOutputs + row("( f_k − y_k )^2"));

const crossEntropy = equation(
  "Eq. 24",
  `${row("ℓ = log")}${sumOverOutputs}<msup><mi>e</mi>${row("f_k")}</msup>${row("− f_y")}`,
);

/** The loss of a sample, where the objective is one of those with an equation. */
export function lossEquation(objective: string | undefined): string {
  if (objective === "mse") return mse;
  if (objective === "half-mse") return halfMse;
  if (objective === "squared-error") return squaredError;
  return objective === "cross-entropy" ? crossEntropy : "";
}

/** RGA, RWA, GWA on both sides. */
export const relationsEquation = equation(
  "Eq. 7",
  row("RGA : H_c ∝ G_c"),
  row("RWA : H_c ∝ Z_c"),
  row("GWA : G_c ∝ Z_c"),
  row("c ∈ { a , b }"),
);

export const alignmentEquation = equation(
  "Eq. 11",
  row("α ( A , B ) =") + fraction(row("cov ( A_ij , B_ij )"), row("sd ( A_ij ) sd ( B_ij )")),
);

export const nullEquation = equation(
  "Eq. 13",
  row("α_0 =") + fraction(`<msqrt>${row("PR ( A ) PR ( B )")}</msqrt>`, row("d")),
);

/** Over m groups of equal size; α_i is the alignment without group i. */
export const noiseEquation = equation(
  "Eq. 18",
  `${row("noise^2 =") + fraction(row("m − 1"), row("m"))}<munder><mo>∑</mo><mi>i</mi></munder>${row("( α_i − ᾱ )^2")}`,
);

export const matricesEquation = equation(
  "Eqs. 2, 3, 4",
  row("H_c = E [ h_c h_c^⊤ ]"),
  row("G_c = E [ g_c g_c^⊤ ]"),
  row("Z_a = W^⊤ W"),
  row("Z_b = W W^⊤"),
);

export const rankEquation = equation(
  "Eqs. 14, 16",
  row("PR ( A ) =") + fraction(row("( tr A )^2"), row("| A |_F^2")),
  row("rank = # { λ_k > t λ_1 }"),
);

export const exponentEquation = equation("Eqs. 33, 34", row("A ~ B^s :"), row("ln ( v_i^⊤ A v_i ) = s ln λ_i + c"));

export const changeEquation = equation("Eq. 64", row("change =") + fraction(row("| H ' − H |"), row("| H |")));

export const plasticityEquation = equation(
  "Eq. 75",
  row("H_ii ↔ G_ii"),
  fraction(row("H_ij"), `<msqrt>${row("H_ii H_jj")}</msqrt>`) +
    row("↔") +
    fraction(row("G_ij"), `<msqrt>${row("G_ii G_jj")}</msqrt>`),
);

export const floorEquation = equation(
  "Eq. 30",
  row("floor =") +
    fraction(row("t_k"), row("d − k")) +
    `<msup>${row("( 1 +").replace("</mrow>", "")}<msqrt>${row("( d − k ) / n")}</msqrt><mo stretchy="false">)</mo></mrow><mn>2</mn></msup>`,
);

export const chargeEquation = equation(
  "Eq. 105",
  row("Q = U^⊤ U − W W^⊤"),
  row("C_i = − Q_ii"),
  row("imbalance =") + fraction(row("| Q |"), row("| U^⊤ U | + | W W^⊤ |")),
);

export const noiseBalanceEquation = equation(
  "Eqs. 107, 122",
  row("A = E [ G_U^⊤ G_U ]"),
  row("B = E [ G_W G_W^⊤ ]"),
  row("balance : A = B"),
);

/** One step of SGD at rate η on batches of n with weight decay γ. */
export const driftEquation = equation(
  "Eqs. 107, 124",
  row("Δ C_i ≈") + fraction(row("η^2"), row("n")) + row("( B − A )_ii − 2 η γ C_i"),
);

export const clusterEquation = equation(
  "Eq. 125",
  `${row("|")}${fraction(row("C_ij"), `<msqrt>${row("C_ii C_jj")}</msqrt>`)}${row("| > .95")}`,
);

/** H and Y are squared distances of two representations and outputs, X and Y* those of inputs and targets. */
export const twoPointEquation = equation(
  "Eq. 93",
  row("H ' = − η_h X w"),
  row("Y ' = − w ( η_y H + η_h X Y / H )"),
  `${row("w ' = −")}${fraction(row("1"), row("2"))}${row("η_y ( 3 w − Y + Y^* ) H")}`,
  `${row("−")}${fraction(row("1"), row("2"))}${row("η_h X ( Y + w ) w / H")}`,
);

export const conservedEquation = equation(
  "Eq. 94",
  `${row("C =")}${fraction(row("H"), row("X"))}${row("−")}${fraction(row("η_h"), row("η_y"))}${fraction(row("Y"), row("H"))}`,
);

export const finalDistanceEquation = equation(
  "Eq. 95",
  `${row("H_∞ =")}${fraction(row("1"), row("2"))}${row("( A_high +")}<msqrt>${row("A_high^2 + 4 A_low^2")}</msqrt>${row(")")}`,
  `${row("A_low^2 =")}${fraction(row("η_h"), row("η_y"))}${row("X Y^*")}`,
  row("A_high = X C"),
);

export const signEquation = equation("Eq. 100", row("E [ ( w^2 x − y )^2 ] + γ w^2"), row("γ_c = 2 E [ xy ]"));

export const rescalingEquation = equation(
  "Eq. 101",
  row("E [ ( u w x − y )^2 ] + γ ( u^2 + w^2 )"),
  row("γ_c = | E [ xy ] |"),
);

export const rotationEquation = equation(
  "Eq. 102",
  row("E | U W x − y |^2 + γ ( | U |^2 + | W |^2 )"),
  row("s_i ( U W ) = max ( 0 , s_i − γ )"),
);

export const permutationEquation = equation(
  "Eq. 103",
  row("( ( u − w )^2 − a )^2 + γ ( u^2 + w^2 )"),
  row("γ_c = 4 a"),
);

/** One step at rate η on a batch whose loss has the derivative g with respect to the product u w. */
export const scalarChargeEquation = equation("Eq. 106", row("C = u^2 − w^2"), row("C ' = ( 1 − η^2 g^2 ) C"));
