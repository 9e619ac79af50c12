/** @file Colours of the studies' figures, from Okabe and Ito (2008): readable on light and on dark backgrounds. */
export const stateColours = { dh2: "#8a5fc0", dy2: "#d55e00", w: "#009e73" } as const;
export const stateNames = { dh2: "H, representations", dy2: "Y, outputs", w: "w" } as const;
export const [BLUE, ORANGE, GREEN, GREY, PURPLE] = ["#3a8fd0", "#d55e00", "#009e73", "#8b93a1", "#b5559b"] as const;
