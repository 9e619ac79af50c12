/**
 * @file The head of the page: what was run, when, with which versions and parameters.
 */
import { escapeText } from "../figures/escape.ts";
import { dateTime, duration, grouped } from "./numbers.ts";
import type { ReportData } from "./reportData.ts";

/** Title, status and facts as escaped HTML. */
export function renderHeader({ info }: ReportData): string {
  const { crh, node, onnxruntime } = info.versions;
  const facts: [string, string | undefined][] = [
    ["seed", String(info.seed)],
    ["steps", info.step === info.steps ? grouped(info.steps) : `${grouped(info.step)} of ${grouped(info.steps)}`],
    ["started", dateTime(info.startedAt)],
    ["took", info.durationMs === undefined ? undefined : duration(info.durationMs)],
    ["speed", info.stepsPerSecond === undefined ? undefined : `${grouped(Math.round(info.stepsPerSecond))} steps/s`],
    ["versions", `crh-lab ${crh}, ONNX Runtime ${onnxruntime}, Node ${node.replace(/^v/, "")}`],
  ];
  const status = `<span class="status ${escapeText(info.status)}">${escapeText(info.status)}</span>`;
  return (
    `<header><div class="top"><p class="eyebrow">crh-lab report</p><button type="button" id="theme" hidden>Theme: auto</button></div>` +
    `<h1>${escapeText(info.setting)}</h1><p class="eyebrow"><code>${escapeText(info.id)}</code> ${status}</p>` +
    `<dl class="facts">${facts.map(([name, value]) => (value === undefined ? "" : `<div${name === "versions" ? ` class="broad"` : ""}><dt>${name}</dt><dd>${escapeText(value)}</dd></div>`)).join("")}</dl>` +
    `<nav aria-label="Contents"><a href="#summary">Summary</a><a href="#alignments">Alignments</a><a href="#figures">Figures</a><a href="#parameters">Parameters</a><a href="#reproduce">Reproduce</a></nav></header>`
  );
}

/** Every resolved parameter, in the order of config.json. */
export function renderParameters({ config }: ReportData): string {
  const rows = Object.entries(config).map(
    ([key, value]) => `<div><dt>${escapeText(key)}</dt><dd>${escapeText(parameterText(value))}</dd></div>`,
  );
  return rows.length > 0
    ? `<dl class="config">${rows.join("")}</dl>`
    : `<p class="missing">The run recorded no parameters.</p>`;
}

function parameterText(value: unknown): string {
  return typeof value === "string" ? value : (JSON.stringify(value) ?? String(value));
}
