/**
 * @file How far from stationary a run is, in the first sentence of its summary. The theory describes the stationary
 * state; a run far from it may still reach the predicted values.
 */
import { median } from "../measure/median.ts";
import { type Course, constantLoss, lossChange, rateAtZero, representationChanges, stillFalls } from "./lastHalf.ts";
import { grouped, listed } from "./numbers.ts";
import { byStep } from "./relationFindings.ts";

/**
 * "How far from stationary: residual 110 over a floor of 7.0 (..); loss still falling, by 26 % over the last half of
 * the steps; representations changed by 14 % since step 45,204 (paper's convention)."
 *
 * @returns "" where nothing was trained or recorded
 */
export function stationaritySentence(course: Course): string {
  const parts = [...residualWords(course), ...lossWords(course), ...changeWords(course)];
  if (parts.length === 0) return "";
  const rate = rateAtZero(course) ? "; the learning rate is zero, where nothing changes" : "";
  const text = `${parts.join("; ")}${rate}.`;
  return `How far from stationary: ${text}`;
}

function residualWords({ snapshots }: Course): string[] {
  const known = (byStep(snapshots).at(-1)?.layers ?? []).flatMap(({ dead, residuals }) =>
    dead === undefined && residuals ? [residuals.stationarity] : [],
  );
  const value = median(known.map((one) => one.value));
  const floor = median(known.map((one) => one.floor));
  if (value === null) return [];
  const over = floor === null ? "" : ` over a floor of ${significant(floor)}`;
  return [`residual ${significant(value)}${over} (Eq. 53, in units of γ|W|, median over layers)`];
}

function lossWords(course: Course): string[] {
  const found = lossChange(course);
  if (found === undefined) return [];
  const { change, of } = found;
  const size = Math.abs(change) < 0.005 ? "less than 1 %" : `${Math.round(100 * Math.abs(change))} %`;
  const name = of === "training" ? "loss" : "evaluation loss";
  const over = "over the last half of the steps";
  if (stillFalls(found)) return [`${name} still falling, by ${size} ${over}`];
  const stands = Math.abs(change) <= constantLoss ? "constant, " : "";
  return [`${name} ${stands}${change > 0 ? "up" : "down"} by ${size} ${over}`];
}

function changeWords({ snapshots }: Course): string[] {
  const last = representationChanges(snapshots)[0];
  const end = byStep(snapshots).at(-1)?.step;
  return last === undefined || last.step !== end
    ? []
    : [`representations changed by ${changeInWords(last)} since step ${grouped(last.since)} (paper's convention)`];
}

/** "3 %", "between 3 and 5 %". */
export function changeInWords({ least, most }: { least: number; most: number }): string {
  const [low, high] = [percent(least), percent(most)];
  return low === high ? `${low} %` : `between ${listed([low, high])} %`;
}

/** In percent, with one decimal below 10. */
export function percent(share: number): string {
  const value = 100 * share;
  return value < 9.95 ? value.toFixed(1) : String(Math.round(value));
}

/** Two digits: 110, 7.2, 0.031. */
function significant(value: number): string {
  const rounded = Number(value.toPrecision(2));
  if (rounded === 0) return "0";
  return rounded >= 1e4 || rounded < 1e-3
    ? value.toExponential(1).replace("e+", "e").replace("-", "−")
    : rounded >= 10
      ? String(rounded)
      : value.toPrecision(2);
}
