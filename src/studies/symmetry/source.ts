/** @file The sources of the studies of symmetry and noise, and the marks that their figures share. */
import type { LegendEntry } from "../../figures/legend.ts";
import { BLUE, ORANGE } from "../colours.ts";

/** The paper on noise, and the authors' slides that summarise this theory. */
export const noisePaper = (place: string): string =>
  `Ziyin et al., "Parameter Symmetry and Noise Equilibrium of SGD" (NeurIPS 2024, arXiv 2402.07193), ${place}`;
export const structurePaper = (place: string): string =>
  `Ziyin, "Symmetry Induces Structure and Constraint of Learning" (ICML 2024), ${place}`;

export const SGD = BLUE;
export const GD = ORANGE;

export const descentLegend: readonly LegendEntry[] = [
  { text: "SGD, median and range over seeds", colour: SGD, samples: ["band", "line"] },
  { text: "gradient descent", colour: GD, samples: ["band", "line"] },
];
export const theoryEntry = (text: string): LegendEntry => ({ text, colour: "currentColor", samples: ["dashed"] });
