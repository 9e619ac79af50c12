/**
 * @file index.md of all studies, with the statement, claims and figures of each: for a folder of studies kept beside
 * code.
 */
import { type IndexedStudy, inTheories } from "./indexPage.ts";
import { countWords, type ScoreRecord } from "./scoreRecord.ts";
import type { ScoreRow } from "./study.ts";

export function indexMarkdown(all: readonly IndexedStudy[]): string {
  const records = all.flatMap(({ done }) => (done === undefined ? [] : [done.record]));
  const lines = [
    "# Which claims of the papers were reproduced",
    "",
    "Written by `crh reproduce`. Numbers are means over seeds, with their 95 % interval where there are three or more;",
    "thresholds are this project's.",
    "",
    "| theory | studies done | claims |",
    "|---|---|---|",
    ...inTheories(all).map(({ heading, studies }) => {
      const done = studies.flatMap((one) => one.done?.record ?? []);
      return countRow(heading, studies.length, done);
    }),
    countRow("all", all.length, records),
    "",
    ...inTheories(all).flatMap(({ heading, studies }) => [`## ${heading}`, "", ...studies.flatMap(study)]),
  ];
  return `${lines.join("\n").trimEnd()}\n`;
}

function countRow(heading: string, studies: number, done: readonly ScoreRecord[]): string {
  const claims = done.flatMap((record) => record.claims);
  return `| ${heading} | ${done.length} of ${studies} | ${claims.length === 0 ? "" : countWords(claims)} |`;
}

function study({ study: { name, title, source, statement }, done }: IndexedStudy): string[] {
  const head = [`### ${name}: ${text(title)}`, ""];
  if (done === undefined) return [...head, `Not done: \`crh reproduce ${name}\`.`, ""];
  const { folder, record } = done;
  return [
    ...head,
    `${text(source)}. ${text(statement)}`,
    "",
    ...(record.claims.length === 0
      ? ["No claim could be judged."]
      : ["| claim | measured | wanted | verdict |", "|---|--:|---|---|", ...record.claims.map(row)]),
    "",
    ...missing(record),
    ...record.notes.map((note) => `- ${text(note)}`),
    ...(record.notes.length > 0 ? [""] : []),
    ...record.figures.flatMap((figure) => [
      `![${text(figure.caption)}](${folder}/${encodeURIComponent(figure.name)}.svg)`,
      "",
    ]),
    `\`crh reproduce ${name}${record.size === "small" ? "" : ` --size ${record.size}`}\`, ${record.runs.length} runs; ` +
      `[score.json](${folder}/score.json)`,
    "",
  ];
}

function row({ statement, number, limit, verdict }: ScoreRow): string {
  return `| ${[statement, number, limit, verdict].map((cell) => text(cell).replaceAll("|", "\\|")).join(" | ")} |`;
}

function missing({ runs }: ScoreRecord): string[] {
  const count = runs.filter(({ id }) => id === null).length;
  return count === 0 ? [] : [`${count} of ${runs.length} runs are missing; score.json says why.`, ""];
}

/** Text escaped so that Markdown shows it as it is. */
function text(words: string): string {
  return words.replaceAll(/[\\`*_[\]<>]/g, "\\$&").replaceAll("\n", " ");
}
