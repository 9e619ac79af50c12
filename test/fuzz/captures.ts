/**
 * @file Captures of strangers, by `crh ingest`: rows in npz and safetensors, and moments; with a plain one beside them
 * as a shard.
 */
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { zipSync } from "fflate";
import type { DataArray } from "../../src/data/array.ts";
import { encodeNpy } from "../../src/data/npy.ts";
import { encodeSafetensors } from "../../src/formats/safetensors.ts";
import { Random } from "../../src/random/random.ts";
import { command } from "./commands.ts";
import { mutateNpz, mutateSafetensors } from "./mutateTensors.ts";
import type { Subject } from "./subjects.ts";

/** @param runs a folder of whole runs, whose moments are subjects too */
export function captures(runs: string | undefined): Subject[] {
  const rows = rowsOf(new Random(3));
  const tensors = encodeSafetensors(
    new Map([...rows].map(([name, { shape, data }]) => [name, { dtype: "F32", shape, data: data as Float32Array }])),
  );
  const members = Object.fromEntries([...rows].map(([name, array]) => [`${name}.npy`, encodeNpy(array)]));
  const list: Subject[] = [
    capture("rows.safetensors", tensors, mutateSafetensors),
    capture("rows.npz", zipSync(members, { level: 0 }), mutateNpz),
    capture("packed.npz", zipSync(members), mutateNpz),
  ];
  for (const run of runs === undefined ? [] : readdirSync(runs)) {
    const folder = join(runs!, run, "moments");
    for (const file of existsSync(folder) ? readdirSync(folder) : [])
      list.push(
        capture(
          `${run.split("-")[3]}.safetensors`,
          new Uint8Array(readFileSync(join(folder, file))),
          mutateSafetensors,
        ),
      );
  }
  return list;
}

/** Two maps and a head, ten samples, the first with tokens. */
function rowsOf(random: Random): Map<string, DataArray> {
  const array = (...shape: number[]): DataArray => {
    const data = new Float32Array(shape.reduce((product, extent) => product * extent, 1));
    random.fillNormal(data);
    return { dtype: "float32", shape, data };
  };
  return new Map([
    ["up.a.h", array(5, 2, 4)],
    ["up.b.h", array(5, 2, 6)],
    ["up.b.g", array(5, 2, 6)],
    ["up.W", array(6, 4)],
    ["down.a.h", array(10, 6)],
    ["down.b.h", array(10, 3)],
    ["down.b.g", array(10, 3)],
    ["down.W", array(3, 6)],
    ["heads.0.b.h", array(10, 2)],
    ["heads.0.b.g", array(10, 2)],
  ]);
}

function capture(name: string, bytes: Uint8Array, structural: NonNullable<Subject["structural"]>): Subject {
  return {
    name,
    bytes,
    structural,
    async use(damaged) {
      const folder = mkdtempSync(join(tmpdir(), "crh-fuzz-capture-"));
      try {
        const [path, plain] = [join(folder, name), join(folder, `plain.${name}`)];
        writeFileSync(path, damaged);
        writeFileSync(plain, bytes);
        await command(["ingest", path, "--no-save"]);
        await command(["ingest", path, plain, "--json", "--runs", join(folder, "runs")]);
        await command(["ingest", path, "--moments", join(folder, "out.safetensors"), "--no-save", "--cost", "full"]);
      } finally {
        rmSync(folder, { recursive: true, force: true });
      }
    },
  };
}
