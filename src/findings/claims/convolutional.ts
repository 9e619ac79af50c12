/** @file The paper's claims on ResNet-18: Figs. 1, 6, 11, 12, 13 and 19. */
import { strongFrom } from "../../measure/alignment/judge.ts";
import { median } from "../../measure/median.ts";
import type { LayerSnapshot } from "../../measure/snapshot.ts";
import { counted, fixed, grouped } from "../numbers.ts";
import { holds } from "../relationFindings.ts";
import { relationWord } from "../vocabulary.ts";
import type { Tested } from "./claim.ts";
import { holding, judged, kindOf, type Reading, startWords } from "./reading.ts";

function fullyConnected(reading: Reading): LayerSnapshot[] {
  return kindOf(reading) === "convolutional" ? reading.layers.filter(({ kind }) => kind === "linear").slice(-2) : [];
}

function isSelfSupervised({ last }: Reading): boolean {
  return last.objective === "nt-xent";
}

/** Fig. 1. */
export function lastLayersAligned(reading: Reading): Tested | undefined {
  const connected = fullyConnected(reading);
  if (connected.length === 0 || isSelfSupervised(reading)) return undefined;
  const found = reading.findings.filter(({ layer }) => connected.includes(layer));
  const weakest = found.toSorted((x, y) => x.last.value! - y.last.value!)[0];
  const least = weakest
    ? `; the weakest is ${relationWord(weakest.side, weakest.relation)} of ${weakest.layer.name} with ${fixed(weakest.last.value!, 2)}`
    : "";
  return {
    figure: "Fig. 1",
    statement: "all six relations hold significantly across two fully connected layers",
    measured: `six relations of the last ${counted(connected.length, "fully connected layer")}, paper's convention`,
    threshold: `every one holds by ${judged}`,
    agrees: found.length > 0 && holding(found) === found.length,
    numbers: `${grouped(holding(found))} of ${grouped(found.length)} hold${least}`,
  };
}

/** Fig. 19, Fig. 6 without labels. */
export function weakerInConvolutions(reading: Reading): Tested | undefined {
  if (fullyConnected(reading).length === 0) return undefined;
  const rga = (kind: LayerSnapshot["kind"]) =>
    median(
      reading.findings
        .filter(({ layer, relation }) => layer.kind === kind && relation === "rga")
        .map(({ last }) => last.value),
    );
  const [dense, conv] = [rga("linear"), rga("conv")];
  if (dense === null || conv === null) return undefined;
  return {
    figure: isSelfSupervised(reading) ? "Fig. 6" : "Fig. 19",
    statement: "RGA holds well in the fully connected layers, not so strongly in the convolutional ones",
    measured: "RGA of both sides, paper's convention, medians over layers of either kind",
    threshold: `at least ${strongFrom} in fully connected layers, which the paper calls strong, and less in convolutional ones`,
    agrees: dense >= strongFrom && dense > conv,
    numbers: `median ${fixed(dense, 2)} in fully connected, ${fixed(conv, 2)} in convolutional layers`,
  };
}

/** Fig. 11. */
export function outputAligned(reading: Reading): Tested | undefined {
  if (fullyConnected(reading).length === 0 || isSelfSupervised(reading)) return undefined;
  const output = reading.findings.find(
    ({ layer, side, relation }) => layer === reading.last.layers.at(-1) && side === "b" && relation === "rga",
  );
  if (output?.first === undefined) return undefined;
  return {
    figure: "Fig. 11",
    statement: "at the end of training H and G of the output layer look alike, at initialisation they do not",
    measured: "forward RGA of the last layer, paper's convention, instead of pictures",
    threshold: `holds and rose by ${judged}`,
    agrees: output.verdict === "formed",
    numbers: `forward RGA ${fixed(output.last.value!, 2)}${startWords(output)}`,
  };
}

/** Fig. 12, Fig. 13 without labels. */
export function lastBlockAligned(reading: Reading): Tested | undefined {
  if (fullyConnected(reading).length === 0) return undefined;
  const last = (kind: LayerSnapshot["kind"]) =>
    reading.findings.findLast((one) => one.layer.kind === kind && one.side === "b" && one.relation === "rga");
  const found = last("block") ?? last("conv");
  if (!found) return undefined;
  return {
    figure: isSelfSupervised(reading) ? "Fig. 13" : "Fig. 12",
    statement: "representation and gradient of the last convolution block look alike at the end of training",
    measured: `forward RGA of ${found.layer.name}, paper's convention, instead of pictures`,
    threshold: `holds by ${judged}`,
    agrees: holds(found),
    numbers: `forward RGA ${fixed(found.last.value!, 2)}${startWords(found)}, null ${fixed(found.last.null ?? 0, 2)}`,
  };
}
