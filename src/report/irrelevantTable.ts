/**
 * @file The table of irrelevant directions of each layer: directions without any gradient and the variance of outputs
 * in them, and the dual, directions that no input reaches and the gradients in them (theory.md Eq. 65).
 */
import { escapeText, shorten } from "../figures/escape.ts";
import { counted, fixed, grouped, scientific } from "../findings/numbers.ts";
import type { LayerSnapshot } from "../measure/snapshot.ts";
import type { IrrelevantShare } from "../measure/training/irrelevantDirections.ts";
import { folded } from "./foldedTable.ts";

/** Heading, table and its reading; "" where no layer has such directions. */
export function renderIrrelevant(layers: readonly LayerSnapshot[], first: readonly LayerSnapshot[]): string {
  const known = layers.filter(({ irrelevant }) => irrelevant !== undefined);
  const found = known.filter(({ irrelevant }) => [irrelevant!.a, irrelevant!.b].some((side) => side && side.count > 0));
  if (found.length === 0) return "";
  const rows = found.map(({ name, dIn, dOut, irrelevant }) => {
    const start = first.find((layer) => layer.name === name)?.irrelevant;
    const cells = [
      ...sideCells("without gradient", dOut, "of H forward", irrelevant!.b, start?.b),
      ...sideCells("without activation", dIn, "of G backward", irrelevant!.a, start?.a),
    ];
    return `<tr><th scope="row"><code title="${escapeText(name)}">${escapeText(shorten(name, 40))}</code></th>${cells.join("")}</tr>`;
  });
  const head = `<tr><th rowspan="2" scope="col">layer</th><th colspan="2" scope="colgroup">forward (b)</th><th colspan="2" scope="colgroup">backward (a)</th></tr><tr><th scope="col">without gradient</th><th scope="col">share of H</th><th scope="col">without activation</th><th scope="col">share of G</th></tr>`;
  const others = known.length - found.length;
  return (
    `<h3>Irrelevant directions</h3>${folded(found, `<div class="wide"><table class="alignments"><thead>${head}</thead><tbody>${rows.join("")}</tbody></table></div>`)}` +
    `<p class="soft note">Directions in which the mean squared gradient is below a millionth of the largest, the resolution of float32 sums, and the share of the variance of h in them; for the inputs, activations and gradients are exchanged (Eqs. 55 and 65; Proposition 1 of the paper). Stationary under weight decay, both shares are 0; without decay they keep what they had. Chance: matrices that have nothing to do with each other. Nearly so: further directions below a ten-thousandth, where no gap sets those counted apart.${others > 0 ? ` ${counted(others, "other layer")} ${others === 1 ? "has" : "have"} none.` : ""}</p>`
  );
}

function sideCells(
  label: string,
  d: number,
  shareLabel: string,
  found: IrrelevantShare | null,
  start: IrrelevantShare | null | undefined,
): [directions: string, share: string] {
  const open = `<td data-label="${label}"`;
  const openShare = `<td data-label="share ${shareLabel}"`;
  if (!found || found.count === 0)
    return [`${open} class="none">${found ? `none of ${grouped(d)}` : "–"}</td>`, `${openShare} class="none">–</td>`];
  const few = found.status === undefined ? "" : ": too few samples";
  const near = found.near === 0 ? "" : `<small>${grouped(found.near)} more nearly so</small>`;
  const directions = `${open}><span class="value">${grouped(found.count)}</span> of ${grouped(d)}<small>a new sample reaches them: at most ${percent(found.unseen)}${few}</small>${near}</td>`;
  if (found.share === null) return [directions, `${openShare} class="none">–</td>`];
  const noise = found.noise === null ? "" : `<span class="pm"> ± ${shareOf(found.noise)}</span>`;
  const value =
    found.floor !== null && found.share <= found.floor
      ? `<span class="value">≤ ${shareOf(found.floor)}</span>`
      : `<span class="value">${shareOf(found.share)}</span>${noise}`;
  const beside = [
    `chance ${fixed(found.chance, 2)}${found.chanceSpread === null ? "" : ` ± ${fixed(found.chanceSpread, 2)}`}`,
    ...(start?.share == null ? [] : [`start ${shareOf(start.share)} in ${grouped(start.count)}`]),
  ];
  return [directions, `${openShare}>${value}<small>${beside.join(" · ")}</small></td>`];
}

/** A probability in percent. */
function percent(share: number): string {
  return `${Number((100 * share).toPrecision(2))} %`;
}

/** Three decimals; two significant digits for smaller numbers. */
function shareOf(value: number): string {
  return value === 0 || Number(value.toPrecision(2)) >= 0.001 ? fixed(value) : scientific(value);
}
