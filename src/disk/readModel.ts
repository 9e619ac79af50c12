/** @file Opens a model that the user named, with adjacent files that may hold its weights. */
import { closeSync, fstatSync, openSync, readSync, realpathSync, statSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import type { ExternalFiles } from "../onnx/externalData.ts";
import type { Model } from "../onnx/graph.ts";
import { decodeModel } from "../onnx/modelFile.ts";
import { checkFolder, checkFormat } from "./otherModel.ts";
import { readBytes } from "./readBytes.ts";

/** chosen: bytes of one read call; the system's limit is 2 GiB. */
const PIECE_BYTES = 2 ** 28;

/** @throws Error in one line if the file, or an adjacent file that it names, is not a readable ONNX model */
export function readModel(path: string): Model {
  checkFolder(path);
  const bytes = readBytes(path);
  checkFormat(bytes, path);
  return decodeModel(bytes, filesBeside(path));
}

/** Slices of the files in the model's folder; a link out of the folder counts as missing. */
export function filesBeside(modelPath: string): ExternalFiles {
  // If the model is a link, as in a hub's cache, its adjacent files are links into one folder too.
  const folder = dirname(realpathSync(modelPath));
  const beside = realpathSync(dirname(modelPath));
  const isIn = (where: string, path: string) => relative(where, path).split(/[\\/]/)[0] !== "..";
  const locate = (location: string): string | undefined => {
    for (const from of new Set([folder, beside]))
      try {
        const path = realpathSync(join(from, location));
        const isNamedInside = isIn(from, join(from, location));
        if (isNamedInside && (isIn(folder, path) || isIn(beside, path)) && statSync(path).isFile()) return path;
      } catch {
        // missing
      }
    return undefined;
  };
  return {
    size: (location) => {
      const path = locate(location);
      return path === undefined ? undefined : statSync(path).size;
    },
    read: (location, offset, length) => readSlice(locate(location)!, offset, length),
  };
}

function readSlice(path: string, offset: number, length: number): Uint8Array<ArrayBuffer> {
  const file = openSync(path, "r");
  try {
    if (offset + length > fstatSync(file).size)
      throw new Error(`onnx: expected ${offset + length} bytes in ${path}, got fewer; is it still being written?`);
    const bytes = new Uint8Array(length);
    for (let done = 0; done < length; ) {
      const got = readSync(file, bytes, done, Math.min(PIECE_BYTES, length - done), offset + done);
      if (got === 0) throw new Error(`onnx: expected ${offset + length} bytes in ${path}, got fewer; copy it again`);
      done += got;
    }
    return bytes;
  } finally {
    closeSync(file);
  }
}
