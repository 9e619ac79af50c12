/**
 * @file Weights that an ONNX model keeps in separate files (TensorProto.external_data; "External Data" in
 * https://onnx.ai/onnx/repo-docs/ExternalData.html). The model file names them and is not trusted: a location may not
 * leave the model's folder, and offset and length are checked against the file and the tensor before anything is read.
 * This room knows no paths; the caller that opens the model passes a reader.
 */

import { quote } from "../formats/quote.ts";

/** Reads files in the model's folder. */
export interface ExternalFiles {
  /** Size in bytes of the file at a location relative to the model's folder; undefined without such a file. */
  size(location: string): number | undefined;
  /** Exactly `length` bytes from `offset`, in memory of their own that starts at a multiple of 8 bytes. */
  read(location: string, offset: number, length: number): Uint8Array<ArrayBuffer>;
}

/**
 * The bytes of one tensor, read from the location in the model: this slice alone, once.
 *
 * @param entries key and value pairs of TensorProto.external_data: location, offset, length (checksum is ignored)
 * @param bytes size by the tensor's shape and type
 * @throws Error in one line when the location is no file inside the model's folder, or the slice does not fit file or
 *   tensor
 */
export function readExternal(
  name: string,
  entries: readonly { readonly key: string; readonly value: string }[],
  bytes: number,
  files: ExternalFiles | undefined,
): Uint8Array<ArrayBuffer> {
  const fields = new Map(entries.map(({ key, value }) => [key, value]));
  const location = fields.get("location") ?? "";
  if (files === undefined)
    throw new Error(
      `onnx: expected the data of ${name} in the model file, got a reference to the file ${location}; open the model by its path, with that file beside it`,
    );
  if (!staysInside(location))
    throw new Error(
      `onnx: expected the weights of ${name} in a file beside the model, got ${quote(location)}; do not trust this model`,
    );
  const offset = wholeNumber(fields.get("offset") ?? "0", name);
  const length = fields.has("length") ? wholeNumber(fields.get("length")!, name) : bytes;
  if (length !== bytes)
    throw new Error(`onnx: expected ${bytes} bytes for ${name}, got ${length} in ${location}; the model is torn`);
  const size = files.size(location);
  if (size === undefined)
    throw new Error(
      `onnx: expected the file ${location} with the weights of ${name} beside the model, got none; copy it there`,
    );
  if (offset + length > size)
    throw new Error(
      `onnx: expected ${offset + length} bytes in ${location} for ${name}, got ${size}; copy the file again, it may be cut off`,
    );
  return files.read(location, offset, length);
}

/** Whether a location is a relative path that never goes up; POSIX form, as the standard demands. */
function staysInside(location: string): boolean {
  if (location === "" || /^[A-Za-z]:|[\\\p{Cc}]/u.test(location)) return false;
  return location.split("/").every((part, i) => (part !== "" || i > 0) && part !== "..");
}

function wholeNumber(text: string, name: string): number {
  const value = /^\d{1,16}$/.test(text) ? Number(text) : Number.NaN;
  if (!Number.isSafeInteger(value))
    throw new Error(`onnx: expected offset and length of ${name} as whole numbers, got ${quote(text)}`);
  return value;
}
