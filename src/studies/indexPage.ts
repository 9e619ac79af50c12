/**
 * @file The page of all studies: which of the papers' figures were reproduced, and which of their claims hold. One HTML
 * file without a script, beside the folders of the studies whose figures it shows.
 */
import { escapeText } from "../figures/escape.ts";
import { pageStyle } from "../report/pageStyle.ts";
import { countWords, type ScoreRecord } from "./scoreRecord.ts";
import type { ScoreRow, Study } from "./study.ts";
import { verdictClasses } from "./verdictClasses.ts";

const POLICY =
  "default-src 'none'; img-src 'self' file: data:; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'";
const OWN_STYLE = `
body{display:block}
.studies{display:grid;grid-template-columns:repeat(auto-fill,minmax(330px,1fr));gap:20px;align-items:start;list-style:none;padding:0}
.study{border:1px solid var(--line);border-radius:6px;padding:14px 16px;display:flex;flex-direction:column;gap:8px}
.study h3{margin:0;font-size:1rem}
.study p{margin:0}
.study img{width:100%;max-height:200px;object-fit:contain;object-position:left top;background:#fff;border-radius:3px}
.strip{display:grid;gap:4px;padding:0;margin:0;list-style:none}
.strip li{font-size:.8rem}
.todo{opacity:.75}`;

/** A study and its conclusions. */
export interface IndexedStudy {
  readonly study: Pick<Study, "name" | "title" | "source" | "statement">;
  /** Its folder beside the page, and its record; undefined if the study was not done. */
  readonly done?: { readonly folder: string; readonly record: ScoreRecord };
}

/** The theories, by the prefix of their studies' names. */
const theories: Readonly<Record<string, string>> = {
  crh: "The canonical representation hypothesis",
  twopoint: "The two-point theory of learning dynamics",
  symmetry: "Symmetry and noise",
};

/** The studies grouped by theory, in order. */
export function inTheories(all: readonly IndexedStudy[]): { heading: string; studies: readonly IndexedStudy[] }[] {
  const theoryOf = ({ study }: IndexedStudy) => study.name.split("/")[0]!;
  return [...new Set(all.map(theoryOf))].map((theory) => ({
    heading: theories[theory] ?? theory,
    studies: all.filter((one) => theoryOf(one) === theory),
  }));
}

export function indexPage(all: readonly IndexedStudy[]): string {
  const records = all.flatMap(({ done }) => (done === undefined ? [] : [done.record]));
  const claims = records.flatMap((record) => record.claims);
  const finding = `${countWords(claims)}, over ${records.length} of ${all.length} studies.`;
  return [
    `<!doctype html><html lang="en"><head><meta charset="utf-8">`,
    `<meta http-equiv="Content-Security-Policy" content="${POLICY}">`,
    `<meta name="viewport" content="width=device-width,initial-scale=1">`,
    `<meta name="color-scheme" content="light dark">`,
    `<title>Reproduction · crh-lab</title><style>${pageStyle}${OWN_STYLE}</style></head><body>`,
    `<header><p class="eyebrow">crh reproduce</p><h1>Which claims of the papers were reproduced</h1>`,
    `<p class="finding">${finding}</p></header><main>`,
    ...inTheories(all).map(({ heading, studies }) => {
      const blocks = studies.map(studyBlock);
      return `<section><h2>${escapeText(heading)}</h2><ul class="studies">${blocks.join("")}</ul></section>`;
    }),
    `<section><h2>Reproduce</h2><pre>crh reproduce</pre></section>`,
    "</main></body></html>",
  ].join("\n");
}

function studyBlock({ study, done }: IndexedStudy): string {
  const { name, title } = study;
  const eyebrow = `<p class="eyebrow">${escapeText(name)}${done ? `, size ${done.record.size}` : ""}</p>`;
  if (done === undefined)
    return (
      `<li class="study todo">${eyebrow}<h3>${escapeText(title)}</h3>` +
      `<p class="soft">Not done: <code>crh reproduce ${escapeText(name)}</code></p></li>`
    );
  const { folder, record } = done;
  const [figure] = record.figures;
  const path = encodeURIComponent(folder);
  const picture =
    figure === undefined
      ? ""
      : `<img loading="lazy" src="${path}/${encodeURIComponent(figure.name)}.svg" alt="${escapeText(figure.caption)}">`;
  const verdicts = record.claims.map(verdictItem).join("");
  return (
    `<li class="study">${eyebrow}<h3><a href="${path}/index.html">${escapeText(title)}</a></h3>${picture}` +
    (verdicts === "" ? `<p class="soft">No claim could be judged.</p>` : `<ul class="strip">${verdicts}</ul>`) +
    "</li>"
  );
}

function verdictItem({ name, number, verdict }: ScoreRow): string {
  const label = `<span class="verdict ${verdictClasses[verdict]}">${escapeText(verdict)}</span>`;
  return `<li>${label} ${escapeText(name)}: ${escapeText(number)}</li>`;
}
