/** @file A file with random access. */
import { closeSync, openSync, readSync, statSync } from "node:fs";
import type { ByteSource } from "../data/byteSource.ts";

const handles = new FinalizationRegistry<number>((handle) => closeSync(handle));

/** The file stays open while the source is in use. @throws Error with the path */
export function fileSource(path: string): ByteSource {
  const stat = statSync(path);
  const { size } = stat;
  // Checked before opening, because a pipe would wait for a writer.
  if (!stat.isFile()) throw new Error(`${path}: expected a file of bytes, got something else; check the path`);
  const handle = openSync(path, "r");
  const source: ByteSource = {
    size,
    read(from, to) {
      const bytes = new Uint8Array(to - from);
      for (let at = 0; at < bytes.length; ) {
        const count = readSync(handle, bytes, at, bytes.length - at, from + at);
        if (count === 0)
          throw new Error(`${path}: expected ${size} bytes, got an end at ${from + at}; leave the file as it is`);
        at += count;
      }
      return bytes;
    },
  };
  handles.register(source, handle);
  return source;
}
