import { describe, expect, test } from "vitest";
import {
  balanceSentence,
  brokenSentence,
  chargeSentence,
  driftSentence,
  driveSentence,
  pairSentences,
  pairsHeadline,
  shareSentence,
} from "../../../src/findings/pairs/pairSentences.ts";
import { balanceStatus } from "../../../src/findings/pairs/pairWords.ts";
import { matrix } from "../../../src/linalg/matrix.ts";
import { type PairGroup, pairGroups } from "../../../src/measure/network/pairGroups.ts";
import { pairsOf } from "../../../src/measure/network/pairs.ts";
import { emptyLayer, type LayerMoments } from "../../../src/moments/moments.ts";
import { Random } from "../../../src/random/random.ts";
import { expectedImbalance, noiseTerms } from "../../../src/symmetry/noiseBalance.ts";
import { noBalance, noDrift, plantedHeads, plantedPair, plantedScale } from "../../figures/plantedPairs.ts";
import { gaussian } from "../../measure/matrices.ts";
import { momentsOf } from "../../moments/cases.ts";

const group = (...pairs: Parameters<typeof plantedPair>): PairGroup => pairGroups([plantedPair(...pairs)])[0]!;

describe("where noise moves weight", () => {
  test("is to the map above where its gradients fluctuate more", () => {
    expect(driveSentence(group({ ratio: 2.5 }))).toBe(
      "Noise moves weight from layers.0 to layers.1: the gradients of the outgoing weights fluctuate 2.5 times as strongly as those of the incoming ones (mean squares).",
    );
  });

  test("is to the map below where its gradients fluctuate more", () => {
    expect(driveSentence(group({ ratio: 0.25 }))).toBe(
      "Noise moves weight from layers.1 to layers.0: the gradients of the incoming weights fluctuate 4 times as strongly as those of the outgoing ones (mean squares).",
    );
  });

  test("is to the map above where those of the map below do not fluctuate, in the headline too", () => {
    const quiet = { ...noBalance("zero-matrix"), cosine: null, residual: 1, n: 10 };
    const pairs = [plantedPair({ rest: { noiseBalance: quiet } })];
    const moves = "oise moves weight from layers.0 to layers.1: the gradients of the outgoing weights fluctuate, ";
    expect(driveSentence(pairGroups(pairs)[0]!)).toBe(`N${moves}those of the incoming ones do not.`);
    expect(pairsHeadline({ pairs }).details).toContain(`Farthest is layers.0 → layers.1: n${moves}`);
  });

  test("is nowhere in sum where both fluctuate alike, and neuron by neuron where they are not the same", () => {
    const even = driveSentence(group({ ratio: 1.01, alignment: 0.4, residual: 0.3 }));
    expect(even).toContain("Noise moves no weight in sum");
    expect(even).toContain("but neuron by neuron it does: their correlation is 0.40");
    expect(driveSentence(group({ ratio: 1.01 }))).not.toContain("neuron by neuron");
  });

  /** One map's sums such that its gradients have the second moment `square` for each example. */
  function layerWith(name: string, side: "a" | "b", sums: Float64Array, n: number): LayerMoments {
    const layer = emptyLayer(name, "linear", 2, 2, gaussian(new Random(name.length), 2, 2));
    return { ...layer, n, noise: { examples: n, losses: 1, [side]: { width: 2, inner: 1, outer: 1, sum: sums } } };
  }

  test("agrees with what a step of SGD does to the weights on average (Eq. 107)", () => {
    const n = 50;
    for (const loud of [0.2, 5]) {
      const rows = (seed: number) => gaussian(new Random(seed), n, 2);
      const samples = {
        ...{ h0: rows(1), g1: rows(2), a: rows(3) },
        g2: { ...rows(4), data: rows(4).data.map((value) => loud * value) },
      };
      const noise = noiseTerms(samples, { bias: false });
      const zero = matrix(2, 2);
      const moved = expectedImbalance(zero, noise, { U: zero, W: zero }, { eta: 0.1, batch: 10 });
      const sum = (M: { data: Float64Array }) => M.data.map((value) => n * value);
      const total = momentsOf([
        layerWith("low", "b", sum(noise.lower), n),
        layerWith("upper", "a", sum(noise.upper), n),
      ]);
      const end = { from: 0, outer: 1, inner: 1 };
      const edge = {
        ...{ first: "low", second: "upper", through: "ReLU", symmetry: "rescaling" as const, width: 2 },
        ...{ firstEnd: { side: "b" as const, ...end }, secondEnd: { side: "a" as const, ...end } },
      };
      const { pairs } = pairsOf({ ...total, edges: { pairs: [edge], broken: [] } }, [])!;
      const upGrows = moved.data[0]! + moved.data[3]! > 0; // the trace of U^T U - W W^T
      expect(upGrows).toBe(loud > 1);
      expect(driveSentence(pairGroups(pairs)[0]!)).toContain(upGrows ? "from low to upper" : "from upper to low");
    }
  });
});

describe("sentences on a pair", () => {
  test("name the symmetry, the charges with their sign, and the balance beside chance", () => {
    const found = group({ charge: [0.1, -0.3] });
    expect(shareSentence(found)).toMatch(/^layers\.0 → layers\.1 share 3 neurons through ReLU \(rescaling: /);
    expect(chargeSentence(found)).toContain("−0.3 to 0.1 per neuron, −0.2 in sum (the outgoing weights are larger)");
    expect(balanceSentence(found)).toBe(
      "Noise balance: A and B correlate by 0.900 ± 0.012 (chance 0.20, 3,000 examples); tr A / tr B is 1 ± 0.01.",
    );
  });

  test("say when float32 rounding is larger than the drift, and what was predicted when not", () => {
    const since = { step: 1200, predicted: { sum: 0, norm: 2e-4 }, measured: { sum: 0, norm: 2.2e-4 }, error: 0.09 };
    expect(driftSentence(group({ since: { ...since, rounding: 1e-6 } }))).toBe(
      "Since step 1,200 the charges moved by 2.2e−4 (norm); noise, mean gradients and decay predict 2.0e−4, off by 9.0 % of the norm.",
    );
    expect(driftSentence(group({ since: { ...since, rounding: 1e-4 } }))).toContain(
      "float32 rounding alone causes 1.0e−4",
    );
    expect(driftSentence(group({ since: { ...since, rounding: 1e-3 } }))).toContain("no more than float32 rounding");
    const rest = { ...since, error: 1.3, rounding: 1e-6, turnover: 1.43e-2 };
    expect(driftSentence(group({ since: rest }))).toContain(
      "off by 130 % of the norm and 2.0 % of what noise added to both sides and decay took (0.0143).",
    );
    expect(driftSentence(group({ since: { ...rest, turnover: 4e-4 } }))).toContain("off by 130 % of the norm.");
    const small = { ...since, predicted: { sum: 0, norm: 1e-5 }, error: 0.98, rounding: 2.1e-4 };
    expect(driftSentence(group({ since: small }))).toBe(
      "Since step 1,200 the charges moved by 2.2e−4 (norm), where noise, mean gradients and decay predict 1.0e−5, no more than float32 rounding of the weights can cause (2.1e−4), so it is not evidence of noise.",
    );
    expect(driftSentence(group({ since: { ...since, predicted: null, error: null, rounding: 0 } }))).toMatch(
      /norm\)\.$/,
    );
  });

  test("say why something is missing, of every status", () => {
    for (const status of Object.keys(balanceStatus) as (keyof typeof balanceStatus)[]) {
      const found = group({ rest: { noiseBalance: noBalance(status as "dead"), status } });
      expect(balanceSentence(found)).toContain(balanceStatus[status]);
      expect(driveSentence(found)).toBe("");
    }
    expect(driftSentence(group({ rest: { drift: noDrift("not-sgd") } }))).toContain("another optimizer");
    expect(driftSentence(group({ rest: { drift: noDrift("no-training") } }))).toContain("the optimizer is unknown");
    expect(chargeSentence(group({ rest: { charge: null } }))).toContain("unknown");
  });

  test("put the heads of an attention together: median, range and the farthest head", () => {
    const [heads, ...others] = pairGroups(plantedHeads(0, 12));
    expect(others).toEqual([]);
    const text = pairSentences(heads!).join(" ");
    expect(text).toContain("12 heads of 64 values through attention values (rotation");
    expect(text).toContain("A and B correlate by 0.625 (0.350 to 0.900), median and range");
    expect(text).toContain("farthest from balance is head 11");
    expect(text).toContain("In head 11 noise moves weight from transformer.h.0.attn.c_attn to");
  });

  test("call a scale without a partner one that noise can only make grow", () => {
    const text = pairSentences(pairGroups([plantedScale("conv1")])[0]!).join(" ");
    expect(text).toContain("conv1 is followed by bn1 (BatchNormalization) and free in scale");
    expect(text).toContain("Noise can only make such weights grow");
  });
});

describe("the headline", () => {
  test("counts the pairs in balance and names the farthest with its direction", () => {
    const pairs = [plantedPair({ ratio: 1.1 }), plantedPair({ first: "layers.1", second: "layers.2", ratio: 0.1 })];
    const { claim, details } = pairsHeadline({ pairs });
    expect(claim).toBe("Gradient noise is in balance in 1 of 2 symmetric pairs (|A − B| at most 0.1 of |A| + |B|)");
    expect(details).toMatch(/^Farthest is layers\.1 → layers\.2: noise moves weight from layers\.2 to layers\.1: /);
  });

  test("of one pair, of all in balance, and of none that was measured", () => {
    expect(pairsHeadline({ pairs: [plantedPair({ ratio: 3 })] }).claim).toContain(
      "is not in balance in the one symmetric",
    );
    const two = [plantedPair(), plantedPair({ first: "x" })];
    expect(pairsHeadline({ pairs: two }).claim).toContain("in balance in all 2 symmetric pairs");
    const blind = plantedPair({ rest: { noiseBalance: noBalance("not-measured") } });
    const { claim, details } = pairsHeadline({ pairs: [blind, plantedScale("conv1")] });
    expect(claim).toBe(
      "1 pair of maps shares a symmetry and the scale of 1 map is free, because a normalization follows",
    );
    expect(details).toContain("gradients of single examples were not summed");
  });

  test("of a network without any pair names what breaks each, and of one map says nothing", () => {
    const unpaired = [
      { first: "a", second: "b", reason: "Tanh is not positively homogeneous, or mixes its outputs" },
      { first: "b", second: "c", reason: "another branch is added (residual)" },
    ];
    const { claim, details } = pairsHeadline({ pairs: [], unpaired });
    expect(claim).toBe("No two neighbouring maps share a symmetry");
    expect(details).toBe(brokenSentence({ unpaired }));
    expect(details).toContain("a → b (Tanh is not positively homogeneous");
    expect(details).toContain("b → c (another branch is added (residual))");
    expect(pairsHeadline({ pairs: [], unpaired: [] })).toEqual({ claim: "", details: "" });
    expect(pairsHeadline({})).toEqual({ claim: "", details: "" });
  });
});
