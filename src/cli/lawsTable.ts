/**
 * @file The power laws of every layer as a table of 100 columns, below that of the alignments. Each layer has two
 * lines: the exponents and, dimmed, their intervals:
 *
 *                        backward (side a)                          forward (side b)
 *     layer              H ~ G^        H ~ Z^        G ~ Z^        H ~ G^        H ~ Z^        G ~ Z^
 *     hidden.1               0.33          0.98       no basis         1.02 ..
 *       24 / 1.3 dec     [0.29, 0.38]  [0.91, 1.05]
 */

import { lawConvention, lawExponents } from "../findings/laws.ts";
import { conventionWord } from "../findings/vocabulary.ts";
import { formatDecimals } from "../formats/quantities.ts";
import { withLayerNames } from "../measure/network/layerNames.ts";
import type { Exponent, LayerSnapshot, SideExponents, Snapshot, Status } from "../measure/snapshot.ts";
import { isMap } from "../moments/moments.ts";
import { CELL, type Column, NOTHING, renderLayerTable, type Side, type TableLayout } from "./layerTable.ts";
import { renderPairsTable } from "./pairsTable.ts";
import { renderPhaseTable } from "./phaseTable.ts";

const pairs = { hg: "H ~ G^", hz: "H ~ Z^", gz: "G ~ Z^" } as const satisfies Record<keyof SideExponents, string>;
const names = Object.keys(pairs) as (keyof SideExponents)[];

/** Reasons for a missing exponent. */
const statusWords: Readonly<Partial<Record<Status, readonly [short: string, meaning: string]>>> = {
  "flat-spectrum": ["flat", "the spectrum of the base is flat: any slope fits"],
  "under-one-decade": ["< 1 decade", "that spectrum spans less than a decade: any slope fits"],
  "no-common-eigenbasis": [
    "no basis",
    "the two matrices share no eigenvectors beyond chance, so their spectra cannot be paired",
  ],
  "too-few-values": ["few values", "fewer than eight directions are above the noise floor"],
  "too-few-samples": ["few samples", "too few samples"],
  "missing-moments": ["no moments", "the moments lack the sums that it needs"],
  "not-measured": ["not measured", "not measured at this cost; --cost full measures it"],
  "zero-matrix": ["zero", "a matrix is zero"],
  "not-finite": ["not finite", "a matrix holds infinities: the network diverged"],
};

/** The table with its legend, ending with a newline; "" if no layer has exponents. */
export function renderLawsTable({ layers }: Snapshot, layout: TableLayout = {}): string {
  const shown = layers.filter((layer) => lawExponents(layer) !== undefined && layer.dead === undefined);
  if (shown.length === 0) return "";
  const columns = (side: Side): Column[] =>
    names.map((name) => ({
      title: pairs[name],
      ofOutputs: name === "hg",
      cell: (layer) => {
        const exponent = lawExponents(layer)?.[side]?.[name];
        if (withoutWeights(layer, name)) return [` ${NOTHING}`, ""];
        return [valueCell(exponent), exponent?.interval ? intervalCell(exponent.interval) : ""];
      },
    }));
  return renderLayerTable(
    shown,
    {
      corner: "layer",
      below: (layer) => (isMap(layer) ? liveWords(layer) : `${layer.kind} of ${layer.dOut}`),
      columns: { a: columns("a"), b: columns("b") },
      second: "95 % within",
      legend: legend(shown),
    },
    layout,
  );
}

/** Whether it is a law with Z of a head or block, which has no Z. */
function withoutWeights(layer: LayerSnapshot, name: keyof SideExponents): boolean {
  return !isMap(layer) && name !== "hg";
}

/** The tables below that of the alignments, an empty line before each: laws, phases, pairs. */
export function lawsBelow(measured: Snapshot, layout: TableLayout): string {
  const [snapshot = measured] = withLayerNames([measured]);
  const tables = [
    renderLawsTable(snapshot, layout),
    renderPhaseTable(snapshot.layers, layout),
    renderPairsTable(snapshot, layout),
  ];
  return tables.map((table) => (table === "" ? "" : `\n${table}`)).join("");
}

/** "19 / 0.1 dec": the number of directions for the laws, and the decades of Z over them. */
function liveWords({ phase }: LayerSnapshot): string {
  return phase?.live ? `${phase.live.rank} / ${phase.live.decades.toFixed(1)} dec` : "";
}

function valueCell(exponent: Exponent | undefined): string {
  if (exponent === undefined) return ` ${NOTHING}`;
  const { value, status } = exponent;
  if (value !== null) return formatDecimals(value, 2).padStart(6);
  return ` ${status === undefined ? NOTHING : (statusWords[status]?.[0] ?? status)}`.slice(0, CELL);
}

/** "[0.29, 0.38]" in twelve characters; large numbers have fewer digits. */
function intervalCell([low, high]: readonly [number, number]): string {
  for (const digits of [2, 1, 0]) {
    const text = `[${formatDecimals(low, digits)}, ${formatDecimals(high, digits)}]`;
    if (text.length <= CELL) return text;
  }
  return "[wide]";
}

function legend(layers: readonly LayerSnapshot[]): string[] {
  const found = new Set<Status>();
  for (const layer of layers)
    for (const side of [lawExponents(layer)?.a, lawExponents(layer)?.b])
      for (const name of names)
        if (side?.[name].status !== undefined && !withoutWeights(layer, name)) found.add(side[name].status);
  return [
    `exponents of H ~ G^, H ~ Z^, G ~ Z^ along common eigenvectors by ${conventionWord[lawConvention(layers[0]!)]}, with 95 % intervals below`,
    ...(layers.some(({ phase }) => phase?.live)
      ? ["below a name: live directions of W, used for the laws / decades of Z over them"]
      : []),
    ...[...found].flatMap((status) => (statusWords[status] === undefined ? [] : [statusWords[status].join(": ")])),
  ];
}
