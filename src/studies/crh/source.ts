/** @file What the studies of the paper on the canonical representation hypothesis cite. */
export const crhPaper = (place: string): string =>
  `Ziyin, Chuang, Galanti and Poggio, "Formation of Representations in Neural Networks" (arXiv 2410.03006), ${place}`;
