/** @file Captures that were cut or changed byte by byte are refused by `crh ingest` in one line, or are still whole. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { main } from "../../src/cli/main.ts";
import { encodeMoments } from "../../src/moments/momentsFile.ts";
import { Random } from "../../src/random/random.ts";
import { layerCase, layerOf, momentsOf } from "../moments/cases.ts";
import { testIo } from "./testIo.ts";

const dir = mkdtempSync(join(tmpdir(), "crh-fuzz-"));
afterAll(() => rmSync(dir, { recursive: true, force: true }));
const CHANGES = 60;

test("a capture that was cut or changed is refused in one line, or read", async () => {
  const whole = encodeMoments({ ...momentsOf([layerOf(layerCase(1, 9, 5, 3))]), losses: { count: 9, sum: 2 } });
  const header = 8 + Number(new DataView(whole.buffer, whole.byteOffset).getBigUint64(0, true));
  const random = new Random(5);
  const below = (limit: number) => random.below(limit);
  const path = join(dir, "capture.safetensors");
  let refused = 0;
  for (let k = 0; k < CHANGES; k++) {
    const isCut = k % 3 === 0;
    const bytes = Uint8Array.from(isCut ? whole.subarray(0, below(whole.length)) : whole);
    // Most of what a reader could trip over is in the header.
    if (!isCut) for (let i = 0; i <= below(3); i++) bytes[below(k % 3 === 1 ? header : bytes.length)] = below(256);
    writeFileSync(path, bytes);
    const io = testIo();
    const code = await main(["ingest", path, "--no-save", "--quiet"], io);
    if (code === 0) continue;
    refused++;
    expect(io.err().trim().split("\n"), `change ${k}`).toHaveLength(1);
    expect(io.err(), `change ${k}`).toMatch(/expected .*, got /);
    expect(io.out()).toBe("");
  }
  expect(refused).toBeGreaterThan(CHANGES / 2);
});
