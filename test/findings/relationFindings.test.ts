import { describe, expect, it } from "vitest";
import { hiddenMedians } from "../../src/findings/hiddenMedians.ts";
import { findings, holds } from "../../src/findings/relationFindings.ts";
import { countSentence, deadSentence, errorText, relationSentence } from "../../src/findings/sentences.ts";
import { plantedSnapshot } from "../figures/planted.ts";

const names = ["layers.0", "layers.1", "layers.2"];
const last = plantedSnapshot(1000, names, 20);
const first = plantedSnapshot(0, names, 20);

describe("findings", () => {
  it("are six relations a map, each with its start and one judgement", () => {
    const found = findings([last, first], "paper");
    expect(found).toHaveLength(18);
    expect(found[0]!.first).toBe(first.layers[0]!.alignment.paper.a!.rga);
    expect(found.map(holds)).toEqual(found.map(({ judgement }) => judgement.holds));
  });

  it("say the number, the convention, chance and start in one sentence", () => {
    const sentence = relationSentence(findings([first, last], "covariance")[0]!);
    expect(sentence).toMatch(
      /^Backward RGA \(H_a ∝ G_a\) .+: \d\.\d{3} ± .+ by covariances \(chance \d\.\d\d; \d\.\d\d before training; [\d,]+ rows\)\.$/,
    );
  });

  it("count dead layers nowhere, and name them", () => {
    const layers = last.layers.map((layer, i) => (i === 1 ? { ...layer, dead: ["no-gradient" as const] } : layer));
    const found = findings([{ ...last, layers }], "paper");
    expect(found.filter(({ verdict }) => verdict === "dead")).toHaveLength(6);
    expect(countSentence(found)).toMatch(/ of 12 relations hold by the paper's convention/);
    expect(deadSentence(layers)).toBe(
      "Dead, and excluded from counts and medians: layers.1 (no sample has a gradient there).",
    );
    expect(deadSentence(layers.map((layer) => ({ ...layer, dead: ["no-activation" as const] })))).toBe(
      "The network is dead: no sample has an activation there in all 3 layers.",
    );
    const alone = hiddenMedians({ layers }, "paper")!;
    expect(alone.a.rga).toBe(layers[2]!.alignment.paper.a!.rga.value);
  });

  it("never print a standard error of zero that is not", () => {
    expect(errorText(0.0123)).toBe("0.012");
    expect(errorText(0.00004)).toBe("4e−5");
    expect(errorText(0)).toBe("0");
  });
});
