/**
 * @file The PyTorch of the README runs, and what it writes is read; where there is no PyTorch ($CRH_PYTHON, python3)
 * that is said.
 */
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { main } from "../../src/cli/main.ts";
import type { Snapshot } from "../../src/measure/snapshot.ts";
import { testIo } from "../cli/testIo.ts";

const python = process.env.CRH_PYTHON ?? "python3";
const hasTorch =
  spawnSync(python, ["-c", "import importlib.util as u; exit(not (u.find_spec('torch') and u.find_spec('numpy')))"])
    .status === 0;
if (!hasTorch) console.log(`skipped: no PyTorch in ${python}; set CRH_PYTHON`);
const dir = mkdtempSync(join(tmpdir(), "crh-readme-"));
afterAll(() => rmSync(dir, { recursive: true, force: true }));

const readme = readFileSync(join(import.meta.dirname, "..", "..", "README.md"), "utf8");
const snippet = /```python\n([\s\S]+?)```/.exec(readme)![1]!;

/** A model of sequences, whose rows are (batch, tokens, d). */
const before = `
import numpy, torch
torch.manual_seed(0)
class Mean(torch.nn.Module):
    def forward(self, x):
        return x.mean(1)
model = torch.nn.Sequential(torch.nn.Linear(5, 8), torch.nn.ReLU(), torch.nn.Linear(8, 3), Mean())
x, y = torch.randn(40, 4, 5), torch.randint(3, (40,))
`;

test.skipIf(!hasTorch)(
  "hooks write rows that crh ingest measures, a row a token",
  async () => {
    const ran = spawnSync(python, ["-c", before + snippet], { cwd: dir, encoding: "utf8" });
    expect([ran.status, ran.stderr]).toEqual([0, ""]);
    const io = testIo();
    expect(await main(["ingest", join(dir, "rows.npz"), "--json", "--no-save"], io)).toBe(0);
    const { layers } = JSON.parse(io.out()) as Snapshot;
    expect(layers.map(({ name, dIn, dOut, samples }) => [name, dIn, dOut, samples])).toEqual([
      ["0", 5, 8, 160],
      ["2", 8, 3, 160],
    ]);
    expect(layers[0]!.alignment.paper.b.rwa.value).toBeGreaterThan(0);
  },
  60_000,
);
