/**
 * @file Five runs and two analyses made by hand, whose relations are of every verdict and near every threshold, in each
 * convention others, so that a face that mixes conventions, steps or rules says something else than `judge`.
 */
import type {
  AlignmentValue,
  Convention,
  LayerSnapshot,
  SideAlignments,
  Snapshot,
} from "../../src/measure/snapshot.ts";
import type { ReportData } from "../../src/report/report.ts";
import { plantedAnalysis, plantedLayer, plantedRun, plantedSnapshot } from "../figures/planted.ts";

export interface Planted {
  readonly title: string;
  readonly final: Snapshot;
  readonly initial?: Snapshot;
  readonly data: ReportData;
}

type Extra = Partial<AlignmentValue>;
/** Value at the end, value at the start, and what the end has besides. */
type Course = readonly [last: number, first: number, extra?: Extra];

const none: Extra = { value: null, cosine: null, corrected: null, null: null, noise: null };

/** The verdicts and the neighbourhood of each threshold of Eq. 85. */
const near: readonly Course[] = [
  [0.905, 0.3, { noise: 0.02 }],
  [0.899, 0.3, { noise: 0.004 }],
  [0.901, 0.3, { noise: 0.0009 }],
  [0.901, 0.3, { noise: 0.0015 }],
  [0.93, 0.8, { null: 0.85, noise: 0.001 }],
  [0.92, 0.8, { null: 0.85, noise: 0.001 }],
  [0.97, 0.1, { cosine: 0.6 }],
  [0.93, 0.1, { corrected: 0.88 }],
  [0.88, 0.1, { corrected: 0.95 }],
  [0.97, 0.934, { noise: 0.001 }],
  [0.95, 0.92, { noise: 0.001 }],
  [0.99, 0.9, { null: 0.91 }],
  [0.99, 0.5, { null: 0.89 }],
];
const formed: readonly Course[] = [
  [0.97, 0.2],
  [0.985, 0.41, { noise: 0.0003 }],
  [0.96, 0.3, { noise: null }],
  [0.94, 0.12, { corrected: 0.952 }],
];
const changed: readonly Course[] = [
  [0.962, 0.955],
  [0.93, 0.99, { noise: 0.002 }],
  [0.6, 0.96],
  [0.98, 0.98],
  [0.4, 0.81],
  [0.62, 0.2],
  [0.5, 0.48],
];
const weak: readonly Course[] = [
  [0.14, 0.1],
  [0.3, 0.28],
  [-0.04, 0.02],
  [0.99, 0.985, { null: 0.95 }],
  [0, 0, { ...none, status: "constant-matrix" }],
];
const all = [...formed, ...changed, ...weak, ...near];

function measuredAs([last, first, extra]: Course, at: "last" | "first"): AlignmentValue {
  const value = at === "last" ? last : first;
  const plain = { value, cosine: Math.min(1, value + 0.004), null: 0.12, noise: 0.01, corrected: value, n: 3000 };
  return at === "last" ? { ...plain, ...extra } : plain;
}

/** chosen: courses apart, so that no two conventions, sides or relations have the same one. */
const apart: Record<Convention, number> = { paper: 0, covariance: 5, raw: 11 };

function layerOf(name: string, index: number, courses: readonly Course[], at: "last" | "first"): LayerSnapshot {
  const side = (convention: Convention, from: number): SideAlignments => {
    const pick = (k: number) => measuredAs(courses[(6 * index + from + k + apart[convention]) % courses.length]!, at);
    return { rga: pick(0), rwa: pick(1), gwa: pick(2) };
  };
  const both = (convention: Convention) => ({ a: side(convention, 0), b: side(convention, 3) });
  const alignment = { paper: both("paper"), covariance: both("covariance"), raw: both("raw") };
  return { ...plantedLayer(name, index, 0, 8), alignment };
}

function measured(step: number, layers: LayerSnapshot[]): Snapshot {
  return { ...plantedSnapshot(step, [], 8), layers };
}

const names = (count: number) => Array.from({ length: count }, (_, i) => `layers.${i}`);

/** A run measured at three steps; what stands in the middle is of other courses. */
function run(
  title: string,
  courses: readonly Course[],
  count: number,
  change = (layers: LayerSnapshot[]) => layers,
): Planted {
  const of = (at: "last" | "first", from: readonly Course[]) =>
    names(count).map((name, index) => layerOf(name, index, from, at));
  const initial = measured(0, of("first", courses));
  const middle = measured(50, of("last", [...formed, ...weak]));
  const final = measured(100, change(of("last", courses)));
  const { moments: _, ...data } = plantedRun({ d: 8, names: names(count), steps: [0, 50, 100] });
  return { title, final, initial, data: { ...data, snapshots: [final, initial, middle] } };
}

/** A layer that no gradient reaches, and one whose activations are zero; what they seem to align by is rounding. */
function withDead(layers: LayerSnapshot[]): LayerSnapshot[] {
  const gone: AlignmentValue = { ...measuredAs([0, 0], "last"), ...none, status: "dead" };
  return layers.map((layer, i) => {
    if (i === 1) {
      const keep = ({ rwa }: SideAlignments): SideAlignments => ({
        rga: gone,
        rwa: { ...rwa, value: 0.97, cosine: 0.97, null: 0.1 },
        gwa: gone,
      });
      const both = ({ a, b }: LayerSnapshot["alignment"]["paper"]) => ({ a: a && keep(a), b: keep(b) });
      const { paper, covariance, raw } = layer.alignment;
      const alignment = { paper: both(paper), covariance: both(covariance), raw: both(raw) };
      return { ...layer, dead: ["no-gradient"], alignment };
    }
    if (i === 2) {
      const both = { a: { rga: gone, rwa: gone, gwa: gone }, b: { rga: gone, rwa: gone, gwa: gone } };
      return { ...layer, dead: ["no-activation"], alignment: { paper: both, covariance: both, raw: both } };
    }
    return layer;
  });
}

/** The layer as an attention head, which has RGA of its output alone. */
function asHead(layer: LayerSnapshot): LayerSnapshot {
  const missing: AlignmentValue = { ...measuredAs([0, 0], "last"), ...none, status: "missing-moments" };
  const of = ({ b }: LayerSnapshot["alignment"]["paper"]) => ({
    a: null,
    b: { rga: b.rga, rwa: missing, gwa: missing },
  });
  const { paper, covariance, raw } = layer.alignment;
  return { ...layer, kind: "head", alignment: { paper: of(paper), covariance: of(covariance), raw: of(raw) } };
}

function analysis(title: string, before: boolean): Planted {
  const of = (at: "last" | "first") => {
    const layers = names(6).map((name, index) => layerOf(name, index, all, at));
    return measured(0, before ? layers : layers.map((layer, i) => (i > 3 ? asHead(layer) : layer)));
  };
  const [final, initial] = [of("last"), of("first")];
  const { moments: _, ...data } = plantedAnalysis({ d: 8 });
  const start = before ? { initial } : {};
  return { title, final, ...start, data: { ...data, snapshots: [final], ...start } };
}

export const plantedFive: readonly Planted[] = [
  run("a trained network", [...formed, ...formed, ...formed, ...changed], 5),
  run("an untrained network", weak, 4),
  run("a network with dead layers", all, 4, withDead),
  run("a network whose relations were kept, weakened and lost", changed, 4),
  run("a network near the thresholds", near, 5),
];

export const plantedTwo: readonly Planted[] = [
  analysis("an analysis with the model before training", true),
  analysis("an analysis of the trained model alone, with heads", false),
];
