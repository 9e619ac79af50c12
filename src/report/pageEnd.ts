/**
 * @file The end of the page: notes, what was not measured, and how to reproduce it.
 */

import { escapeText } from "../figures/escape.ts";
import { grouped } from "../findings/numbers.ts";
import { byStep } from "../findings/relationFindings.ts";
import { otherNotes } from "./header.ts";
import { namedNodes } from "./namedNodes.ts";
import { isAnalysis, type ReportData, trained } from "./reportData.ts";

/** Sources and chosen values, one line each. */
export function renderNotes(data: ReportData): string {
  const notes = otherNotes(data);
  if (notes.length === 0) return "";
  return `<h3>Sources and chosen values</h3><ul>${notes.map((note) => `<li>${escapeText(note)}</li>`).join("")}</ul>`;
}

/** Parts of the model that could not be measured: one row per reason, with the nodes that it applies to. */
export function renderSkipped(data: ReportData): string {
  const skipped = byStep(data.snapshots).at(-1)?.skipped ?? [];
  if (skipped.length === 0)
    return !trained(data) ? `<h3 id="not-measured">Not measured</h3><p class="soft">Nothing was left out.</p>` : "";
  const reasons = [...new Set(skipped.map(({ reason }) => reason))];
  const rows = reasons.map((reason) => {
    const nodes = skipped.filter((one) => one.reason === reason).map(({ node }) => node);
    return `<tr><th scope="row">${escapeText(reason)}</th><td>${grouped(nodes.length)}</td><td>${namedNodes(nodes)}</td></tr>`;
  });
  return (
    `<h3 id="not-measured">Not measured</h3><table class="skipped"><thead><tr><th scope="col">reason</th><th scope="col">nodes</th><th scope="col">which</th></tr></thead>` +
    `<tbody>${rows.join("")}</tbody></table>`
  );
}

/** The command that reproduces the numbers. */
export function renderReproduce(data: ReportData): string {
  const { versions, argv } = isAnalysis(data) ? data.analysis : data.info;
  const { crh, onnxruntime } = versions;
  const command = `<pre>${escapeText(commandLine(argv))}</pre>`;
  const figures = "The buttons SVG and CSV save the picture and the numbers of a figure.";
  if (!trained(data))
    return `${command}<p class="soft">With crh-lab ${escapeText(crh)}, ONNX Runtime ${escapeText(onnxruntime)}, the same files and the same number of threads reproduce every number. ${figures}</p>`;
  const { info } = data;
  return (
    command +
    `<p class="soft">With crh-lab ${escapeText(crh)}, ONNX Runtime ${escapeText(onnxruntime)}, seed ${info.seed} and the same number of threads reproduce every number. ` +
    `They are in the run folder <code>${escapeText(info.id)}</code>: metrics.jsonl, snapshots/, config.json. ${figures}</p>`
  );
}

/** The arguments quoted for a shell, without a leading interpreter and script. */
export function commandLine(argv: readonly string[]): string {
  const own = /(^|[\\/])node(\.exe)?$/.test(argv[0] ?? "") ? argv.slice(2) : argv;
  return [
    "crh",
    ...own.map((word) => (/^[\w./:=@%+,-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`)),
  ].join(" ");
}
