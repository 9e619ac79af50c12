/**
 * @file Glossary: what the words and letters of the page mean, each with its equation. Figures and tables link here;
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
  /** Numbers of its equations, shown in links to it. */
  readonly equations?: string;
  /** HTML. */
  readonly words: string;
  readonly formula?: string;
}

const terms = {
  sides: {
    title: "a, b: backward and forward",
    words:
      "A layer is a linear map from h<sub>a</sub> to h<sub>b</sub> = W h<sub>a</sub>. Side a, its input, is the backward side, because gradients arrive there last; side b, its output, is the forward side.",
  },
  matrices: {
    title: "H, G, Z",
    equations: "Eqs. 2, 3, 4",
    words:
      "H is the second moment of the activations h of one side over the samples, G that of the gradients g of the loss with respect to h, Z the Gram matrix of the weights. All three have one row and one column for each neuron of the side.",
    formula: matricesEquation,
  },
  relations: {
    title: "RGA, RWA, GWA",
    equations: "Eq. 7",
    words:
      "Representation-gradient, representation-weight and gradient-weight alignment: each says that two of the three matrices are proportional. Two sides make six relations per layer. A layer in which all six hold satisfies the canonical representation hypothesis.",
    formula: relationsEquation,
  },
  alignment: {
    title: "alignment",
    equations: "Eq. 11",
    words: "How close two matrices are to being proportional: the correlation of their entries, 1 if they are.",
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
      "The alignment that unrelated matrices with the same spectra show; PR is the participation ratio. In forward RWA and backward GWA both matrices contain W, so they lie above it in any network.",
    formula: nullEquation,
  },
  start: {
    title: "start",
    words:
      "The same alignment at the first measurement. A relation that was already as strong then did not form in training.",
  },
  noise: {
    title: "± (noise)",
    equations: "Eq. 18",
    words:
      "The standard error: how much the alignment depends on the choice of samples. It is estimated by a jackknife, which leaves out one of up to 16 groups of samples at a time.",
    formula: noiseEquation,
  },
  conventions: {
    title: "paper, raw",
    equations: "Eq. 8",
    words:
      "Paper: every row (one sample's h or g) is divided by its norm, and the mean is subtracted. Covariance: the mean is subtracted and norms are kept. Raw: plain second moments.",
  },
  hidden: {
    title: "hidden layers",
    words:
      "The representations between data and output, as in Fig. 8 of the paper: the inputs of maps 1 to D (side a) and the outputs of maps 0 to D − 1 (side b).",
  },
  rank: {
    title: "rank, participation ratio",
    equations: "Eqs. 14, 16",
    words:
      "The number of directions in a matrix: weighted by its eigenvalues, or counted above a share of the largest.",
    formula: rankEquation,
  },
  floor: {
    title: "noise floor",
    equations: "Eq. 30",
    words:
      "The largest eigenvalue that isotropic rows of the same number and size would show, but at least a millionth of the largest eigenvalue, the resolution of float32 sums.",
    formula: floorEquation,
  },
  exponent: {
    title: "power law, exponent",
    equations: "Eqs. 33, 34",
    words: "The slope of the logarithm of one matrix against that of another, along shared eigenvectors.",
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
    words: "Expressivity is how much a neuron varies over samples, plasticity how strongly the loss drives it.",
    formula: plasticityEquation,
  },
  cluster: {
    title: "cluster of neurons",
    equations: "Eq. 125",
    words: "Neurons whose activations are proportional to each other.",
    formula: clusterEquation,
  },
  change: {
    title: "change",
    equations: "Eq. 64",
    words: "How much H changed since the previous measurement.",
    formula: changeEquation,
  },
  pairs: {
    title: "symmetric pair",
    equations: "Eq. 105",
    words:
      "Two maps, W below and U above, whose weights can be changed together without changing any output. Rescaling: with ReLU in between, each neuron's incoming weights may be multiplied by a positive number and its outgoing weights divided by it. Rotation: with nothing in between, any invertible map may be inserted. Scale: a map before a normalization may be multiplied by any positive number.",
  },
  charge: {
    title: "charge, imbalance",
    equations: "Eq. 105",
    words:
      "The quantity that gradient flow conserves because of the symmetry; W has its bias as a further column. The imbalance is its relative size, from 0 to 1; for rescaling, that of the diagonals.",
    formula: chargeEquation,
  },
  noiseBalance: {
    title: "noise balance",
    equations: "Eqs. 107, 122, 123",
    words:
      "G are the gradients of single examples with respect to the weights. Noise adds to the squared weights of the side whose gradients fluctuate more, until A = B. A and B are compared by the correlation of their entries; for rescaling, of their diagonals.",
    formula: noiseBalanceEquation,
  },
  drift: {
    title: "drift of the charges",
    equations: "Eqs. 107, 124",
    words:
      "The change of a neuron's charge in one step by noise and weight decay; n is the batch size. Momentum m multiplies the first term by 1 / (1 − m)², the second by 1 / (1 − m).",
    formula: driftEquation,
  },
  loss: { title: "loss", equations: "Eqs. 23, 24", words: "Of one sample." },
} as const satisfies Record<string, Term>;

export type TermName = keyof typeof terms;

/** Links to terms with the numbers of their equations, placed at the end of a caption. */
export function termLinks(names: readonly TermName[]): string {
  return names
    .map((name) => {
      const { title, equations }: Term = terms[name];
      return `<a href="#term-${name}">${title}${equations ? ` (${equations})` : ""}</a>`;
    })
    .join(" · ");
}

/** Terms that a page of these data explains, each with its formula ("" for none). */
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

/** Anchors of the formulas in the glossary by equation number; empty without a glossary. */
export function explainedEquations(data: ReportData | undefined): Map<number, string> {
  const found = new Map<number, string>();
  for (const { name, formula } of data ? explained(data) : [])
    for (const number of citedEquations(formula)) if (!found.has(number)) found.set(number, `term-${name}`);
  return found;
}

/** Content of the section: every term that the page may link to. */
export function renderGlossary(data: ReportData): string {
  const items = explained(data).map(({ name, formula }) => {
    const { title, words }: Term = terms[name];
    return `<div id="term-${name}"><dt>${title}</dt><dd>${words}${formula}</dd></div>`;
  });
  return `<dl class="glossary">${items.join("")}</dl>`;
}
