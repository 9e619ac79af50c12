/**
 * @file The paper's claims on fully connected networks: both halves of Fig. 8, and Eq. 10. All are over the hidden
 * representations as in Fig. 8, side a of maps 1 to D and side b of maps 0 to D - 1; data and output are separate.
 */
import { type RelationName, relationNames } from "../../measure/phase/phaseTable.ts";
import type { Side } from "../../moments/moments.ts";
import { type HiddenMedians, hiddenMedians } from "../hiddenMedians.ts";
import { fixed } from "../numbers.ts";
import { type Finding, holds } from "../relationFindings.ts";
import { sideWord } from "../vocabulary.ts";
import { decayLimits, decayLimitWords, isLargeDecay, isSmallDecay } from "../weightDecay.ts";
import type { Tested } from "./claim.ts";
import { judged, kindOf, type Reading } from "./reading.ts";

const over = "hidden representations (side a of maps 1 to D, side b of maps 0 to D − 1), paper's convention";
const sides = ["a", "b"] as const satisfies readonly Side[];

/** Relations of hidden representations; undefined for other networks. */
function hiddenFindings(reading: Reading): Finding[] | undefined {
  const { hidden, findings } = reading;
  if (hidden === undefined || hidden.length === 0 || kindOf(reading) !== "fully connected") return undefined;
  return findings.filter((one) => hidden.some(({ layer, side }) => one.layer === layer && one.side === side));
}

/** Fig. 8, first half. */
export function allSixAtLargeDecay(reading: Reading): Tested | undefined {
  const found = hiddenFindings(reading);
  const medians = hiddenMedians(reading.last, "paper");
  if (!found || !medians || !isLargeDecay(reading.data.config?.decay)) return undefined;
  const rows = sides.flatMap((side) =>
    relationNames.map((relation) => {
      const own = found.filter((one) => one.side === side && one.relation === relation);
      return { side, relation, all: own.length, held: own.filter(holds).length };
    }),
  );
  const told = sides.map((side) => {
    const parts = rows
      .filter((row) => row.side === side)
      .map(({ relation, all, held }) => `${valueWords(medians[side], relation)} (${held} of ${all} hold)`);
    return `${sideWord[side]} ${parts.join(", ")}`;
  });
  return {
    figure: "Fig. 8",
    statement: "all six relations hold strongly at a large weight decay",
    measured: `each relation over the ${over}; the paper draws their median`,
    threshold: `each holds in more than half of them by ${judged}; large is a decay of at least ${powerOfTen(decayLimits.large)}, ${decayLimitWords}`,
    agrees: rows.every(({ all, held }) => all > 0 && 2 * held > all),
    numbers: `medians at decay ${String(reading.data.config!.decay)}: ${told.join("; ")}${apart(medians)}`,
  };
}

/** Fig. 8, second half. */
export function oneOfEachSide(reading: Reading): Tested | undefined {
  const found = hiddenFindings(reading);
  const medians = hiddenMedians(reading.last, "paper");
  if (!found || !medians) return undefined;
  const counts = sides.map((side) => {
    const own = reading.hidden!.filter((one) => one.side === side);
    const held = own.filter(({ layer }) => found.some((one) => one.layer === layer && one.side === side && holds(one)));
    return { side, all: own.length, held: held.length };
  });
  const told = [...counts].reverse().map(({ side, all, held }) => `a ${sideWord[side]} one in ${held} of ${all}`);
  return {
    figure: "Fig. 8",
    statement: "at least one forward and backward relation holds strongly",
    measured: `each of the ${over}, at any decay`,
    threshold: `a relation holds in every one of them by ${judged}`,
    agrees: counts.every(({ all, held }) => held === all),
    numbers: `${told.join(", ")}${apart(medians)}`,
  };
}

/** Eq. 10. */
export function strongestAtSmallDecay(reading: Reading): Tested | undefined {
  const medians = hiddenMedians(reading.last, "paper");
  if (!hiddenFindings(reading) || !medians || !isSmallDecay(reading.data.config?.decay)) return undefined;
  const known = sides.every((side) => relationNames.every((name) => medians[side][name] !== null));
  if (!known) return undefined;
  const leader = (side: Side) =>
    relationNames.reduce((best, name) => (medians[side][name]! > medians[side][best]! ? name : best));
  const told = sides.map(
    (side) => `${sideWord[side]} ${relationNames.map((name) => valueWords(medians[side], name)).join(", ")}`,
  );
  return {
    figure: "Eq. 10",
    statement: "at a small weight decay the strongest relations are forward RWA and backward GWA",
    measured: `medians over the ${over}`,
    threshold: `these two are the largest of their sides; small is a decay of at most ${powerOfTen(decayLimits.small)}, ${decayLimitWords}`,
    agrees: leader("b") === "rwa" && leader("a") === "gwa",
    numbers: `at decay ${String(reading.data.config!.decay)}: ${told.join("; ")}`,
  };
}

/** "RGA 0.96". */
function valueWords(values: Readonly<Record<RelationName, number | null>>, name: RelationName): string {
  const value = values[name];
  return `${name.toUpperCase()} ${value === null ? "–" : fixed(value, 2)}`;
}

/** Values at the two ends, which are not hidden representations. */
function apart({ data, output }: HiddenMedians): string {
  const told = (values: HiddenMedians["data"]) => relationNames.map((name) => valueWords(values, name)).join(", ");
  return `. Apart from these: data side ${told(data)}; output side ${told(output)}`;
}

/** A number with two digits, such as 3.2e-5: the limits are not round. */
function powerOfTen(value: number): string {
  return value.toExponential(1);
}
