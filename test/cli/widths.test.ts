/** @file No table of the terminal is wider than it, and no two rows of one are cut to the same name. */
import { describe, expect, test } from "vitest";
import { renderAlignmentTable } from "../../src/cli/alignmentTable.ts";
import { renderComparison } from "../../src/cli/comparisonTables.ts";
import { lawsBelow } from "../../src/cli/lawsTable.ts";
import { shortenNames } from "../../src/cli/table.ts";
import type { Snapshot } from "../../src/measure/snapshot.ts";
import { compared } from "../../src/runner/records/comparison.ts";
import { plantedTransformer } from "../figures/planted.ts";

const prefixes = ["blocks", "model.encoder.transformer.layers", "a_module_with_a_very_long_name_and_no_dots_at_all_"];

/** The planted network with its blocks below another module. */
function network(prefix: string): Snapshot {
  const { snapshot } = plantedTransformer({ blocks: 12, heads: 2 });
  return {
    ...snapshot,
    layers: snapshot.layers.map((layer) => ({ ...layer, name: layer.name.replace(/^blocks/, prefix) })),
  };
}

describe.each(prefixes)("below %s", (prefix) => {
  const last = network(prefix);
  test.each([60, 80, 100, 120])("in %d columns", (width) => {
    const own = { setting: "llm", lr: 0.1, decay: 1e-3, batch: 64, width: 256, seed: 0 };
    const runs = [0, 1].map((i) => ({
      ...{ id: `2026-11-30-llm-${i}abcde`, status: "finished" as const, config: { ...own, lr: i, batch: i, seed: i } },
      ...{ start: { ...last, step: 0 }, last: { ...last, step: 1_000_000 } },
    }));
    const tables = [
      renderAlignmentTable(last, { initial: { ...last, step: 0 }, width }),
      lawsBelow(last, { width }),
      renderComparison(compared(runs), width, (text) => text),
    ];
    for (const line of tables.join("\n").split("\n")) expect([...line].length, line).toBeLessThanOrEqual(width);
    const rows = tables[0]!.split("\n").flatMap((line) => /^(\S.*?) {2,}[*\d-]/.exec(line)?.[1] ?? []);
    const sides = width < 98 ? 2 : 1;
    const maps = last.layers.filter(({ kind }) => kind === "linear").length;
    const heads = last.layers.filter(({ kind }) => kind === "head").length;
    expect(rows).toHaveLength(sides * maps + heads);
    expect(new Set(rows).size).toBe(maps + heads);
    expect(rows).toContain("block 11, head 1");
  });
});

test("names are told apart however little room there is", () => {
  const long = (end: string) => `${"x".repeat(40)}${end}${"y".repeat(40)}`;
  for (const names of [["1", "2", "3"].map(long), Array.from({ length: 30 }, (_, i) => `layer.${i}.norm.projection`)])
    for (const width of [8, 11, 14, 22]) {
      const cut = shortenNames(names, width);
      expect(new Set(cut).size).toBe(names.length);
      for (const name of cut) expect([...name].length).toBeLessThanOrEqual(width);
    }
  expect(shortenNames(["same", "same"], 3)).toEqual(["s…e", "s…e"]);
});
