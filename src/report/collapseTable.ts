/**
 * @file Neural collapse of a classifier in one table: NC1 to NC4 with their variants, at the last and at the first
 * measurement (theory.md Eqs. 66 to 71), and the feature ansatz of every layer where it was measured (Eqs. 72 to 74).
 */

import { escapeText, shorten } from "../figures/escape.ts";
import { fixed, grouped } from "../findings/numbers.ts";
import { byStep } from "../findings/relationFindings.ts";
import type { LayerCollapse } from "../measure/collapse/layerCollapse.ts";
import type { LayerSnapshot } from "../measure/snapshot.ts";
import type { Comparison } from "../measure/training/featureAnsatz.ts";
import { type ReportData, withStart } from "./reportData.ts";

type Pick = (of: LayerCollapse) => number | null;

/** Rows of the table: name, value, standard error where there is one, and the value at full collapse. */
const rows: readonly { name: string; value: Pick; noise?: Pick; collapsed: (classes: number) => string }[] = [
  {
    name: "NC1: tr(S<sub>w</sub> S<sub>b</sub><sup>+</sup>)",
    value: (c) => c.nc1.trace,
    noise: (c) => c.noise.trace,
    collapsed: () => "0",
  },
  {
    name: "NC1: class-distance normalised variance",
    value: (c) => c.nc1.cdnv,
    noise: (c) => c.noise.cdnv,
    collapsed: () => "0",
  },
  { name: "NC2: spread of the norms of class means", value: (c) => c.nc2.means.equinorm, collapsed: () => "0" },
  {
    name: "NC2: mean |cos + 1/(C − 1)| of centred means",
    value: (c) => c.nc2.means.equiangular,
    noise: (c) => c.noise.equiangular,
    collapsed: () => "0",
  },
  {
    name: "NC2: mean cosine of centred means",
    value: (c) => c.nc2.means.meanCosine,
    collapsed: (C) => (C > 1 ? fixed(-1 / (C - 1)) : "–"),
  },
  {
    name: "NC2: mean cosine of uncentred means",
    value: (c) => c.nc2.uncentred.meanCosine,
    collapsed: () => "0 (paper)",
  },
  {
    name: "NC3: |W/|W| − Mᵀ/|M||²",
    value: (c) => c.nc3?.selfDuality ?? null,
    noise: (c) => c.noise.selfDuality,
    collapsed: () => "0",
  },
  { name: "NC4: share nearest to another class's mean", value: (c) => c.nc4, collapsed: () => "0" },
  {
    name: "premise: variance of outputs within classes",
    value: (c) => c.premises?.withinShare ?? null,
    collapsed: () => "0",
  },
  {
    name: "premise: cosine of E[g<sub>f</sub> g<sub>f</sub>ᵀ] with I",
    value: (c) => c.premises?.lossCovariance.identity ?? null,
    collapsed: () => "1",
  },
  { name: "the same with I − J/C", value: (c) => c.premises?.lossCovariance.simplex ?? null, collapsed: () => "–" },
];

/** The section; "" where neither was measured. */
export function renderCollapse(data: ReportData): string {
  const ordered = byStep(withStart(data));
  const last = ordered.at(-1)?.layers ?? [];
  const first = ordered.length > 1 ? ordered[0]!.layers : [];
  const parts = [collapsePart(last, first), ansatzPart(last)].filter((part) => part !== "");
  return parts.length === 0
    ? ""
    : `<section id="collapse"><h2>Neural collapse and feature ansatz</h2>${parts.join("")}</section>`;
}

function collapsePart(last: readonly LayerSnapshot[], first: readonly LayerSnapshot[]): string {
  const layer = last.find(({ collapse }) => collapse !== undefined);
  const now = layer?.collapse;
  if (!layer || !now) return "";
  const before = first.find(({ name }) => name === layer.name)?.collapse;
  const body = rows.map(({ name, value, noise, collapsed }) => {
    const [at, spread] = [value(now), noise?.(now) ?? null];
    const start = before ? `<td data-label="at the start">${number(value(before))}</td>` : "";
    const pm = spread === null ? "" : `<span class="pm"> ± ${number(spread, at)}</span>`;
    return `<tr><th scope="row">${name}</th><td data-label="measured"><span class="value">${number(at)}</span>${pm}</td>${start}<td data-label="collapsed">${collapsed(now.classes)}</td></tr>`;
  });
  const head = `<th scope="col">measured</th>${before ? `<th scope="col">at the start</th>` : ""}<th scope="col">collapsed</th>`;
  return (
    `<h3>Collapse of the features of <code>${escapeText(shorten(layer.name, 60))}</code></h3>` +
    `<p class="soft note">${grouped(now.n)} samples of ${grouped(now.classes)} classes; inputs of the last map, their class means M and the map's weights W (Eqs. 66 to 71). ± is the split-half noise.${remarks(now)}</p>` +
    `<div class="wide"><table class="alignments"><thead><tr><th scope="col">quantity</th>${head}</tr></thead><tbody>${body.join("")}</tbody></table></div>`
  );
}

/** Limits of the numbers: classes of one sample, which have no spread, and samples without labels. */
function remarks({ status, singles = 0 }: LayerCollapse): string {
  if (status === "too-few-samples")
    return " Every class has one sample, so the spread within classes, NC1, NC4 and the variance of outputs within classes are unknown.";
  const left =
    singles === 0
      ? ""
      : ` ${singles === 1 ? "One class of one sample has" : `${grouped(singles)} classes of one sample have`} no spread within classes.`;
  return status === undefined ? left : `${left} ${escapeText(status.replaceAll("-", " "))}.`;
}

function ansatzPart(layers: readonly LayerSnapshot[]): string {
  const measured = layers.filter(({ ansatz }) => ansatz !== undefined);
  if (measured.length === 0) return "";
  const changes = measured.some(({ ansatz }) => ansatz?.change != null);
  const pair = (label: string, of: Comparison | undefined) =>
    `<td data-label="${label}">${of ? `${number(of.cosine)} · ${number(of.pearson)}` : "–"}</td>`;
  const body = measured.map(({ name, ansatz }) => {
    const { weights, change, equivariant } = ansatz!;
    const moved = changes ? pair("without W₀, AGOP", change?.one) + pair("without W₀, AGOP½", change?.half) : "";
    return `<tr><th scope="row"><code>${escapeText(shorten(name, 40))}</code></th>${pair("WᵀW, AGOP", weights.one)}${pair("WᵀW, AGOP½", weights.half)}${moved}${pair("WᵀW, G a", equivariant?.backward)}${pair("WWᵀ, G b", equivariant?.forward)}</tr>`;
  });
  const random = measured.some(({ ansatz }) => ansatz?.exact === false);
  const head = [
    "WᵀW, AGOP",
    "WᵀW, AGOP<sup>1/2</sup>",
    ...(changes ? ["without W<sub>0</sub>, AGOP", "without W<sub>0</sub>, AGOP<sup>1/2</sup>"] : []),
    "WᵀW, G<sub>a</sub>",
    "WWᵀ, G<sub>b</sub>",
  ];
  return (
    `<h3>Feature ansatz</h3><p class="soft note">Cosine · Pearson's correlation (Eqs. 72 to 74); the last two columns show the equivariant form, GWA.${random ? " Estimated from random directions of the outputs." : ""}</p>` +
    `<div class="wide"><table class="alignments compact"><thead><tr><th scope="col">layer</th>${head.map((title) => `<th scope="col">${title}</th>`).join("")}</tr></thead><tbody>${body.join("")}</tbody></table></div>`
  );
}

/** The number with as many digits as suit `beside`: the value itself or, for an error, the value it belongs to. */
function number(value: number | null, beside = value): string {
  if (value === null) return "–";
  const size = Math.abs(beside ?? value);
  return size >= 100 ? grouped(Math.round(value)) : fixed(value, size >= 10 ? 1 : 3);
}
