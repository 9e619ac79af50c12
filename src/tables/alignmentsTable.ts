/** @file The relations of every layer at every measurement (theory.md Eqs. 7, 11 to 13, 18, 84). */
import type { LayerSnapshot } from "../measure/snapshot.ts";
import { type Convention, conventions } from "../moments/moments.ts";
import { type Cell, columnsOf, finite, type TableOfMeasurements } from "./table.ts";

const sides = ["a", "b"] as const;
const relations = ["rga", "rwa", "gwa"] as const;

export const alignmentsTable = {
  name: "alignments",
  meaning: "a relation of one side of a layer in one convention at a measurement",
  columns: columnsOf({
    ...{ step: "integer", layer: "text", kind: "text", side: "text", relation: "text", convention: "text" },
    ...{ value: "number", standardError: "number", chance: "number", start: "number", cosine: "number" },
    ...{ corrected: "number", n: "integer", status: "text" },
  } as const),
  measured(initial) {
    let start = valuesOf(initial?.layers ?? []);
    return function* ({ step, layers }) {
      for (const layer of layers) yield* layerRows(step, layer, start);
      if (start.size === 0) start = valuesOf(layers);
    };
  },
} satisfies TableOfMeasurements;

function* layerRows(step: number, layer: LayerSnapshot, start: ReadonlyMap<string, number | null>): Generator<Cell[]> {
  for (const convention of conventions)
    for (const side of sides)
      for (const relation of relations) {
        const found = layer.alignment[convention]?.[side]?.[relation];
        if (!found) continue;
        yield [
          ...[step, layer.name, layer.kind, side, relation, convention],
          ...[found.value, found.noise, found.null, start.get(keyOf(layer.name, convention, side, relation))].map(
            finite,
          ),
          ...[found.cosine, found.corrected, found.n].map(finite),
          found.status ?? null,
        ];
      }
}

const keyOf = (layer: string, convention: Convention, side: string, relation: string) =>
  `${convention} ${side} ${relation} ${layer}`;

/** The values of a measurement, with which later ones are compared. */
function valuesOf(layers: readonly LayerSnapshot[]): Map<string, number | null> {
  const found = new Map<string, number | null>();
  for (const { name, alignment } of layers)
    for (const convention of conventions)
      for (const side of sides)
        for (const relation of relations)
          found.set(keyOf(name, convention, side, relation), finite(alignment[convention]?.[side]?.[relation]?.value));
  return found;
}
