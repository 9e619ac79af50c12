/**
 * @file Reads a tar archive (ustar with GNU's and pax's long names, plain files only) out of memory; for archives of
 * test data.
 */

const BLOCK = 512;

/** Files of an archive by path. */
export function readTar(bytes: Uint8Array): Map<string, Uint8Array> {
  const text = (from: number, length: number) => {
    const field = bytes.subarray(from, from + length);
    const end = field.indexOf(0);
    return new TextDecoder().decode(end < 0 ? field : field.subarray(0, end));
  };
  const files = new Map<string, Uint8Array>();
  let long = "";
  for (let at = 0; at + BLOCK <= bytes.length && bytes[at] !== 0; ) {
    const size = Number.parseInt(text(at + 124, 12), 8) || 0;
    const [type, folder] = [text(at + 156, 1), text(at + 257, 5) === "ustar" ? text(at + 345, 155) : ""];
    if (type === "L") long = text(at + BLOCK, size);
    else if (type === "x") long = text(at + BLOCK, size).match(/ path=(.*)\n/)?.[1] ?? "";
    else {
      const name = long || (folder && `${folder}/`) + text(at, 100);
      if (type === "0" || type === "") files.set(name, bytes.subarray(at + BLOCK, at + BLOCK + size));
      long = "";
    }
    at += BLOCK + Math.ceil(size / BLOCK) * BLOCK;
  }
  return files;
}
