/**
 * @file The figures of laws: spectra, power laws between them, phases, change. Each says first what was found, and how sure that is.
 */
import { changeOverTime } from "../figures/changeOverTime.ts";
import { collapseOverTime } from "../figures/collapseOverTime.ts";
import { shorten } from "../figures/escape.ts";
import { median } from "../figures/median.ts";
import { phaseMap } from "../figures/phaseMap.ts";
import { powerLaws } from "../figures/powerLaws.ts";
import { spectra } from "../figures/spectra.ts";
import { changeRates, slowed } from "./changeRates.ts";
import { spreadOrder } from "./chosenLayers.ts";
import { changeEquation, exponentEquation, floorEquation, relationsEquation } from "./equations.ts";
import { type FigureSection, type NamedFigure, shownAs } from "./figureBlock.ts";
import { counted, fixed, grouped } from "./numbers.ts";
import { byStep, type ReportData } from "./reportData.ts";

/** In their order. Phases, spectra and change are drawn where they were measured. */
export function lawSections(data: ReportData): FigureSection[] {
  const drawn = (section: FigureSection) => (section.shown === undefined ? [] : [section]);
  return [
    ...drawn(spectraSection(data)),
    lawSection(data),
    ...drawn(phaseSection(data)),
    ...drawn(changeSection(data)),
    ...drawn(collapseSection(data)),
  ];
}

/** Indices of `most` of `count` layers, spread over the depth: the penultimate, then the others in their order. */
function penultimateFirst(count: number, most: number): number[] {
  const [first, ...others] = spreadOrder(count).slice(0, most);
  return first === undefined ? [] : [first, ...others.sort((x, y) => x - y)];
}

/** chosen: layers whose spectra are drawn, spread over the depth. */
const maxSpectra = 5;

function spectraSection({ snapshots }: ReportData): FigureSection {
  const layers = (byStep(snapshots).at(-1)?.layers ?? []).filter(({ spectra: found }) => found !== undefined);
  const drawn = penultimateFirst(layers.length, maxSpectra).flatMap((index): NamedFigure[] => {
    const layer = layers[index]!;
    const figure = spectra(layer);
    return figure ? [{ name: `spectra-${index}-${layer.name}`, title: shorten(layer.name, 80), figure }] : [];
  });
  const [shown, ...more] = drawn;
  return {
    title: "Eigenvalues of H, G and Z",
    ...(shown ? { shown, more } : {}),
    caption: [
      `${aboveWords(layers)}Eigenvalues of plain second moments by rank, each divided by the largest. Dashed, same colour: what isotropic rows of the same number and size would reach, and not below a millionth of the largest, which is what float32 sums resolve; what lies below cannot be told from noise. Weights have no sampling noise.`,
      ...restWords(drawn.length, layers.length),
    ],
    counterpart: "Fig. 14 (right)",
    equations: [floorEquation],
  };
}

/** How much of the spectra stands above the noise. */
function aboveWords(layers: ReportData["snapshots"][number]["layers"]): string {
  const of = (which: "H" | "G") =>
    median(
      layers.map(({ spectra: found }) => {
        const one = found?.raw.b[which];
        return one?.above == null ? null : one.above / one.dimension;
      }),
    );
  const [h, g] = [of("H"), of("G")];
  if (h === null || g === null) return "";
  const percent = (share: number) => `${Math.round(100 * share)} %`;
  return `Of the outputs' eigenvalues ${percent(h)} in H and ${percent(g)} in G stand above the noise of the sample (median of ${counted(layers.length, "layer")}). `;
}

function restWords(drawn: number, all: number): string[] {
  return all > drawn ? [`${grouped(drawn)} of ${grouped(all)} layers are drawn, the penultimate first.`] : [];
}

/** chosen: layers whose laws are drawn, and values on a side up to which they are: eigenvectors take d^3. */
const maxLaws = 3;
const maxLawDimension = 512;

function lawSection(data: ReportData): FigureSection {
  const last = byStep(data.snapshots).at(-1);
  const able = (data.moments?.layers ?? []).filter(
    ({ dIn, dOut, a, b }) => Math.max(dIn, dOut) <= maxLawDimension && !a?.sample && !b.sample,
  );
  const drawn = penultimateFirst(able.length, maxLaws).flatMap((index): NamedFigure[] => {
    const layer = able[index]!;
    const figure = powerLaws(layer, last?.layers.find(({ name }) => name === layer.name)?.exponents);
    return figure ? [{ name: `laws-${index}-${layer.name}`, title: layer.name, figure }] : [];
  });
  const [shown, ...more] = drawn;
  return {
    title: "Power laws between H, G and Z",
    missing: data.moments
      ? "No layer of up to 512 values on a side has two of the matrices."
      : "The moments were not kept, and directions cannot be drawn without them.",
    ...(shown ? { shown, more } : {}),
    caption: [
      `${foundLaws(data)}Plain second moments of a layer along the eigenvectors of the second matrix of each pair: where they lie on a line, one is a power of the other. Grey, what sorted eigenvalues would show: a rising line between any two spectra, which proves nothing.`,
      ...restWords(drawn.length, able.length),
    ],
    counterpart: "Figs. 3 and 20",
    equations: [exponentEquation],
  };
}

/** How many slopes may be read, and how many of these are told apart from their neighbours. */
function foundLaws({ snapshots }: ReportData): string {
  const layers = byStep(snapshots).at(-1)?.layers ?? [];
  const all = layers.flatMap(({ exponents }) =>
    [exponents?.raw.a, exponents?.raw.b].flatMap((side) => (side ? [side.hg, side.hz, side.gz] : [])),
  );
  const measured = all.filter(({ status }) => status !== "not-measured" && status !== "missing-moments");
  if (measured.length === 0) return "";
  const read = measured.filter(({ value }) => value !== null);
  const widths = read.flatMap(({ interval }) => (interval ? [interval[1] - interval[0]] : []));
  const width = median(widths.filter(Number.isFinite));
  const doubt = width === null ? "" : `; their 95 % intervals are ${fixed(width, 2)} wide (median)`;
  return `${grouped(read.length)} of ${counted(measured.length, "pair")} of spectra share eigenvectors and range enough for a slope to be read${doubt}. `;
}

function phaseSection(data: ReportData): FigureSection {
  return {
    title: "The phase of every layer over training",
    ...shownAs(phaseMap(data.snapshots), "phases"),
    caption: [
      `${foundPhases(data)}The row of the table of phases (Eq. 50) that the plain second moments of a layer agree with at each measurement; ? where the numbers do not decide, – where no row is near; empty where it was not measured at that step, as in layers beyond what a measurement in mid-training may take.`,
    ],
    counterpart: "Table 1",
    equations: [relationsEquation],
  };
}

function foundPhases({ snapshots }: ReportData): string {
  const last = byStep(snapshots).at(-1)?.layers ?? [];
  const labels = last.flatMap(({ phase }) => (phase ? [phase.label] : []));
  const decided = labels.filter((label) => label !== "none" && label !== "undecided");
  if (labels.length === 0) return "";
  const inThese = decided.length === 0 ? "" : ` (${[...new Set(decided)].sort().join(", ")})`;
  return `At the last measurement ${grouped(decided.length)} of ${counted(labels.length, "layer")} ${decided.length === 1 ? "is" : "are"} in a phase${inThese}. `;
}

function collapseSection(data: ReportData): FigureSection {
  return {
    title: "Neural collapse over training",
    ...shownAs(collapseOverTime(data.snapshots), "collapse"),
    caption: [
      "Features of the classifier's last map on the samples measured (Eqs. 67 to 70): variability within classes against that between them, angles of class means against those of a simplex, the classifier against the means, and the share of samples whose nearest class mean is another class than the network names. All fall to 0 at full collapse. Bands: plus and minus the split-half noise.",
    ],
    counterpart: "Section 7.3 (no figure)",
    equations: [],
  };
}

function changeSection(data: ReportData): FigureSection {
  return {
    title: "Change of the representation between measurements",
    ...shownAs(changeOverTime(data.snapshots), "change"),
    caption: [
      `${foundChange(data)}Relative change of the covariance of each layer's normalised input since the measurement before, divided by the steps between (Eq. 64): 0 for a stationary representation. On the same samples, so sampling noise is common to both. A layer whose input did not change has no line.`,
    ],
    counterpart: "Fig. 21",
    equations: [changeEquation],
  };
}

/** The last rate of change beside the largest one. */
function foundChange({ snapshots }: ReportData): string {
  const rates = changeRates(snapshots);
  if (rates === undefined) return "";
  const share = rates.last / rates.most;
  return `The representation ${share < slowed ? "has slowed down to" : "still changes at"} ${fixed(100 * share, share < slowed ? 1 : 0)} % of its fastest rate (median over layers). `;
}
