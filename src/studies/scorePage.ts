/**
 * @file The page of a study: one HTML file that shows title, statement, figures, score card and runs. Without a script; a content security
 * policy lets nothing be loaded. The files of its figures lie beside it.
 */
import { escapeText } from "../figures/escape.ts";
import { duration } from "../findings/numbers.ts";
import { pageStyle } from "../report/style.ts";
import { countWords, type ScoredRun, type ScoreRecord } from "./scoreRecord.ts";
import type { ScoreRow, StudyFigure } from "./study.ts";

const POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'";
const classes: Record<ScoreRow["verdict"], string> = {
  holds: "good",
  "does not hold": "bad",
  "not at this scale": "open",
  "too early": "open",
  undecided: "open",
};

/** A run with what it took, where that is known. */
export interface TimedRun extends ScoredRun {
  readonly durationMs?: number | undefined;
}

export function scorePage(record: ScoreRecord, figures: readonly StudyFigure[], runs: readonly TimedRun[]): string {
  const { title, study, source, statement, claims, notes, size } = record;
  const note = notes.map((text) => `<li>${escapeText(text)}</li>`).join("");
  return [
    `<!doctype html><html lang="en"><head><meta charset="utf-8"><meta http-equiv="Content-Security-Policy" content="${POLICY}">`,
    `<meta name="viewport" content="width=device-width,initial-scale=1"><meta name="color-scheme" content="light dark">`,
    `<title>${escapeText(title)} · crh-lab</title><style>${pageStyle}\nbody{display:block}.panels svg{width:auto}.panels:not(.one):not(.three){grid-template-columns:repeat(auto-fit,minmax(0,max-content))}</style></head><body>`,
    `<header><p class="eyebrow">${escapeText(study)}, size ${size}</p><h1>${escapeText(title)}</h1><p class="finding">${countWords(claims)}.</p></header><main>`,
    `<section><h2>What the paper says</h2><p>${escapeText(statement)}</p><p class="soft">${escapeText(source)}.</p></section>`,
    `<section><h2>Score card</h2>${scoreTable(claims)}</section>`,
    `<section><h2>Figures</h2>${figures.map(figureBlock).join("")}</section>`,
    note === "" ? "" : `<section><h2>Notes</h2><ul>${note}</ul></section>`,
    `<section><h2>Runs</h2>${runTable(runs)}</section>`,
    `<section><h2>Reproduce</h2><pre>crh reproduce ${escapeText(study)} --size ${size}</pre></section></main></body></html>`,
  ].join("\n");
}

function scoreTable(claims: readonly ScoreRow[]): string {
  if (claims.length === 0) return `<p class="missing">No claim could be judged.</p>`;
  const rows = claims.map(({ figure, statement, measured, threshold, verdict, numbers, because }) => {
    const reason = because === undefined ? "" : ` <small>${escapeText(because)}</small>`;
    return (
      `<tr><th scope="row">${escapeText(figure)}</th><td>${escapeText(statement)} <small>measured: ${escapeText(measured)}</small></td>` +
      `<td><span class="verdict ${classes[verdict]}">${verdict}</span>${reason}</td>` +
      `<td>${escapeText(numbers)} <small>wanted: ${escapeText(threshold)}</small></td></tr>`
    );
  });
  return (
    `<p class="soft">Thresholds are this project's. Numbers are means over seeds, with their 95 % interval where there are three or more.</p>` +
    `<table class="claims"><thead><tr><th scope="col">figure</th><th scope="col">claim</th><th scope="col">here</th><th scope="col">from</th></tr></thead><tbody>${rows.join("")}</tbody></table>`
  );
}

function figureBlock({ name, caption, figure }: StudyFigure, index: number): string {
  const legend = figure.legend === undefined ? "" : `<div class="legend">${figure.legendParts.join("")}</div>`;
  const column = figure.columns === 1 ? " one" : figure.columns === 3 ? " three" : "";
  return (
    `<figure><h3>Figure ${index + 1}</h3>${legend}<div class="panels${column}">${figure.panels.join("")}</div>` +
    `<figcaption><p>${escapeText(caption)}</p><p><a href="${name}.svg">${name}.svg</a> · <a href="${name}.csv">${name}.csv</a></p></figcaption></figure>`
  );
}

function runTable(runs: readonly TimedRun[]): string {
  const rows = runs.map(
    ({ label, id, failure, command, durationMs }) =>
      `<tr><th scope="row">${escapeText(label)}</th><td>${id === null ? escapeText(failure ?? "not done") : `<code>${escapeText(id)}</code>`}</td>` +
      `<td>${durationMs === undefined ? "" : duration(durationMs)}</td><td><code>${escapeText(command)}</code></td></tr>`,
  );
  const total = runs.reduce((sum, { durationMs }) => sum + (durationMs ?? 0), 0);
  return (
    `<p class="soft">${runs.length} ${runs.length === 1 ? "run" : "runs"}, ${duration(total)} of training and measuring together.</p>` +
    `<div class="wide"><table class="claims"><thead><tr><th scope="col">run</th><th scope="col">folder</th><th scope="col">time</th><th scope="col">command</th></tr></thead><tbody>${rows.join("")}</tbody></table></div>`
  );
}
