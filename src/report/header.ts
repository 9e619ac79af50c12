/**
 * @file The head of the page, and its foot: what was run or measured, when, with which versions and parameters.
 */

import { escapeText } from "../figures/escape.ts";
import { brief, dateTime, duration, fixed, grouped, listed } from "../findings/numbers.ts";
import { byStep } from "../findings/relationFindings.ts";
import {
  type AnalysisInfo,
  isAnalysis,
  layersInWords,
  type ReportData,
  type RunReport,
  trained,
} from "./reportData.ts";

interface Fact {
  readonly name: string;
  readonly value: string | undefined;
  /** Takes the width of two facts, or a line of its own. */
  readonly room?: "broad" | "whole";
}

/** The subject of the page in two lines. */
export function renderHeader(data: ReportData): string {
  const { eyebrow, title } = headOf(data);
  return (
    `<header><div class="top"><p class="eyebrow">${eyebrow}</p><button type="button" id="theme" hidden>Theme: auto</button></div>` +
    `<h1>${escapeText(title)}</h1></header>`
  );
}

/** What was run or measured, when and with what: the foot of the page. */
export function renderFacts(data: ReportData): string {
  const { facts } = headOf(data);
  const definitions = facts
    .filter(({ value }) => value !== undefined)
    .map(
      ({ name, value, room }) =>
        `<div${room ? ` class="${room}"` : ""}><dt>${name}</dt><dd>${escapeText(value ?? "")}</dd></div>`,
    );
  return `<dl class="facts">${definitions.join("")}</dl>`;
}

function headOf(data: ReportData): Head {
  if (isAnalysis(data)) return analysisHead(data, data.analysis);
  return data.series === undefined ? runHead(data) : analysisHead(data, data.series);
}

interface Head {
  /** HTML. */
  readonly eyebrow: string;
  readonly title: string;
  readonly facts: readonly Fact[];
}

function runHead({ info, config }: RunReport): Head {
  const facts: [string, string | undefined][] = [
    ["preset", typeof config.preset === "string" ? config.preset : undefined],
    ["seed", String(info.seed)],
    ["batch", batchInParts(config)],
    ["steps", info.step === info.steps ? grouped(info.steps) : `${grouped(info.step)} of ${grouped(info.steps)}`],
    ["started", dateTime(info.startedAt)],
    ["took", info.durationMs === undefined ? undefined : duration(info.durationMs)],
    ["speed", info.stepsPerSecond === undefined ? undefined : `${rate(info.stepsPerSecond)} steps/s`],
  ];
  const status = `<span class="status ${escapeText(info.status)}">${escapeText(info.status)}</span>`;
  return {
    eyebrow: `crh-lab report · <code>${escapeText(info.id)}</code> ${status}`,
    title: info.setting,
    facts: [...facts.map(([name, value]) => ({ name, value })), versionsFact(info.versions)],
  };
}

/** How a batch is split into parts, where the run chose it. */
function batchInParts({ batch, accumulate }: RunReport["config"]): string | undefined {
  if (typeof batch !== "number" || typeof accumulate !== "number" || accumulate < 2) return undefined;
  return `${grouped(batch)} in ${accumulate} parts`;
}

function analysisHead({ snapshots }: ReportData, analysis: AnalysisInfo): Head {
  const steps = new Set(snapshots.map(({ step }) => step)).size;
  const last = byStep(snapshots).at(-1);
  const { model, initial, inputs, targets, captures, plannedSamples, measuredAt, durationMs, versions } = analysis;
  const planned = plannedSamples === undefined ? "" : ` of ${grouped(plannedSamples)}`;
  const facts: [string, string | undefined][] = [
    [steps > 1 ? "models" : "model", model],
    ["before training", initial],
    ["inputs", filesInWords(inputs)],
    ["targets", filesInWords(targets)],
    ["read from", filesInWords(captures)],
    ["objective", last?.objective],
    ["samples", last && `${grouped(last.samples)}${planned}`],
    ["loss", last?.loss.mean == null ? undefined : brief(last.loss.mean)],
    ["accuracy", last?.accuracy === undefined ? undefined : `${fixed(last.accuracy * 100, 2)} %`],
    ["step", last && last.step > 0 ? grouped(last.step) : undefined],
    ["layers", last && layersInWords(last.layers)],
    ["measured", dateTime(measuredAt)],
    ["took", durationMs === undefined ? undefined : duration(durationMs)],
  ];
  return {
    eyebrow: `crh-lab report of ${steps > 1 ? `${steps} checkpoints` : "one measurement"}`,
    title: analysis.title,
    facts: [
      ...facts.map(
        ([name, value]): Fact => ((value?.length ?? 0) > 24 ? { name, value, room: "broad" } : { name, value }),
      ),
      versionsFact(versions),
    ],
  };
}

function filesInWords(files: readonly string[] = []): string | undefined {
  if (files.length === 0) return undefined;
  return files.length > 4 ? `${files.slice(0, 3).join(", ")} and ${files.length - 3} more` : listed(files);
}

function versionsFact({ crh, node, onnxruntime }: RunReport["info"]["versions"]): Fact {
  return {
    name: "versions",
    value: `crh-lab ${crh}, ONNX Runtime ${onnxruntime}, Node ${node.replace(/^v/, "")}`,
    room: "whole",
  };
}

/**
 * Every resolved parameter or option, in the order given, without those listed among the facts and those that were not
 * used.
 */
export function renderParameters(data: ReportData): string {
  const { smaller: _, ...config } = data.config; // follows from the others
  const told = !trained(data) ? ["setting"] : ["setting", "preset", "seed", "batch", "accumulate", "steps"];
  const left = new Set([...told, ...unread(config)]);
  const own = Object.entries(config).filter(([key, value]) => !left.has(key) && !isRecord(value));
  const rows = own.map(([key, value]) => {
    const note = noteOf(data, key);
    return `<div><dt>${escapeText(key)}</dt><dd>${escapeText(parameterText(value))}</dd>${note === undefined ? "" : `<dd class="meaning">${escapeText(note)}</dd>`}</div>`;
  });
  const idle = unread(config).filter((key) => key in config);
  const note =
    idle.length > 0 ? `<p class="soft note">Not used with these choices: ${escapeText(listed(idle))}.</p>` : "";
  const explained = Object.keys(config).some((key) => noteOf(data, key) !== undefined);
  return Object.keys(config).length > 0
    ? `<dl class="config${explained ? " explained" : ""}">${rows.join("")}</dl>${note}${carriedOut(config)}`
    : !trained(data)
      ? ""
      : `<p class="missing">The run recorded no parameters.</p>`;
}

/** Execution options that were set; they change no result. */
function carriedOut(config: Record<string, unknown>): string {
  const rows = Object.values(config)
    .filter(isRecord)
    .flatMap((values) => Object.entries(values).filter(([, value]) => value !== null && value !== undefined))
    .map(([key, value]) => `<div><dt>${escapeText(key)}</dt><dd>${escapeText(parameterText(value))}</dd></div>`);
  return rows.length === 0 ? "" : `<h3>Execution options</h3><dl class="config">${rows.join("")}</dl>`;
}

/** The note on a parameter, which begins with it ("lr = 0.1: ..."): its meaning and the source of its value. */
function noteOf({ notes }: ReportData, key: string): string | undefined {
  const found = notes.find((note) => note.startsWith(`${key} = `));
  return found?.slice(found.indexOf(":") + 1).trim();
}

/** Notes on something other than a parameter. */
export function otherNotes({ notes, config }: ReportData): string[] {
  const keys = Object.keys(config);
  return notes.filter((note) => !keys.some((key) => note.startsWith(`${key} = `)));
}

/** Parameters that the chosen optimizer or schedule does not use (src/settings/sharedFields.ts). */
function unread({ optimizer, schedule, syre }: Record<string, unknown>): string[] {
  return [
    ...(syre === false ? ["syreSize", "syreSpread"] : []),
    ...(optimizer === "sgd" ? ["beta1", "beta2", "epsilon"] : []),
    ...(optimizer === "adam" || optimizer === "adamw" ? ["momentum", "nesterov"] : []),
    ...(schedule === "constant" || schedule === "cosine" ? ["period", "factor"] : []),
  ];
}

/** Execution options are in the object `run`; those that were not set are null. */
function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function parameterText(value: unknown): string {
  return typeof value === "string" ? value : (JSON.stringify(value) ?? String(value));
}

/** A rate as an integer, or with two digits where it is small. */
function rate(value: number): string {
  return value < 10 ? String(Number(value.toPrecision(2))) : grouped(Math.round(value));
}
