/**
 * @file The document of `crh inspect` (docs/formats.md, "Inspection"): the contents of a model file, without any data.
 */
import { attentionOf } from "../../measure/network/layerNames.ts";
import type { WeightMeasures } from "../../measure/spectra/weightMeasures.ts";
import type { LayerKind } from "../../moments/moments.ts";
import type { Model, ValueInfo } from "../../onnx/graph.ts";
import { blockName } from "../../probe/maps/attentionParts.ts";
import type { ModelOutline, OutlinedLayer } from "../../probe/outlineModel.ts";
import type { AnalysisCost } from "./analysisCost.ts";

export const INSPECTION_SCHEMA = "crh-lab/inspection@1";

export interface InspectedValue {
  readonly name: string;
  readonly dtype: string | null;
  /** Extents, or names of free dimensions (null if unnamed); null where the rank is not declared. */
  readonly shape: readonly (number | string | null)[] | null;
}

export interface InspectedLayer {
  readonly name: string;
  readonly kind: LayerKind;
  /** Null where shapes could not be bound, so that the two sides of the weights are not known. */
  readonly dIn: number | null;
  readonly dOut: number | null;
  /** Shape of the weight as stored, where dIn and dOut are null. */
  readonly shape: readonly number[] | null;
  readonly parameters: number;
  readonly rowsPerSample: number | null;
  /** Null where skipped or not reached. */
  readonly weights: WeightMeasures | null;
}

/** One attention head, with the name that --layers accepts. */
export interface InspectedHead {
  readonly name: string;
  /** The attention module. */
  readonly block: string;
  /** Index of the head from 0. */
  readonly head: number;
  readonly width: number;
  /** Maps of queries, keys and values, and the map that reads its output. */
  readonly queries: string | null;
  readonly keys: string | null;
  readonly values: string | null;
  readonly output: string | null;
}

export interface Inspection {
  readonly schema: typeof INSPECTION_SCHEMA;
  readonly model: string;
  readonly producer: string | null;
  readonly opset: number;
  readonly parameters: number;
  readonly inputs: readonly InspectedValue[];
  readonly outputs: readonly InspectedValue[];
  /** Values of free dimensions. */
  readonly bound: Readonly<Record<string, number>>;
  /** One line on why they could not be bound; null if they were. */
  readonly unbound: string | null;
  readonly layers: readonly InspectedLayer[];
  readonly heads: readonly InspectedHead[];
  readonly skipped: readonly { readonly node: string; readonly reason: string }[];
  readonly estimate: AnalysisCost | null;
  /** A command line of `crh analyze`, as words, and the contents of its files. */
  readonly command: readonly string[] | null;
  readonly files: readonly string[];
  /** Notes on conversions of the model. */
  readonly notes: readonly string[];
}

export function inspectedValues(values: readonly ValueInfo[]): InspectedValue[] {
  return values.map(({ name, dtype, shape }) => ({
    name,
    dtype: dtype ?? null,
    shape: shape?.map((extent) => (extent === undefined || extent === "" ? null : extent)) ?? null,
  }));
}

export function inspectedLayer(layer: OutlinedLayer, weights: WeightMeasures | null): InspectedLayer {
  const { name, kind, dIn, dOut, parameters, rowsPerSample } = layer;
  return { name, kind, dIn, dOut, shape: null, parameters, rowsPerSample, weights };
}

/** The heads of an outline. */
export function inspectedHeads({ layers }: Pick<ModelOutline, "layers">): InspectedHead[] {
  return layers.flatMap(({ name, dOut, head }) => {
    if (head === undefined) return [];
    const { queries = null, keys = null, values = null, output = null, index } = head;
    const block = blockName(head) ?? attentionOf(name);
    return [{ name, block, head: index, width: dOut, queries, keys, values, output }];
  });
}

/** The model's own description. */
export function headOf({ producer, opset }: Pick<Model, "producer" | "opset">): Pick<Inspection, "producer" | "opset"> {
  return { producer: producer ?? null, opset };
}
