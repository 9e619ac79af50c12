/** @file Images that a network makes at the end of training, as a record of its run folder. */
import { PICTURES_SCHEMA, type PicturesRecord } from "../../findings/picturesRecord.ts";
import type { RunFolder } from "../../runs/runFolder.ts";
import type { DrawnPictures } from "../../train/pictures.ts";

export function picturesRecord(drawn: readonly DrawnPictures[], step: number): PicturesRecord {
  return {
    schema: PICTURES_SCHEMA,
    step,
    groups: drawn.map(({ title, width, height, columns, pixels }) => ({
      ...{ title, width, height, columns, count: pixels.length / (width * height) },
      pixels: Buffer.from(Uint8Array.from(pixels, (value) => 255 * Math.min(1, Math.max(0, value)) + 0.5)).toString(
        "base64",
      ),
    })),
  };
}

/** The record of a run whose network made images. */
export function picturesOf(folder: RunFolder): PicturesRecord | undefined {
  return folder.record<PicturesRecord>("pictures", PICTURES_SCHEMA);
}
