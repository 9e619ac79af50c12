/**
 * @file The worker that fits the two-point theory to a network that trains in the page (theory.md Eqs. 98, 99). It
 * gathers the records of the two points and fits them on request.
 */
import { FOLLOWED_SCHEMA, type FollowedRecord } from "../../findings/twopoint/followedRecord.ts";
import { type FollowedRow, fitFollowed, type TwopointRecord } from "../../findings/twopoint/twopointRecord.ts";
import type { FollowedStep } from "../../train/follow.ts";
import type { FollowedMeta } from "../trainer/messages.ts";

/** Message to the worker. */
export type FitTask =
  | { readonly type: "begin"; readonly followed: FollowedMeta; readonly lossFactor: number | null }
  | { readonly type: "add"; readonly looks: readonly FollowedStep[] }
  /** @param layer the layer to fit; all if undefined */
  | { readonly type: "fit"; readonly id: number; readonly first: string; readonly layer?: string };

/** Message from the worker. */
export interface FitAnswer {
  readonly id: number;
  readonly record?: TwopointRecord | undefined;
  readonly error?: string;
}

let begun: Extract<FitTask, { type: "begin" }> | undefined;
let looks: FollowedStep[] = [];

addEventListener("message", ({ data }: MessageEvent<FitTask>) => {
  if (data.type === "begin") [begun, looks] = [data, []];
  else if (data.type === "add") looks.push(...data.looks);
  else postMessage(fitted(data));
});

function fitted({ id, first, layer }: Extract<FitTask, { type: "fit" }>): FitAnswer {
  if (begun === undefined) return { id };
  const { followed, lossFactor } = begun;
  const layers = layer === undefined ? followed.layers : [layer];
  const record: FollowedRecord = {
    schema: FOLLOWED_SCHEMA,
    ...{ points: followed.points, pairs: followed.pairs, layers, layer: first, lossFactor, every: followed.every },
  };
  const rows = looks.flatMap(({ step, loss, dh2, dy2, w }) =>
    followed.pairs.flatMap(({ pair }, i) =>
      layers.map((name): FollowedRow => {
        const at = followed.layers.indexOf(name);
        return { step, pair, layer: name, dh2: dh2[at]![i]!, dy2: dy2[i]!, w: w[i]!, loss };
      }),
    ),
  );
  try {
    return { id, record: fitFollowed(record, rows) };
  } catch (error) {
    return { id, error: (error as Error).message };
  }
}
