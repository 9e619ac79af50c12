/**
 * @file Terminal, report and `crh explain` say the same of the same number: whatever sentence or cell names a relation
 * is held against `judge` on the numbers of the snapshot, in the convention that it names.
 */
import { describe, expect, test } from "vitest";
import { errorText } from "../../src/findings/sentences.ts";
import { relationWord } from "../../src/findings/vocabulary.ts";
import { type Judgement, judge, type Verdict, verdicts } from "../../src/measure/alignment/judge.ts";
import { type RelationName, relationNames } from "../../src/measure/phase/phaseTable.ts";
import type { AlignmentValue, Convention } from "../../src/measure/snapshot.ts";
import { conventions, isMap, type Side } from "../../src/moments/moments.ts";
import { type Counted, type Read, readExplain, readReport, readTerminal, type Said } from "./faces.ts";
import { type Planted, plantedFive, plantedTwo } from "./plantedVerdicts.ts";

interface Truth {
  layer: string;
  side: Side;
  relation: RelationName;
  convention: Convention;
  last: AlignmentValue;
  first: AlignmentValue | undefined;
  judgement: Judgement;
}

/** Every relation that the last measurement has, judged. */
function truthOf({ final, initial }: Planted): Truth[] {
  return final.layers.flatMap((layer) =>
    conventions.flatMap((convention) =>
      (["a", "b"] as const).flatMap((side) =>
        relationNames.flatMap((relation): Truth[] => {
          const last = layer.alignment[convention][side]?.[relation];
          if (!last || (!isMap(layer) && relation !== "rga")) return [];
          const before = initial?.layers.find(({ name }) => name === layer.name);
          const first = before?.alignment[convention][side]?.[relation];
          const judgement = judge(last, { start: first, dead: layer.dead !== undefined });
          return [{ layer: layer.name, side, relation, convention, last, first, judgement }];
        }),
      ),
    ),
  );
}

const keyOf = ({ layer, side, relation, convention }: Pick<Truth, "layer" | "side" | "relation" | "convention">) =>
  `${layer} ${side}.${relation} ${convention}`;

/** chosen: what the colours of the terminal mean, once more. */
const toneOf: Partial<Record<Verdict, string>> = {
  ...{ formed: "holds", holds: "holds", kept: "strong", weakened: "strong", near: "strong", lost: "lost" },
  ...{ absent: "quiet", "by-chance": "quiet", dead: "quiet", undefined: "quiet" },
};

/** The fields of `said` as they have to be. */
function expected(said: Said, { last, first, judgement }: Truth): Partial<Said> {
  const shown = said.value !== undefined;
  const digits = (value: number | null | undefined, count: number) =>
    value == null ? undefined : value.toFixed(count);
  return {
    ...("holds" in said && { holds: judgement.holds }),
    ...("verdict" in said && { verdict: judgement.verdict }),
    ...("tone" in said && { tone: toneOf[judgement.verdict] ?? "" }),
    ...("value" in said && { value: digits(last.value, 3) }),
    ...("error" in said && { error: last.noise === null || !shown ? undefined : errorText(last.noise) }),
    ...("chance" in said && { chance: digits(last.null, 2) }),
    ...("start" in said && { start: shown ? digits(first?.value, 2) : undefined }),
  };
}

/** What was said with plain minus signs and errors written as in sentences. */
function plain(said: Said): Partial<Said> {
  const { layer: _l, side: _s, relation: _r, convention: _c, ...rest } = said;
  const sign = (text: string | undefined) => text?.replace("−", "-");
  const error = rest.error === undefined ? undefined : errorText(Number(rest.error.replace("−", "-")));
  return {
    ...rest,
    ...("value" in rest && { value: sign(rest.value) }),
    ...("chance" in rest && { chance: sign(rest.chance) }),
    ...("start" in rest && { start: sign(rest.start) }),
    ...("error" in rest && { error }),
  };
}

/** Every statement agrees with the truth; `of`: those conventions have a statement for every relation. */
function agrees({ said, counted }: Read, truth: readonly Truth[], of: readonly Convention[]): void {
  const byKey = new Map(truth.map((one) => [keyOf(one), one]));
  for (const one of said) {
    const known = byKey.get(keyOf(one));
    expect(known, `${keyOf(one)} is measured`).toBeDefined();
    expect({ key: keyOf(one), ...plain(one) }).toEqual({ key: keyOf(one), ...expected(one, known!) });
  }
  const spoken = new Set(said.map(keyOf));
  const missing = truth.filter((one) => of.includes(one.convention) && !spoken.has(keyOf(one)));
  expect(missing.map(keyOf)).toEqual([]);
  for (const one of counted) expect(one).toEqual(countOf(truth, one.convention));
}

function countOf(truth: readonly Truth[], convention: Convention): Counted {
  const own = truth.filter((one) => one.convention === convention);
  const alive = own.filter(({ judgement }) => judgement.verdict !== "dead" && judgement.verdict !== "undefined");
  return { convention, holding: own.filter(({ judgement }) => judgement.holds).length, of: alive.length };
}

describe.each([...plantedFive, ...plantedTwo])("$title", (planted) => {
  const truth = truthOf(planted);

  test.each(conventions)("terminal, %s", (convention) => {
    const read = readTerminal(planted, convention);
    agrees(read, truth, [convention]);
    expect(read.counted).toHaveLength(1);
  });

  test("explain", () => {
    const { named, ...read } = readExplain(planted);
    agrees(read, truth, ["paper", "covariance"]);
    for (const { layer, holding } of named) {
      const own = truth.filter((one) => one.layer === layer && one.convention === "paper" && one.judgement.holds);
      expect({ layer, holding }).toEqual({
        layer,
        holding: own.map(({ side, relation }) => relationWord(side, relation)),
      });
    }
  });

  test("report", () => {
    const { strips, tables, summary, verdicts: told, finding } = readReport(planted);
    agrees(strips, truth, ["paper"]);
    agrees(tables, truth, conventions);
    agrees(summary, truth, []);
    expect(summary.counted.map(({ convention }) => convention)).toEqual(["paper", "covariance", "raw"]);
    expect(finding).toBe(countOf(truth, "paper").holding);
    const maps = new Set(planted.final.layers.filter(isMap).map(({ name }) => name)); // heads have a sentence of their own
    const failing = truth.filter(
      ({ layer, convention, judgement, last }) =>
        maps.has(layer) && convention === "paper" && !judgement.holds && last.value !== null,
    );
    // Few are told one by one, of more how many there are of each verdict.
    if (told.length === 0) expect(summary.said.map(keyOf).sort()).toEqual(failing.map(keyOf).sort());
    const ofVerdict = (verdict: Verdict) => failing.filter(({ judgement }) => judgement.verdict === verdict).length;
    for (const { verdict, count } of told) expect({ verdict, count }).toEqual({ verdict, count: ofVerdict(verdict) });
    expect(told.reduce((sum, { count }) => sum + count, summary.said.length)).toBe(failing.length);
  });
});

test("the planted measurements have every verdict, by the paper's convention and by covariances", () => {
  const truth = [...plantedFive, ...plantedTwo].flatMap(truthOf);
  for (const convention of ["paper", "covariance"] as const) {
    const found = new Set(
      truth.filter((one) => one.convention === convention).map(({ judgement }) => judgement.verdict),
    );
    expect(verdicts.filter((verdict) => !found.has(verdict))).toEqual([]);
  }
});
