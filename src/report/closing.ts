/**
 * @file The end of the page: notes, what was not measured, how to run it again.
 */
import { escapeText } from "../figures/escape.ts";
import { byStep, type ReportData } from "./reportData.ts";

/** Sources and chosen values, one line each. */
export function renderNotes({ notes }: ReportData): string {
  if (notes.length === 0) return "";
  return `<h3>Sources and chosen values</h3><ul>${notes.map((note) => `<li>${escapeText(note)}</li>`).join("")}</ul>`;
}

/** Parts of the model that could not be measured. */
export function renderSkipped({ snapshots }: ReportData): string {
  const skipped = byStep(snapshots).at(-1)?.skipped ?? [];
  if (skipped.length === 0) return "";
  const items = skipped.map(({ node, reason }) => `<li><code>${escapeText(node)}</code>: ${escapeText(reason)}</li>`);
  return `<h3>Not measured</h3><ul>${items.join("")}</ul>`;
}

/** The command that gives the same numbers again. */
export function renderReproduce({ info }: ReportData): string {
  const { crh, onnxruntime } = info.versions;
  return (
    `<pre>${escapeText(commandLine(info.argv))}</pre>` +
    `<p class="soft">With crh-lab ${escapeText(crh)}, ONNX Runtime ${escapeText(onnxruntime)}, seed ${info.seed} and the same number of threads every number comes out the same. ` +
    `The run folder <code>${escapeText(info.id)}</code> holds them: metrics.jsonl, snapshots/, config.json. Every figure has its picture and its numbers behind the buttons SVG and CSV.</p>`
  );
}

/** The arguments as a shell takes them; a leading interpreter and script are left out. */
export function commandLine(argv: readonly string[]): string {
  const own = /(^|[\\/])node(\.exe)?$/.test(argv[0] ?? "") ? argv.slice(2) : argv;
  return [
    "crh",
    ...own.map((word) => (/^[\w./:=@%+,-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`)),
  ].join(" ");
}
