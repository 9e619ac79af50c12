/**
 * @file What the words and letters of the page mean, each with its equation, once. Figures and tables link here; the
 * equations are numbered as in docs/theory.md.
 */

import { byStep } from "../findings/relationFindings.ts";
import { ruleInWords } from "../measure/alignment/judge.ts";
import { citedEquations } from "./citations.ts";
import {
  alignmentEquation,
  changeEquation,
  chargeEquation,
  clusterEquation,
  driftEquation,
  exponentEquation,
  floorEquation,
  lossEquation,
  matricesEquation,
  noiseBalanceEquation,
  noiseEquation,
  nullEquation,
  plasticityEquation,
  rankEquation,
  relationsEquation,
} from "./equations.ts";
import { isAnalysis, type ReportData } from "./reportData.ts";

interface Term {
  readonly title: string;
  /** In links to it: the numbers of its equations. */
  readonly equations?: string;
  /** HTML. */
  readonly words: string;
  readonly formula?: string;
}

const terms = {
  sides: {
    title: "a, b: backward and forward",
    words:
      "A layer is a linear map: it reads h<sub>a</sub> and writes h<sub>b</sub> = W h<sub>a</sub>. Side a, its input, is the backward side, because gradients arrive there last; side b, its output, the forward side.",
  },
  matrices: {
    title: "H, G, Z",
    equations: "Eqs. 2, 3, 4",
    words:
      "H is the second moment of the activations h of one side over the samples, G that of the gradients g of the loss by them, Z the Gram matrix of the weights. All three have a row and a column for each neuron of the side.",
    formula: matricesEquation,
  },
  relations: {
    title: "RGA, RWA, GWA",
    equations: "Eq. 7",
    words:
      "Representation-gradient, representation-weight and gradient-weight alignment: two of the three matrices are proportional. Two sides make six relations a layer. A layer in which all six hold satisfies the canonical representation hypothesis.",
    formula: relationsEquation,
  },
  alignment: {
    title: "alignment",
    equations: "Eq. 11",
    words: "How far two matrices are proportional: the correlation of their entries, 1 where they are.",
    formula: alignmentEquation,
  },
  holds: {
    title: "holds",
    equations: "Eq. 85",
    words: `${ruleInWords[0]!.toUpperCase()}${ruleInWords.slice(1)}.`,
  },
  null: {
    title: "chance (null)",
    equations: "Eq. 13",
    words:
      "The alignment that matrices of the same spectra show when they have nothing to do with each other; PR is the participation ratio. Forward RWA and backward GWA share W and lie above it in any network.",
    formula: nullEquation,
  },
  start: {
    title: "start",
    words: "The same alignment at the first measurement. A relation that was as strong there did not form in training.",
  },
  noise: {
    title: "± (noise)",
    equations: "Eq. 18",
    words:
      "The standard error: what the alignment owes to the choice of samples, by leaving out one of up to 16 groups of them at a time (a jackknife).",
    formula: noiseEquation,
  },
  conventions: {
    title: "paper, raw",
    equations: "Eq. 8",
    words:
      "As in the paper: every row (one sample's h or g) is divided by its norm, and the mean is taken off. Raw: plain second moments, with sizes and mean. With covariance the mean is off and sizes stay.",
  },
  hidden: {
    title: "hidden layers",
    words:
      "The representations between data and output, as Fig. 8 of the paper takes them: what the maps 1 to D read (side a) and what the maps 0 to D − 1 write (side b).",
  },
  rank: {
    title: "rank, participation ratio",
    equations: "Eqs. 14, 16",
    words: "How many directions a matrix has: weighted by its eigenvalues, or counted above a share of the largest.",
    formula: rankEquation,
  },
  floor: {
    title: "noise floor",
    equations: "Eq. 30",
    words:
      "The largest eigenvalue that isotropic rows of the same number and size would show, and not below a millionth of the largest, which is what float32 sums resolve.",
    formula: floorEquation,
  },
  exponent: {
    title: "power law, exponent",
    equations: "Eqs. 33, 34",
    words: "The slope of one matrix against another in logarithms, along eigenvectors that they share.",
    formula: exponentEquation,
  },
  phase: {
    title: "phase",
    equations: "Eq. 50",
    words: "A row of the paper's Table 1: which of the matrices are powers of each other, and with which exponents.",
  },
  plasticity: {
    title: "expressivity, plasticity",
    equations: "Eq. 75",
    words: "How much a neuron varies over samples, and how strongly the loss pulls at it.",
    formula: plasticityEquation,
  },
  cluster: {
    title: "cluster of neurons",
    equations: "Eq. 125",
    words: "Neurons whose activations go together as one, up to a factor.",
    formula: clusterEquation,
  },
  change: {
    title: "change",
    equations: "Eq. 64",
    words: "How much H became another matrix since the measurement before.",
    formula: changeEquation,
  },
  pairs: {
    title: "symmetric pair",
    equations: "Eq. 105",
    words:
      "Two maps, W below and U above, whose weights can be changed together without changing any output. Rescaling: through ReLU each neuron's incoming weights may be multiplied by a number and its outgoing ones divided by it. Rotation: with nothing in between any invertible map may be put there. Scale: a map before a normalization may be multiplied by any number.",
  },
  charge: {
    title: "charge, imbalance",
    equations: "Eq. 105",
    words:
      "What gradient flow keeps because of the symmetry; W has its bias as a further column. The imbalance is its size, from 0 to 1; of rescaling that of the diagonals.",
    formula: chargeEquation,
  },
  noiseBalance: {
    title: "noise balance",
    equations: "Eqs. 107, 122, 123",
    words:
      "G are the gradients of single examples by the weights. Noise adds to the squared weights of the side whose gradients fluctuate more, until A = B. Compared by the correlation of their entries, of rescaling of their diagonals.",
    formula: noiseBalanceEquation,
  },
  drift: {
    title: "drift of the charges",
    equations: "Eqs. 107, 124",
    words:
      "What noise and weight decay do to the charge of a neuron in a step; n is the size of a batch. Momentum m multiplies the first part by 1 / (1 − m)², the second by 1 / (1 − m).",
    formula: driftEquation,
  },
  loss: { title: "loss", equations: "Eqs. 23, 24", words: "Of one sample." },
} as const satisfies Record<string, Term>;

export type TermName = keyof typeof terms;

/** Links to terms, with the numbers of their equations, for the end of a caption. */
export function termLinks(names: readonly TermName[]): string {
  return names
    .map((name) => {
      const { title, equations }: Term = terms[name];
      return `<a href="#term-${name}">${title}${equations ? ` (${equations})` : ""}</a>`;
    })
    .join(" · ");
}

/** Terms that a page of these data explains, each with the formula that stands beside it ("" for none). */
function explained(data: ReportData): { name: TermName; formula: string }[] {
  const once = isAnalysis(data) && !data.initial;
  const loss = lossEquation(byStep(data.snapshots).at(-1)?.objective);
  const left = new Set<TermName>([
    ...(once ? (["start", "change"] as const) : []),
    ...(loss === "" ? (["loss"] as const) : []),
    ...(data.snapshots.some(({ pairs }) => pairs?.length)
      ? []
      : (["pairs", "charge", "noiseBalance", "drift"] as const)),
  ]);
  return (Object.keys(terms) as TermName[])
    .filter((name) => !left.has(name))
    .map((name) => ({ name, formula: name === "loss" ? loss : ((terms[name] as Term).formula ?? "") }));
}

/** Where on the page the glossary has the formula of an equation, by number; none without a glossary. */
export function explainedEquations(data: ReportData | undefined): Map<number, string> {
  const found = new Map<number, string>();
  for (const { name, formula } of data ? explained(data) : [])
    for (const number of citedEquations(formula)) if (!found.has(number)) found.set(number, `term-${name}`);
  return found;
}

/** The section's content: every term that the page may link to. */
export function renderGlossary(data: ReportData): string {
  const items = explained(data).map(({ name, formula }) => {
    const { title, words }: Term = terms[name];
    return `<div id="term-${name}"><dt>${title}</dt><dd>${words}${formula}</dd></div>`;
  });
  return `<dl class="glossary">${items.join("")}</dl>`;
}
