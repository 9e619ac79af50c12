/**
 * @file The numbered files of a run folder: snapshots/step-00000100.json, checkpoints/ and
 * moments/step-00000100.safetensors.
 */
import { existsSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { makeFolder, writeWhole } from "./writeFile.ts";

export interface StepFile {
  readonly step: number;
  readonly path: string;
}

/** The files of one folder of a run, one per step. */
export class StepFiles {
  readonly folder: string;
  readonly #extension: string;

  constructor(folder: string, extension: "json" | "safetensors") {
    this.folder = folder;
    this.#extension = extension;
  }

  path(step: number): string {
    return join(this.folder, `step-${String(step).padStart(8, "0")}.${this.#extension}`);
  }

  /** The existing files, by ascending step. */
  list(): StepFile[] {
    return this.#names()
      .flatMap((name) => {
        const match = /^step-(\d{8,})\.(\w+)$/.exec(name);
        return match === null || match[2] !== this.#extension
          ? []
          : [{ step: Number(match[1]), path: join(this.folder, name) }];
      })
      .sort((x, y) => x.step - y.step);
  }

  write(step: number, data: string | Uint8Array, options: { sync?: boolean } = {}): string {
    if (!Number.isSafeInteger(step) || step < 0)
      throw new RangeError(`runs: expected a step of at least 0, got ${step}`);
    makeFolder(this.folder);
    const path = this.path(step);
    writeWhole(path, data, options);
    return path;
  }

  /** Deletes the files of later steps. */
  dropAfter(step: number): void {
    for (const file of this.list()) if (file.step > step) rmSync(file.path, { force: true });
  }

  /** Deletes the files of given steps, and the folder if it is then empty. */
  drop(unwanted: (step: number) => boolean): void {
    const names = this.#names();
    for (const { step, path } of this.list()) if (unwanted(step)) rmSync(path, { force: true });
    if (names.length > 0 && this.#names().length === 0) rmSync(this.folder, { recursive: true, force: true });
  }

  /** Deletes all but the files of the last `count` steps. */
  keepLast(count: number): void {
    for (const { path } of this.list().slice(0, -count)) rmSync(path, { force: true });
  }

  #names(): string[] {
    return existsSync(this.folder) ? readdirSync(this.folder) : [];
  }
}
