/** @file Study crh/1: the six relations of the two fully connected layers of a ResNet-18 over its training. */
import { alignmentRows } from "../../figures/alignmentSeries.ts";
import { layerCourse } from "../../figures/alignmentsOverTime.ts";
import { lastLayersAligned } from "../../findings/claims/convolutional.ts";
import { combination } from "../../linalg/linearCombination.ts";
import { gram, type Matrix, matrix } from "../../linalg/matrix.ts";
import { alignment } from "../../measure/alignment/alignment.ts";
import { relationNames } from "../../measure/phase/phaseTable.ts";
import type { Snapshot } from "../../measure/snapshot.ts";
import type { LayerMoments } from "../../moments/moments.ts";
import { scored } from "../score.ts";
import type { StudiedRun, Study, StudyFigure } from "../study.ts";
import { alignmentOf } from "./hidden.ts";
import { judged, readRuns } from "./judged.ts";
import { res1Notes, res1Runs } from "./runs.ts";
import { crhPaper } from "./source.ts";

const FIGURE = "Fig. 1";
const called = ["penultimate layer", "output layer"];
/** chosen: the part of a training that counts as early. */
const EARLY = 0.25;

export const study1: Study = {
  name: "crh/1",
  title: "Six relations in the last two layers of a ResNet",
  source: crhPaper("Fig. 1, section 6 and appendix C.7"),
  statement:
    "All six relations hold significantly across the two fully connected layers of a ResNet-18 that classifies " +
    "CIFAR-10 (res1); alignments above 0.7 are reached quite early and keep improving. E[g h^T] is well aligned with " +
    "W W^T.",
  needsData: "CIFAR10",
  runs: res1Runs,
  evaluate(done, { size }) {
    const runs = readRuns(done);
    const smaller = size === "small" ? "a quarter of the width and a fiftieth of the steps" : undefined;
    return {
      figures: courses(done),
      claims: [
        judged(
          {
            figure: FIGURE,
            name: "all six hold",
            statement: "all six relations hold significantly across two fully connected layers",
          },
          runs,
          lastLayersAligned,
        ),
        scored({
          ...{ figure: FIGURE, name: "early" },
          statement: "very good alignment α > 0.7 is achieved quite early in the training",
          measured: `median of the relations of the two layers after a quarter of the steps, paper's convention`,
          values: runs.map(({ reading: { ordered, last } }) =>
            medianOf(ordered.findLast(({ step }) => step > 0 && step <= EARLY * last.step)),
          ),
          ...{ least: 0.7, why: "the paper's number", smaller },
        }),
        scored({
          ...{ figure: FIGURE, name: "goes on improving" },
          statement: "and continues to improve during the later stage of training",
          measured: "the same median at the end, minus that after a quarter of the steps",
          values: runs.map(({ reading: { ordered, last } }) => {
            const early = medianOf(ordered.findLast(({ step }) => step > 0 && step <= EARLY * last.step));
            const end = medianOf(last);
            return early === null || end === null ? null : end - early;
          }),
          ...{ least: 0, why: "any rise counts", smaller },
        }),
        scored({
          ...{ figure: "appendix C.7", name: "cross terms" },
          statement: "cov(g, h) is well aligned with W W^T",
          measured: "alignment of the symmetric part of cov(g_b, h_b) (g = −∇ℓ) with Z_b, smaller of the two layers",
          values: done.map(crossAlignment),
          ...{ least: 0.7, why: "chosen: what the paper calls very good", smaller },
        }),
      ],
      notes: [
        ...res1Notes(size),
        "The output layer has ten neurons: its forward relations are correlations of 55 numbers, and chance is " +
          "higher there than elsewhere (the dashed lines).",
      ],
    };
  },
};

const connected = ({ layers }: Snapshot) => layers.filter(({ kind }) => kind === "linear").slice(-2);

/** Median over the relations of the two layers. */
function medianOf(snapshot: Snapshot | undefined): number | null {
  const values = (snapshot === undefined ? [] : connected(snapshot)).flatMap((layer) =>
    (["a", "b"] as const).flatMap((side) => relationNames.flatMap((name) => alignmentOf(layer, side, name) ?? [])),
  );
  const ordered = values.sort((x, y) => x - y);
  const [low, high] = [ordered[(ordered.length - 1) >> 1], ordered[ordered.length >> 1]];
  return low === undefined || high === undefined ? null : (low + high) / 2;
}

/** Smaller alignment of the last two layers with cross moments; null if there are none. */
function crossAlignment(run: StudiedRun): number | null {
  const layers = (run.moments()?.layers ?? []).filter(({ kind }) => kind === "linear").slice(-2);
  const values = layers.map(ofCross);
  return values.length === 0 || values.includes(null) ? null : Math.min(...values.map((value) => value!));
}

/** The moments hold gradients +dl/dh, so the sign is reversed. */
function ofCross({ W, b, n, dOut: d }: LayerMoments): number | null {
  const { gh, gSum, hSum } = b;
  if (W === undefined || gh === undefined || gSum === undefined || hSum === undefined) return null;
  const cross: Matrix = matrix(d, d);
  for (let i = 0; i < d; i++)
    for (let j = 0; j < d; j++) cross.data[i * d + j] = -(gh[i * d + j]! / n - (gSum[i]! / n) * (hSum[j]! / n));
  const turned = matrix(d, d);
  for (let i = 0; i < d; i++) for (let j = 0; j < d; j++) turned.data[j * d + i] = cross.data[i * d + j]!;
  const symmetric = combination([
    [0.5, cross],
    [0.5, turned],
  ]);
  return alignment(symmetric, gram(W, "b")).value;
}

function courses(done: readonly StudiedRun[]): StudyFigure[] {
  const first = done.toSorted((x, y) => x.seed - y.seed)[0];
  const snapshots = first?.snapshots() ?? [];
  const rows = alignmentRows(snapshots, "paper");
  const names = snapshots.length === 0 ? [] : connected(snapshots.at(-1)!).map(({ name }) => name);
  return names.flatMap((name, i): StudyFigure[] => {
    const own = rows.filter(({ layer }) => layer === name);
    const figure = layerCourse(name, own);
    const caption =
      `${name}, the ${called[i]}, over training, seed ${first!.seed}: backward relations (what it reads) and forward ` +
      `ones ` +
      "(what it writes), paper's convention. Shading: one standard error; dashed: unrelated matrices.";
    return figure === undefined ? [] : [{ name: `layer-${i + 1}`, caption, figure }];
  });
}
