/** The studies of arXiv 2410.03006 on planted runs: what holds, what does not, what cannot be told. */
import "../../src/figuresNode/linkedomDocument.ts";
import { describe, expect, it } from "vitest";
import { strongestAtSmallDecay } from "../../src/findings/claims/fullyConnected.ts";
import { parseParameters } from "../../src/parameters/parse.ts";
import { findPreset, PAPER } from "../../src/settings/presets.ts";
import { estimatedSeconds } from "../../src/studies/cost.ts";
import { choicesStudy } from "../../src/studies/crh/choices.ts";
import { crhStudies } from "../../src/studies/crh/crh.ts";
import { judged, readRuns } from "../../src/studies/crh/judged.ts";
import { sweepRuns } from "../../src/studies/crh/sweeps.ts";
import type { StudiedRun, Study, StudyContext, StudyRun } from "../../src/studies/study.ts";
import { plantedMoments } from "../figures/planted.ts";
import { plantedCourse } from "../figures/plantedHeads.ts";
import { loadedSetting } from "../settings/loadedSettings.ts";
import {
  plantedChain,
  plantedExponent,
  plantedNetwork,
  plantedResNet,
  resNetMoments,
  type Shown,
} from "./plantedNetworks.ts";

const named = (figure: number | string): Study => crhStudies.find(({ name }) => name === `crh/${figure}`)!;
const small: StudyContext = { size: "small" };
const seeds = [0, 1, 2];

/** Verdicts by name; every figure is drawn without a hole. */
function verdicts(figure: number | string, runs: readonly StudiedRun[], context = small) {
  const { claims, figures, notes } = named(figure).evaluate(runs, context);
  for (const one of figures) expect(one.figure.svg).not.toMatch(/NaN|Infinity|undefined/);
  for (const one of figures) expect(one.caption).not.toMatch(/undefined/);
  expect(notes.join(" ")).not.toMatch(/NaN|undefined/);
  return Object.fromEntries(claims.map(({ name, verdict }) => [name, verdict]));
}

const keyOf = ({ setting, preset = PAPER, parameters = {}, seed }: StudyRun) =>
  JSON.stringify([setting, preset, Object.entries(parameters).sort(), seed]);

describe("the list", () => {
  it("has every figure of the paper, 1 to 21, and what the paper leaves open", () => {
    const numbers = Array.from({ length: 21 }, (_, i) => `crh/${i + 1}`);
    expect(crhStudies.map(({ name }) => name)).toEqual([...numbers, "crh/choices"]);
    for (const { source, name } of crhStudies.slice(0, 21)) expect(source).toContain(`Fig. ${name.slice(4)}`);
  });

  it("shares its runs among figures, and takes at most four hours at size small", () => {
    const runs = crhStudies.flatMap((study) => study.runs("small"));
    const distinct = new Map(runs.map((run) => [keyOf(run), run]));
    expect(distinct.size).toBeLessThan(runs.length - 20);
    const seconds = [...distinct.values()].map(({ setting: name, preset = PAPER, parameters, seed }) => {
      const setting = loadedSetting(name);
      return estimatedSeconds(
        parseParameters(setting, { ...findPreset(setting, preset).parameters, ...parameters, seed }),
      );
    });
    expect(seconds.reduce((sum, one) => sum + one, 0)).toBeLessThan(4 * 3600);
  });

  it("asks for the same measurements and moments wherever it names a run", () => {
    const wanted = new Map<string, string>();
    for (const run of crhStudies.flatMap((study) => study.runs("small"))) {
      const asks = JSON.stringify([run.measured ?? null, run.keepsMoments ?? false]);
      expect(wanted.get(keyOf(run)) ?? asks).toBe(asks);
      wanted.set(keyOf(run), asks);
    }
  });

  it("has three seeds or more of cheap settings", () => {
    for (const study of [named(8), named(16), named(17), named(18), named(20), choicesStudy]) {
      const families = study.runs("small").map(({ label }) => label.replace(/, seed \d+$/, ""));
      for (const family of families) expect(families.filter((one) => one === family).length).toBeGreaterThanOrEqual(3);
    }
  });
});

describe("claims about single runs over seeds", () => {
  const asked = { figure: "Eq. 10", name: "row", statement: "said" };
  const run = (seed: number, leader: "rwa" | "rga") =>
    plantedNetwork({
      ...{ label: "decay", seed, parameters: { decay: 1e-6 } },
      snapshots: plantedChain(6, (_, side, relation) => (relation === (side === "a" ? "gwa" : leader) ? 0.95 : 0.6)),
    });

  it("hold where every run says so, do not where none does, and are undecided where runs differ", () => {
    const row = (leaders: readonly ("rwa" | "rga")[]) =>
      judged(asked, readRuns(leaders.map((leader, seed) => run(seed, leader))), strongestAtSmallDecay);
    expect(row(["rwa", "rwa"])).toMatchObject({ verdict: "holds", number: "2 of 2 runs", count: 2, value: 1 });
    expect(row(["rga", "rga"])).toMatchObject({ verdict: "does not hold", number: "0 of 2 runs" });
    expect(row(["rwa", "rga"])).toMatchObject({
      verdict: "undecided",
      because: "the seeds disagree: it holds in 1 of 2 runs",
    });
    expect(judged(asked, [], strongestAtSmallDecay)).toMatchObject({ verdict: "undecided", value: null });
  });
});

describe("fully connected networks", () => {
  const scatter = (seed: number) => 0.001 * seed;
  const fc2 = (decay: number, shown: Shown, rank?: (layer: number) => number) =>
    seeds.map((seed) =>
      plantedNetwork({
        ...{ label: `decay ${decay}`, seed, parameters: { decay } },
        snapshots: plantedChain(6, (...at) => shown(...at) - scatter(seed), rank),
        ...(seed === 0 && { moments: plantedMoments(["layers.0", "layers.1", "layers.2"], 6) }),
      }),
    );
  const leads: Shown = (_, side, relation) => (relation === (side === "a" ? "gwa" : "rwa") ? 0.97 : 0.7);

  it("crh/8 holds where all six are strong at large decay, and forward RWA and backward GWA lead at small", () => {
    const found = verdicts(8, [...fc2(1e-4, () => 0.96), ...fc2(1e-6, leads)]);
    expect(found).toMatchObject({
      "all six at large decay": "holds",
      "least of the six medians": "holds",
      "one of each side, decay 1e−6": "holds",
      "Eq. 10, decay 1e−6": "holds",
      "backward (a) RGA leads": "does not hold",
    });
  });

  it("crh/8 does not where the two are changed about", () => {
    const found = verdicts(8, [...fc2(1e-4, leads), ...fc2(1e-6, () => 0.6)]);
    expect(found).toMatchObject({
      "all six at large decay": "does not hold",
      "least of the six medians": "does not hold",
      "one of each side, decay 1e−6": "does not hold",
    });
  });

  it("crh/2 looks at the map before the last, and draws it", () => {
    expect(
      verdicts(
        2,
        fc2(1e-4, (layer) => (layer === 4 ? 0.95 : 0.3)),
      ),
    ).toEqual({ forward: "holds", backward: "holds" });
    expect(
      verdicts(
        2,
        fc2(1e-4, (layer) => (layer === 4 ? 0.3 : 0.95)),
      ),
    ).toEqual({
      forward: "does not hold",
      backward: "does not hold",
    });
    expect(
      named(2).evaluate(
        fc2(1e-4, () => 0.9),
        small,
      ).figures,
    ).toHaveLength(1);
  });

  it("crh/4 is about the order of ranks and RGA", () => {
    const shown: Shown = (layer) => 0.5 + 0.08 * layer;
    const runs = (sign: number) => [
      ...fc2(1e-4, shown, (layer) => 5 - sign * layer * 0.7),
      ...fc2(1e-6, shown, (layer) => 5.1 - sign * layer * 0.7),
    ];
    expect(new Set(Object.values(verdicts(4, runs(1))))).toEqual(new Set(["holds"]));
    expect(new Set(Object.values(verdicts(4, runs(-1))))).toEqual(new Set(["does not hold"]));
  });

  /** Runs of the sweep in which RGA is what one says of parameters and layer. */
  const sweep = (optimizer: "sgd" | "adam", rga: (p: Readonly<Record<string, number>>, layer: number) => number) =>
    sweepRuns("small", optimizer).map(({ label, seed, parameters }) => {
      const all = { width: 100, decay: 2e-5, batch: 100, ...parameters } as unknown as Record<string, number>;
      return plantedNetwork({
        ...{ label: label.replace(/, seed \d+$/, ""), seed, parameters: all },
        snapshots: plantedChain(5, (layer) => rga(all, layer) - scatter(seed)),
      });
    });

  it("crh/16 and /17 hold where RGA follows decay, batch and width as the paper says", () => {
    const decayed = (p: Readonly<Record<string, number>>) => 0.6 + 0.1 * Math.log10(p.decay! / 2e-5);
    const batched = (p: Readonly<Record<string, number>>, layer: number) =>
      0.05 * Math.log(p.batch! / 100) * (layer - 2.5);
    const sgd = verdicts(
      16,
      sweep("sgd", (p, layer) => decayed(p) + batched(p, layer)),
    );
    expect(new Set(Object.values(sgd))).toEqual(new Set(["holds"]));
    const wide = (p: Readonly<Record<string, number>>, layer: number) => 0.1 * Math.log(p.width! / 100) * (layer - 2.5);
    const adam = verdicts(
      17,
      sweep("adam", (p, layer) => decayed(p) + batched(p, layer) + wide(p, layer)),
    );
    expect(new Set(Object.values(adam))).toEqual(new Set(["holds"]));
  });

  it("crh/16 does not hold where nothing follows, or the other way round", () => {
    const found = verdicts(
      16,
      sweep(
        "sgd",
        (p, layer) => 0.6 - 0.1 * Math.log10(p.decay! / 2e-5) + 0.01 * layer * Math.log(p.width! / 100) * 10,
      ),
    );
    expect(found["larger decay, better alignment"]).toBe("not at this scale");
    expect(found.width).toBe("not at this scale");
  });

  it("crh/18 sees a tendency with depth, and an almost perfect layer that is lost again", () => {
    const depth = (hidden: number, shown: Shown) =>
      seeds.map((seed) =>
        plantedNetwork({
          ...{ label: `depth ${hidden}`, seed, parameters: { depth: hidden } },
          snapshots: plantedChain(hidden + 1, (...at) => shown(...at) - scatter(seed)),
        }),
      );
    const rising = verdicts(
      18,
      [6, 12].flatMap((hidden) => depth(hidden, (layer) => 0.97 - 0.03 * Math.max(0, 4 - layer))),
    );
    expect(rising).toMatchObject({
      "deeper is better, 6 layers": "holds",
      "almost perfect stays, 6 layers": "holds",
      "deeper is better, 12 layers": "holds",
      "almost perfect stays, 12 layers": "holds",
    });
    const deaf = depth(6, (layer) => 0.5 + 0.05 * layer).map((run) => ({
      ...run,
      metrics: () => [0, 1000].map((step) => ({ step, name: "eval/loss", value: 0.07 })),
    }));
    expect(verdicts(18, deaf)).toEqual({});
    expect(named(18).evaluate(deaf, small).notes.join(" ")).toContain("depth 6, seed 2: left out");
    const lost = verdicts(
      18,
      depth(6, (layer) => (layer === 2 ? 0.98 : 0.6 - 0.01 * layer)),
    );
    expect(lost).toMatchObject({
      "deeper is better, 6 layers": "not at this scale",
      "almost perfect stays, 6 layers": "not at this scale",
    });
  });

  it("crh/7 reads diagonal and rest apart, and draws every hidden layer", () => {
    const runs = fc2(2e-5, () => 0.9);
    expect(new Set(Object.values(verdicts(7, runs)))).toEqual(new Set(["holds"]));
    expect(named(7).evaluate(runs, small).figures).toHaveLength(1);
    expect(
      new Set(
        Object.values(
          verdicts(
            7,
            fc2(2e-5, () => 0.3),
          ),
        ),
      ),
    ).toEqual(new Set(["not at this scale"]));
  });

  it("crh/20 counts exponents within 1/3 and 3, by both readings", () => {
    const runs = (value: number | null, sorted: number) =>
      seeds.map((seed) => {
        const snapshots = plantedChain(5, () => 0.5).map((snapshot) => ({
          ...snapshot,
          layers: snapshot.layers.map((layer) => {
            const one = plantedExponent(value, sorted);
            const side = { hg: one, hz: one, gz: one };
            const both = { a: side, b: side };
            return { ...layer, exponents: { paper: both, covariance: both, raw: both } };
          }),
        }));
        return plantedNetwork({ label: "tanh", seed, parameters: {}, snapshots });
      });
    expect(verdicts(20, runs(1, 2))).toEqual({
      "sorted eigenvalues": "holds",
      "along eigenvectors": "holds",
      "can be read": "holds",
    });
    expect(verdicts(20, runs(null, 4))).toEqual({
      "sorted eigenvalues": "not at this scale",
      "along eigenvectors": "undecided",
      "can be read": "not at this scale",
    });
  });

  it("crh/choices says for which choices all six are strong", () => {
    const runs = ["default", "φ 0.9"].flatMap((label, k) =>
      seeds.map((seed) =>
        plantedNetwork({ label, seed, snapshots: plantedChain(6, () => (k === 0 ? 0.95 : 0.4) - scatter(seed)) }),
      ),
    );
    expect(verdicts("choices", runs)).toEqual({ default: "holds", "φ 0.9": "not at this scale" });
    const { notes } = choicesStudy.evaluate(runs, small);
    expect(notes.join(" ")).toContain("Backward RGA, RWA, GWA 0.95, 0.95, 0.95");
  });
});

describe("attention heads", () => {
  const llm = (course: Parameters<typeof plantedCourse>[0]) => [
    plantedNetwork({ label: "llm", snapshots: plantedCourse(course).map((one) => ({ ...one, loss: { mean: 1 } })) }),
  ];

  it("crh/5 holds above the baselines, and not below", () => {
    expect(new Set(Object.values(verdicts(5, llm({ rga: 0.8 }))))).toEqual(new Set(["holds"]));
    const found = verdicts(5, llm({ rga: 0.3, others: 0.6, start: 0.5 }));
    expect(found["above both baselines"]).toBe("does not hold");
    expect(found["beyond other heads"]).toBe("not at this scale");
  });

  it("crh/9 and /10 read conventions and mean ratios of heads", () => {
    expect(verdicts(9, llm({ rga: 0.8 }))["as covariances"]).toBe("holds");
    expect(verdicts(10, llm({ rga: 0.8 }))).toMatchObject({ r_g: "not at this scale", r_h: "holds" });
  });

  it("crh/3 reads one exponent a layer of heads", () => {
    const runs = (slopes: readonly number[]) => {
      const snapshots = plantedCourse({}).map((snapshot) => {
        const heads = slopes.flatMap((slope, block) =>
          snapshot.layers.slice(0, 2).map((layer, head) => {
            const side = {
              hg: plantedExponent(slope, slope),
              hz: plantedExponent(null, 1),
              gz: plantedExponent(null, 1),
            };
            const both = { a: null, b: side };
            const values = Array.from({ length: 6 }, (_, i) => 10 ** (-i / 3));
            const spectrum = (power: number) => ({
              values: values.map((value) => value ** power),
              floor: 1e-6,
              dimension: 6,
            });
            const spectra = { paper: { a: null, b: { H: spectrum(slope), G: spectrum(1) } } };
            return {
              ...{ ...layer, name: `blocks.${block}.attn.MatMul_1[${head}]` },
              ...({ exponents: { paper: both, covariance: both, raw: both }, spectra } as object),
            };
          }),
        );
        return { ...snapshot, loss: { mean: 1 }, layers: heads as never };
      });
      return [plantedNetwork({ label: "llm", snapshots })];
    };
    expect(new Set(Object.values(verdicts(3, runs([3, 2, 1, 1]))))).toEqual(new Set(["holds"]));
    expect(verdicts(3, runs([1, 1, 3.4, 1]))).toEqual({
      "first: 3": "not at this scale",
      "second: 2": "not at this scale",
      "later: 1": "not at this scale",
      "falls with depth": "not at this scale",
      "within the predicted range": "not at this scale",
    });
  });

  it("crh/14 and /15 say what they cannot, with two layers of heads", () => {
    expect(verdicts(14, llm({}))).toEqual({ "same leading eigenvalues": "undecided", "third layer": "undecided" });
    expect(verdicts(15, llm({ rga: 0.95 }))["remains high"]).toBe("does not hold");
  });
});

describe("residual networks", () => {
  const aligned = (layer: string, share: number) =>
    0.2 + (layer.startsWith("fc") ? 0.75 : 0.6) * Math.min(1, 3 * share);
  const atRest = { change: () => 0 };
  const resnet = (label: string, snapshots: ReturnType<typeof plantedResNet>, parameters = {}) =>
    plantedNetwork({ label, parameters, snapshots, moments: resNetMoments() });

  it("crh/1, /11, /12, /19 hold where the last layers align, and draw before and after", () => {
    const runs = [resnet("res1", plantedResNet(aligned, atRest))];
    const untrained = resnet("after one step", plantedResNet(() => 0.2).slice(0, 1), { steps: 1 });
    expect(verdicts(1, runs)).toMatchObject({ "all six hold": "holds", early: "holds", "goes on improving": "holds" });
    expect(verdicts(11, [...runs, untrained])).toEqual({
      "alike at the end": "holds",
      "cov(h, h) near the identity": "holds",
      "cov(g, g) near the identity": "holds",
    });
    expect(
      named(11)
        .evaluate([...runs, untrained], small)
        .figures.map(({ name }) => name),
    ).toEqual(["untrained", "trained"]);
    expect(verdicts(12, [...runs, untrained])).toEqual({
      "alike at the end": "does not hold",
      "rose in training": "holds",
    });
    expect(verdicts(19, runs)).toMatchObject({ "rises in training": "holds" });
  });

  it("crh/1 does not hold where nothing aligns", () => {
    expect(
      verdicts(1, [
        resnet(
          "res1",
          plantedResNet(() => 0.3, atRest),
        ),
      ]),
    ).toMatchObject({
      "all six hold": "does not hold",
      early: "not at this scale",
    });
  });

  it("crh/21 follows the change of five layers", () => {
    const settling = resnet("res1", plantedResNet(aligned, { change: (share) => 10 ** (-2 * share) }));
    expect(verdicts(21, [settling])).toMatchObject({ falls: "holds" });
    expect(verdicts(21, [resnet("res1", plantedResNet(aligned, { change: () => 1 }))])).toMatchObject({
      falls: "does not hold",
    });
  });

  it("crh/6 and /13 compare blocks and fully connected layers without labels", () => {
    const runs = [resnet("res2", plantedResNet(aligned, { objective: "nt-xent" }))];
    expect(verdicts(6, runs)).toMatchObject({ "above the blocks": "holds" });
    expect(verdicts(13, runs)).toMatchObject({ "second block": "holds", "penultimate block": "holds" });
    const turned = (layer: string) => (layer.startsWith("fc") ? 0.4 : 0.9);
    expect(verdicts(6, [resnet("res2", plantedResNet(turned, { objective: "nt-xent" }))])).toMatchObject({
      "above the blocks": "not at this scale",
    });
  });
});
