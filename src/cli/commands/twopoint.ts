/**
 * @file `crh twopoint`: solutions of the two-point theory, and its rates fitted to trajectories of a network
 * (docs/theory.md, The two-point theory).
 */
import { basename } from "node:path";
import { readLosses, readTrajectories } from "../../disk/trajectoryFile.ts";
import { suggestion } from "../../parameters/suggest.ts";
import { EXIT_FAILED, UsageError } from "../../runner/errors.ts";
import { type TwoPointSystem, twoPointSystems } from "../../twopoint/equations.ts";
import { fitLayers } from "../../twopoint/fitLayers.ts";
import { twoPointTheory } from "../../twopoint/theory.ts";
import { hasColour, type Io, widthOf } from "../io.ts";
import { dimmer } from "../table.ts";
import { renderFits, renderTheory } from "../twoPointTables.ts";

export interface TwoPointTheoryOptions {
  readonly json?: boolean;
  readonly system: TwoPointSystem;
}

export interface TwoPointFitOptions {
  readonly dx2: string;
  readonly dy2: string;
  /** Name of one layer. */
  readonly layer?: string;
  /** Name of one pair, where the file has several. */
  readonly pair?: string;
  /** File of losses. */
  readonly loss?: string;
  readonly fitStart: "auto" | "yes" | "no";
  readonly system: TwoPointSystem;
  readonly json?: boolean;
}

/**
 * chosen: values of a network of four layers of 100 (leaky ReLU, gain 0.6, rate 0.05), rounded; it is in the rich
 * regime and learns within the time.
 */
const DEFAULTS = { dx2: 1, dy2: 0.5, h0: 0.008, y0: 1e-5, etaH: 0.018, etaY: 0.04, time: 3000, points: 301 };

/** Keys of the assignments; w0 has no fixed default. */
const KEYS = [...Object.keys(DEFAULTS), "w0"];

/** Tolerance for numbers typed with at least six digits. */
const ROUNDING = 1e-5;

/** chosen: a file of some 100 MB. */
const MOST_POINTS = 1_000_000;

export function twoPointTheoryCommand(assignments: readonly string[], options: TwoPointTheoryOptions, io: Io): void {
  const given = parseAssignments(assignments);
  const { dx2, dy2, h0, y0, etaH, etaY, time, points } = { ...DEFAULTS, ...given };
  // for a single output that grows towards its target, (Y - w)^2 = Y Y*
  const w0 = given.w0 ?? y0 - Math.sqrt(Math.max(0, y0 * dy2));
  for (const [name, value] of Object.entries({ dx2, dy2, h0, etaH, etaY, time }))
    if (!(value > 0)) throw new UsageError(`twopoint theory: expected ${name} above 0, got ${value}; give another`);
  if (y0 < 0) throw new UsageError(`twopoint theory: expected y0 of at least 0, got ${y0}; it is a squared distance`);
  if (!Number.isInteger(points) || points < 2 || points > MOST_POINTS)
    throw new UsageError(
      `twopoint theory: expected a whole number of points from 2 to ${MOST_POINTS}, got ${points}; give another`,
    );
  const bound = Math.sqrt(y0 * dy2);
  if (!(Math.abs(y0 - w0) <= bound * (1 + ROUNDING) + ROUNDING * y0))
    throw new UsageError(
      `twopoint theory: expected w0 from ${y0 - bound} to ${y0 + bound}, got ${w0}; y0 - w0 is dy . dy*, at most |dy| |dy*|`,
    );
  const [constants, start] = [
    { dx2, dy2, etaH, etaY },
    { dh2: h0, dy2: y0, w: w0 },
  ];
  const times = Float64Array.from({ length: points }, (_, i) => (time * i) / (points - 1));
  const found = twoPointTheory(constants, start, times, { system: options.system });
  if (options.json === true) {
    const { t, dh2, dy2: distances, w } = found;
    const document = { t: [...t], dh2: [...dh2], dy2: [...distances], w: [...w] };
    io.stdout.write(`${JSON.stringify(document)}\n`);
  } else io.stdout.write(renderTheory(constants, start, found, look(io)));
}

type Assignments = Partial<Record<keyof typeof DEFAULTS | "w0", number>>;

/** @throws UsageError in one line for anything but key=number, an unknown key, or a key given twice */
function parseAssignments(assignments: readonly string[]): Assignments {
  const given = new Map<string, number>();
  for (const text of assignments) {
    const at = text.indexOf("=");
    const [key, value] = [text.slice(0, at), text.slice(at + 1)];
    if (at < 1) throw new UsageError(`twopoint theory: expected key=value, got "${text}"; for instance etaH=0.02`);
    const known = KEYS.find((name) => name.toLowerCase() === key.toLowerCase());
    if (known === undefined)
      throw new UsageError(`twopoint theory: expected a parameter, got "${key}"${suggestion(key, KEYS)}`);
    if (given.has(known)) throw new UsageError(`twopoint theory: expected ${known} once, got it twice; give it once`);
    given.set(known, numberFrom(value, "twopoint theory", known));
  }
  return Object.fromEntries(given);
}

function numberFrom(text: string, where: string, name: string): number {
  const value = text.trim() === "" ? Number.NaN : Number(text);
  if (!Number.isFinite(value))
    throw new UsageError(`${where}: expected ${name} to be a number, got "${text}"; for instance ${name}=0.02`);
  return value;
}

function positive(text: string, name: "dx2" | "dy2"): number {
  const value = text.trim() === "" ? Number.NaN : Number(text);
  if (!(value > 0 && value < Number.POSITIVE_INFINITY))
    throw new UsageError(
      `twopoint fit: expected --${name} above 0, got "${text}"; it is the squared distance of the two ${name === "dx2" ? "inputs" : "targets"}`,
    );
  return value;
}

/** @returns exit code 1 if a layer could not be fitted; its line is on stderr, the others are printed */
export function twoPointFitCommand(file: string, options: TwoPointFitOptions, io: Io): number {
  const [dx2, dy2] = [positive(options.dx2, "dx2"), positive(options.dy2, "dy2")];
  const all = readTrajectories(file, options.pair);
  const chosen = options.layer === undefined ? all : all.filter(({ layer }) => String(layer) === options.layer);
  if (chosen.length === 0) {
    const names = all.map(({ layer }) => String(layer));
    throw new UsageError(
      `twopoint fit: expected a layer of ${basename(file)}, got "${options.layer}"${suggestion(options.layer!, names)}`,
    );
  }
  const loss = options.loss === undefined ? {} : { loss: readLosses(options.loss) };
  const fitStart = { auto: "auto", yes: true, no: false }[options.fitStart] as "auto" | boolean;
  const layers = fitLayers(chosen, { dx2, dy2, fitStart, system: options.system, ...loss });
  const bad = layers.filter(({ status }) => status === "unusable");
  const lines = bad.map(({ doubt }) => `${basename(file)}, ${doubt}`);
  if (bad.length === layers.length) throw new RangeError(lines[0]!);
  io.stdout.write(options.json === true ? `${JSON.stringify({ layers })}\n` : renderFits(layers, look(io)));
  for (const line of lines) io.stderr.write(`crh twopoint fit: ${line}\n`);
  return bad.length > 0 ? EXIT_FAILED : 0;
}

function look(io: Io): { width: number; dim: (text: string) => string } {
  return { width: widthOf(io.stdout), dim: dimmer(hasColour(io.stdout, io.env)) };
}

/** Help text in addition to the options. */
export const theoryHelp = `
Parameters, in either case of letters:
  dx2, dy2     squared distances of the two inputs and of the two targets (default: ${DEFAULTS.dx2}, ${DEFAULTS.dy2})
  h0, y0       those of the representations and outputs at the start (${DEFAULTS.h0}, ${DEFAULTS.y0})
  w0           y0 - dy . dy* at the start (one output that grows: y0 - sqrt(y0 dy2))
  etaH, etaY   effective rates per step (${DEFAULTS.etaH}, ${DEFAULTS.etaY})
  time, points steps, and how many points of them are given (${DEFAULTS.time}, ${DEFAULTS.points})
Systems: ${twoPointSystems.join(", ")}

Example:
  crh twopoint theory h0=0.01 y0=0.001 etaH=0.02 etaY=0.05 time=1000
`;
