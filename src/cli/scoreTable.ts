/** @file The score card of a study in the terminal. */
import { countWords, type ScoreRecord } from "../studies/scoreRecord.ts";
import type { ScoreRow } from "../studies/study.ts";
import { hasColour, type Io, widthOf } from "./io.ts";
import { type Column, dimmer, painter, renderTable, shorten, type Tone, wrap } from "./table.ts";

const tones: Record<ScoreRow["verdict"], Tone> = {
  holds: "holds",
  "does not hold": "lost",
  "not at this scale": "strong",
  "too early": "strong",
  undecided: "quiet",
};

const columns: readonly Column[] = [
  { header: "claim", shrinkTo: 18, shorten: (text, width) => shorten(text, width) },
  { header: "measured", align: "right", shrinkTo: 12 },
  { header: "wanted", shrinkTo: 12, dispensable: 1 },
  { header: "verdict" },
];

export function renderScore(record: ScoreRecord, folder: string, io: Io): string {
  const { study, title, statement, claims, notes } = record;
  const [width, colour] = [widthOf(io.stdout), hasColour(io.stdout, io.env)];
  const paint = painter(colour);
  const table = renderTable(
    columns,
    claims.map(({ name, number, limit, verdict }) => [name, number, limit, verdict]),
    { width, dim: dimmer(colour) },
  );
  const toned = table.split("\n").map((line, i) => {
    const claim = claims[i - 1];
    if (claim === undefined || !line.endsWith(claim.verdict)) return line;
    return `${line.slice(0, -claim.verdict.length)}${paint(tones[claim.verdict], claim.verdict)}`;
  });
  const list = notes.flatMap((note) => wrap(`- ${note}`, width));
  return [
    paint("bold", `${study}: ${title}`),
    ...wrap(statement, width),
    "",
    ...(claims.length > 0 ? toned : [""]),
    `${countWords(claims)}`,
    ...missingRuns(record).flatMap((line) => wrap(line, width).map((part) => paint("lost", part))),
    ...list,
    `${folder}/index.html`,
    "",
  ].join("\n");
}

/** "2 of 15 runs are missing (fc2, seed 3; fc2, seed 4): <why>". */
function missingRuns({ runs }: ScoreRecord): string[] {
  const missing = runs.filter(({ id }) => id === null);
  const reasons = new Set(missing.map(({ failure }) => failure));
  return [...reasons].map((reason) => {
    const labels = missing.filter(({ failure }) => failure === reason).map(({ label }) => label);
    const verb = labels.length === 1 ? "is" : "are";
    return `${labels.length} of ${runs.length} runs ${verb} missing (${labels.join("; ")}): ${reason}`;
  });
}
