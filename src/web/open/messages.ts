/** @file Messages between the page and the worker that opens files. */
import type { Snapshot } from "../../measure/snapshot.ts";
import type { Moments } from "../../moments/moments.ts";
import type { ModelFound, ModelProgress, ModelRequest } from "./measureModel.ts";

/** An input or output as the model declares it. */
export interface DeclaredValue {
  readonly name: string;
  readonly dtype?: string;
  readonly shape?: readonly (number | string | undefined)[];
}

/** The kind and content of a file that was read. */
export type OpenedFile =
  | { readonly kind: "model"; readonly inputs: readonly DeclaredValue[]; readonly outputs: readonly DeclaredValue[] }
  | {
      readonly kind: "arrays";
      readonly format: string;
      readonly arrays: readonly { readonly name: string; readonly dtype: string; readonly shape: readonly number[] }[];
      /** Number of class indices in its records, if they have any. */
      readonly labels?: number;
    }
  | { readonly kind: "moments"; readonly snapshot: Snapshot; readonly moments: Moments }
  | { readonly kind: "report"; readonly html: string };

/** Message to the worker, which reads the files. */
export type OpenTask =
  | { readonly id: number; readonly task: "read"; readonly file: File; readonly beside: readonly File[] }
  | { readonly id: number; readonly task: "measure"; readonly model: string; readonly request: ModelRequest };

/** Message from the worker. */
export type OpenAnswer =
  | { readonly id: number; readonly opened: OpenedFile }
  | { readonly id: number; readonly found: ModelFound }
  | { readonly id: number; readonly progress: ModelProgress }
  | { readonly id: number; readonly error: string };
