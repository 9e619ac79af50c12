/** @file The document of `crh inspect` (docs/formats.md, "Inspection"): what a model file holds, without any data. */
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
  /** Extents; names of free dimensions, null where they have none; null where the rank is not declared. */
  readonly shape: readonly (number | string | null)[] | null;
}

export interface InspectedLayer {
  readonly name: string;
  readonly kind: LayerKind;
  /** Null where shapes could not be bound, and for weights whose sides are then not told apart. */
  readonly dIn: number | null;
  readonly dOut: number | null;
  /** Of the weight as it is stored, where dIn and dOut are null. */
  readonly shape: readonly number[] | null;
  readonly parameters: number;
  readonly rowsPerSample: number | null;
  /** Null where it was left out, or stopped before. */
  readonly weights: WeightMeasures | null;
}

/** One attention head, by the name that --layers takes. */
export interface InspectedHead {
  readonly name: string;
  /** The module of its attention. */
  readonly block: string;
  /** From 0. */
  readonly head: number;
  readonly width: number;
  /** Maps that make its queries, keys and values, and the one that reads its output. */
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
  /** What free dimensions were bound to. */
  readonly bound: Readonly<Record<string, number>>;
  /** Why they could not be, in one line; null where they were. */
  readonly unbound: string | null;
  readonly layers: readonly InspectedLayer[];
  readonly heads: readonly InspectedHead[];
  readonly skipped: readonly { readonly node: string; readonly reason: string }[];
  readonly estimate: AnalysisCost | null;
  /** A command line of `crh analyze`, in words, and what its files should hold. */
  readonly command: readonly string[] | null;
  readonly files: readonly string[];
  /** What was done to the model. */
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

/** What a model says of itself. */
export function headOf({ producer, opset }: Pick<Model, "producer" | "opset">): Pick<Inspection, "producer" | "opset"> {
  return { producer: producer ?? null, opset };
}
