/** @file records/pictures.json: images that a network made at the end of training (docs/formats.md, Pictures). */

export const PICTURES_SCHEMA = "crh-lab/pictures@1";

export interface PicturesRecord {
  readonly schema: typeof PICTURES_SCHEMA;
  readonly step: number;
  readonly groups: readonly PictureGroup[];
}

export interface PictureGroup {
  /** Short title of the images. */
  readonly title: string;
  /** Pixels of one image. */
  readonly width: number;
  readonly height: number;
  readonly count: number;
  /** Images per row. */
  readonly columns: number;
  /** Base64 of count x height x width bytes, 0 black and 255 white, row by row, image by image. */
  readonly pixels: string;
}
