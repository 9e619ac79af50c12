/** @file A file that is read by place. */
import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import type { ByteSource } from "../data/byteSource.ts";

const handles = new FinalizationRegistry<number>((handle) => closeSync(handle));

/** The file stays open as long as the source is in use. @throws Error that knows the path */
export function fileSource(path: string): ByteSource {
  const handle = openSync(path, "r");
  const { size } = fstatSync(handle);
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
