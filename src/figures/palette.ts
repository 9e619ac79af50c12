/**
 * @file The colours of all figures. A relation has one hue and one symbol everywhere; the hues are those of Okabe and
 * Ito (2008), which colour-blind readers can distinguish. A colour is a CSS variable with its light value as fallback,
 * so that a page can set darker or lighter ones and a figure outside a page still has colours.
 */

export const relations = ["rga", "rwa", "gwa"] as const;
export type Relation = (typeof relations)[number];

/** Hue of each relation on a light and on a dark background. */
export const relationHues: Record<Relation, { light: string; dark: string }> = {
  rga: { light: "#0072b2", dark: "#5ab4f0" },
  rwa: { light: "#d55e00", dark: "#ff8f4d" },
  gwa: { light: "#009e73", dark: "#3ccf9f" },
};

/** Quantities of the loss figure: training stays in the background, evaluation in front. */
export const lossHues = {
  train: { light: "#8b93a1", dark: "#7d8796" },
  eval: { light: "#7b3fa0", dark: "#c79bea" },
} as const;

/** Diagonal and off-diagonal entries. */
export const entryHues = {
  diagonal: { light: "#a8326f", dark: "#f08bbb" },
  off: { light: "#56708f", dark: "#8fa9c6" },
} as const;

/** The matrices, where a figure shows their spectra or sizes together. */
export const matrixHues = {
  H: { light: "#7b3fa0", dark: "#c79bea" },
  G: { light: "#b07400", dark: "#f0c246" },
  Z: { light: "#56708f", dark: "#8fa9c6" },
} as const;

/** Quantities followed for two points: distances of representations and of outputs, and w. */
export const followedHues = {
  dh2: { light: "#6f3fa8", dark: "#c5a0f2" },
  dy2: { light: "#a86a00", dark: "#eebc4a" },
  w: { light: "#1b7b82", dark: "#62cbd2" },
} as const;

/** Watched quantities in order: hues of Okabe and Ito, of medium lightness for either background. */
const watchedHues = ["#3a8fd0", "#d55e00", "#009e73", "#b5559b", "#b58900", "#56a5b0", "#8b93a1"] as const;

/** Colour of the watched quantity `index`; colours repeat after seven. */
export const watchedColour = (index: number): string => watchedHues[index % watchedHues.length]!;

export const relationColour: Record<Relation, string> = {
  rga: variable("rga", relationHues.rga.light),
  rwa: variable("rwa", relationHues.rwa.light),
  gwa: variable("gwa", relationHues.gwa.light),
};
export const lossColour = {
  train: variable("train", lossHues.train.light),
  eval: variable("eval", lossHues.eval.light),
};
export const matrixColour = {
  H: variable("H", matrixHues.H.light),
  G: variable("G", matrixHues.G.light),
  Z: variable("Z", matrixHues.Z.light),
};
export const entryColour = {
  diagonal: variable("diagonal", entryHues.diagonal.light),
  off: variable("off", entryHues.off.light),
};

export const followedColour = {
  dh2: variable("dh2", followedHues.dh2.light),
  dy2: variable("dy2", followedHues.dy2.light),
  w: variable("w", followedHues.w.light),
};

export const relationSymbol = { rga: "circle", rwa: "square", gwa: "triangle" } as const;

/** Formula of each relation (theory.md Eq. 7). */
export const relationFormula: Record<Relation, string> = { rga: "H ∝ G", rwa: "H ∝ Z", gwa: "G ∝ Z" };

function variable(name: string, light: string): string {
  return `var(--crh-${name}, ${light})`;
}

/** CSS declarations of every colour for one background. */
export function paletteVariables(ground: "light" | "dark"): string {
  const hues = { ...relationHues, ...lossHues, ...entryHues, ...matrixHues, ...followedHues };
  return Object.entries(hues)
    .map(([name, hue]) => `--crh-${name}:${hue[ground]}`)
    .join(";");
}

// chosen: medium lightness, legible on white and on near-black, from violet (first layer) to gold (last).
const depthStops = [
  [125, 95, 211],
  [194, 71, 143],
  [226, 112, 58],
  [217, 164, 0],
] as const;

/** Colour of layer `index` of `count` by depth, with the colour of text drawn on it. */
export function depthColour(index: number, count: number): { fill: string; text: string } {
  const position = count < 2 ? 0 : (index / (count - 1)) * (depthStops.length - 1);
  const at = Math.min(Math.floor(position), depthStops.length - 2);
  const [from, to] = [depthStops[at]!, depthStops[at + 1]!];
  const rgb = from.map((value, channel) => Math.round(value + (to[channel]! - value) * (position - at)));
  const hex = rgb.map((value) => value.toString(16).padStart(2, "0")).join("");
  return { fill: `#${hex}`, text: rgb[1]! > 105 ? "#1a1300" : "#ffffff" };
}
