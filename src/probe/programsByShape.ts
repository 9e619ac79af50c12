/** @file Compiled graphs by the shapes of their data, made when a shape first occurs and kept until disposed of. */
import type { Program } from "../engine/engine.ts";
import { type Feeds, shapeKey } from "./feeds.ts";

export class ProgramsByShape<T extends { readonly program: Program }> {
  private readonly make: (feeds: Feeds) => Promise<T>;
  private readonly made = new Map<string, T>();

  /** @param make compiles for the shapes of these feeds */
  constructor(make: (feeds: Feeds) => Promise<T>) {
    this.make = make;
  }

  async get(feeds: Feeds): Promise<T> {
    const key = shapeKey(feeds);
    const known = this.made.get(key);
    if (known !== undefined) return known;
    const made = await this.make(feeds);
    this.made.set(key, made);
    return made;
  }

  /** Discards the program for these shapes; the next request makes it anew. */
  async forget(feeds: Feeds): Promise<void> {
    const key = shapeKey(feeds);
    await this.made.get(key)?.program.dispose();
    this.made.delete(key);
  }

  async dispose(): Promise<void> {
    for (const { program } of this.made.values()) await program.dispose();
    this.made.clear();
  }
}
