/**
 * @file The output of `crh inspect`: the model in a few lines, its layers with measures of their weights, its attention
 * modules, what is left out, and the next step. Every table fits the terminal; further numbers are in --json.
 */

import { printable } from "../formats/printable.ts";
import { formatBytes, formatCount, formatDecimals, formatDuration } from "../formats/quantities.ts";
import { attentionOf, layerNames } from "../measure/network/layerNames.ts";
import { leastDecades } from "../measure/spectra/nearestTails.ts";
import type { InspectedHead, InspectedLayer, InspectedValue, Inspection } from "../runner/analysis/inspection.ts";
import type { TableLayout } from "./layerTable.ts";
import { type Column, renderTable, wrap } from "./table.ts";

/** Ends with a newline. */
export function renderInspection(found: Inspection, { width = 100, dim = (text) => text }: TableLayout): string {
  const note = (words: string) => wrap(printable(words), width).map(dim).join("\n");
  const parts = [
    headLines(found, width),
    found.layers.length > 0 ? layerTable(found.layers, { width, dim }) : "",
    found.layers.some(({ weights }) => weights !== null) ? note(legend(found.layers)) : "",
    headsTable(found.heads, { width, dim }, note),
    skippedLines(found.skipped, width),
    nextLines(found, note),
  ];
  return `${parts
    .filter((part) => part !== "")
    .map((part) => part.trimEnd())
    .join("\n\n")}\n`;
}

function headLines(found: Inspection, width: number): string {
  const { model, parameters, layers, heads, producer, opset, inputs, outputs, bound, unbound, notes } = found;
  const attentions = new Set(heads.map(({ block }) => block)).size;
  const what = [
    `${formatCount(parameters)} parameters`,
    counted(layers.length, unbound === null ? "linear map" : "weight"),
    ...(attentions > 0 ? [`${counted(heads.length, "attention head")} in ${counted(attentions, "attention")}`] : []),
    `operator set ${opset}${producer ? `, by ${producer}` : ""}`,
  ];
  const values = (label: string, list: readonly InspectedValue[]) =>
    list.map((value, i) => `${(i === 0 ? label : "").padEnd(9)}${value.name}  ${valueWords(value)}`);
  const free = Object.entries(bound).map(([name, extent]) => `${name} = ${extent}`);
  const lines = [
    `${model}: ${what.join(", ")}`,
    ...values("inputs", inputs),
    ...values("outputs", outputs),
    ...(free.length > 0 ? [`bound for this inspection: ${free.join(", ")} (--bind NAME=NUMBER binds otherwise)`] : []),
    ...(unbound === null
      ? []
      : [`Shapes are unknown without data, so only the weights are listed, as stored (${unbound}).`]),
    ...notes,
  ];
  return lines.flatMap((line) => wrap(printable(line), width)).join("\n");
}

function valueWords({ dtype, shape }: InspectedValue): string {
  const extents = shape?.map((extent) => extent ?? "?").join(", ");
  return `${dtype ?? "of any type"} ${extents === undefined ? "of any shape" : `(${extents})`}`;
}

/** Least width of shortened names. */
const LEAST_NAME = 14;

const columns: readonly Column[] = [
  { header: "layer", shrinkTo: LEAST_NAME, isName: true },
  { header: "kind", dispensable: 5 },
  { header: "shape" },
  { header: "parameters", align: "right", dispensable: 4 },
  { header: "alpha", align: "right" },
  { header: "xmin", align: "right", dispensable: 2 },
  { header: "D", align: "right" },
  { header: "log|W|²", align: "right", dispensable: 1 },
  { header: "|W|₂", align: "right" },
  { header: "stable", align: "right" },
  { header: "rank", align: "right" },
];

function layerTable(layers: readonly InspectedLayer[], layout: { width: number; dim: (text: string) => string }) {
  const isMeasured = layers.some(({ weights }) => weights !== null);
  const shown = isMeasured ? columns : columns.slice(0, 4);
  return renderTable(
    shown,
    layers.map((layer) => rowOf(layer).slice(0, shown.length)),
    layout,
  );
}

function rowOf({ name, kind, dIn, dOut, shape, parameters, weights }: InspectedLayer): string[] {
  const size = shape === null ? `${dIn} → ${dOut}` : shape.join(" x ");
  const head = [name, kind, size, formatCount(parameters)];
  if (weights === null) return [...head, ...Array<string>(7).fill("–")];
  const { law, tail, logNorm, spectralNorm, stableRank, ranks, status } = weights;
  if (status !== undefined) return [...head, status, ...Array<string>(6).fill("–")];
  const isLaw =
    law !== null && law.decades >= leastDecades && tail.value !== null && (tail.plausibility ?? 0) >= PLAUSIBLE;
  const exponent = law === null ? "–" : isLaw ? `${law.alpha.toFixed(2)} ` : `(${law.alpha.toFixed(2)})`;
  return [
    ...head,
    exponent,
    law === null ? "–" : brief(law.xMin),
    law === null ? "–" : law.distance.toFixed(2),
    decimals(logNorm, 2),
    spectralNorm === null ? "–" : brief(spectralNorm),
    decimals(stableRank, 1),
    ranks.numerical === null ? "–" : `${ranks.numerical}/${ranks.dimension}`,
  ];
}

/** Clauset, Shalizi and Newman (2009), section 4.1: below it the law is rejected. */
const PLAUSIBLE = 0.1;

function legend(layers: readonly InspectedLayer[]): string {
  const inBrackets = layers.some(({ weights }) => weights !== null && weights.alpha !== null);
  return (
    `alpha, xmin, D: exponent of the density of the eigenvalues of WᵀW above xmin, and its distance from them, as in WeightWatcher (theory.md Eqs. 31 and 32)` +
    `${inBrackets ? "; in brackets where these span less than a decade, or no power law over a decade is plausible" : ""}; ` +
    `${layers.some(({ kind, weights }) => weights !== null && kind === "conv") ? "a convolution is one matrix (output channels, patch), of which WeightWatcher takes slices; " : ""}` +
    "log|W|²: log10 of the squared Frobenius norm; |W|₂: largest singular value; stable: |W|²/|W|₂²; " +
    "rank: eigenvalues above a thousandth of the largest, and all of them"
  );
}

/** One row per attention module: its maps, and the names of its heads. */
function headsTable(
  heads: readonly InspectedHead[],
  layout: { width: number; dim: (text: string) => string },
  note: (words: string) => string,
): string {
  if (heads.length === 0) return "";
  const groups = new Map<string, InspectedHead[]>();
  for (const head of heads) {
    const key = attentionOf(head.name);
    groups.set(key, [...(groups.get(key) ?? []), head]);
  }
  const within = (block: string, name: string | null) =>
    name === null ? "–" : name.startsWith(`${block}.`) ? name.slice(block.length) : name;
  const map = (header: string): Column => ({ header, shrinkTo: 7, isName: true });
  const table = renderTable(
    [
      { header: "attention", shrinkTo: LEAST_NAME, isName: true },
      { header: "heads", align: "right" },
      { header: "of", align: "right" },
      ...["queries", "keys", "values", "output"].map(map),
    ],
    [...groups.values()].map((group) => {
      const { block, width, queries, keys, values, output } = group[0]!;
      return [
        block,
        String(group.length),
        String(width),
        ...[queries, keys, values, output].map((name) => within(block, name)),
      ];
    }),
    layout,
  );
  const [first = ""] = calledNames([], heads);
  const { name } = heads[0]!;
  const twice = first === name ? "" : `; "${first}" is ${name} in JSON, and --layers takes either`;
  return `${table}${note(`maps of an attention that begin with a dot follow its name${twice}`)}`;
}

/** chosen: most names per reason; --json has all. */
const LISTED = 6;

function skippedLines(skipped: Inspection["skipped"], width: number): string {
  const reasons = new Map<string, string[]>();
  for (const { node, reason } of skipped) reasons.set(reason, [...(reasons.get(reason) ?? []), node]);
  return [...reasons]
    .map(([reason, nodes]) => {
      const more = nodes.length > LISTED ? ` and ${nodes.length - LISTED} more` : "";
      return `not measured, ${reason}: ${nodes.slice(0, LISTED).join(", ")}${more}`;
    })
    .flatMap((line) => wrap(printable(line), width))
    .join("\n");
}

function nextLines({ estimate, command, files, layers, heads }: Inspection, note: (words: string) => string): string {
  if (estimate === null || command === null) return "";
  const { samples, seconds, bytes, passes } = estimate;
  const inPasses = passes > 1 ? `, in ${passes} passes over the data` : "";
  return [
    `An analysis of ${formatCount(samples)} samples takes about ${formatDuration(1000 * seconds)} here and ${formatBytes(bytes)} of memory${inPasses}:`,
    "",
    ...commandLines(command),
    "",
    ...files.map((file) => note(`  ${file}`)),
    note(`names for --layers: ${patterns(calledNames(layers, heads))}`),
  ].join("\n");
}

/** Names of layers and heads as shown to users. */
function calledNames(layers: readonly InspectedLayer[], heads: readonly InspectedHead[]): string[] {
  const all = [...layers, ...heads.map(({ name }) => ({ name, kind: "head" as const }))];
  const called = layerNames(all);
  return all.map(({ name }) => called.get(name) ?? name);
}

/** The command, with its options on separate lines if it is long. */
function commandLines(words: readonly string[]): string[] {
  const quoted = words.map((word) =>
    printable(/^[\w./:=@%+,-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`),
  );
  const line = `  ${quoted.join(" ")}`;
  if (line.length <= 78) return [line];
  const options = quoted.reduce<string[]>((lines, word) => {
    if (word.startsWith("--") || lines.length === 0) lines.push(word);
    else lines[lines.length - 1] += ` ${word}`;
    return lines;
  }, []);
  return options.map((option, i) => `${i === 0 ? "  " : "      "}${option}${i < options.length - 1 ? " \\" : ""}`);
}

/** chosen: most patterns per line. */
const MOST_PATTERNS = 8;

/** Names with numbers replaced by stars, most frequent first: 'blocks.*.attn.qkv' (12). */
function patterns(names: readonly string[]): string {
  const counts = new Map<string, number>();
  for (const name of names) {
    const pattern = name.replace(/(?<=[.[/_ ])\d+(?=$|[.\]/_,])/g, "*");
    const key = pattern === "*" || /^\d+$/.test(pattern) ? name : pattern;
    counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  const sorted = [...counts].sort(([, x], [, y]) => y - x);
  const shown = sorted.slice(0, MOST_PATTERNS).map(([name, count]) => `'${name}'${count > 1 ? ` (${count})` : ""}`);
  return `${shown.join(", ")}${sorted.length > MOST_PATTERNS ? ` and ${sorted.length - MOST_PATTERNS} more` : ""}`;
}

function decimals(value: number | null, digits: number): string {
  return value === null ? "–" : formatDecimals(value, digits);
}

/** The number with three digits. */
function brief(value: number): string {
  return value >= 1e-3 && value < 1e4 ? String(Number(value.toPrecision(3))) : value.toExponential(1);
}

function counted(count: number, noun: string): string {
  return `${formatCount(count)} ${noun}${count === 1 ? "" : "s"}`;
}
