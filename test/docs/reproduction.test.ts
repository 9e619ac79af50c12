/** @file What docs/reproduction.md says of the papers is what the score cards beside it say, and these are whole. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { folderOf, indexedStudies } from "../../src/runner/reproduce/writeIndex.ts";
import { indexMarkdown } from "../../src/studies/indexMarkdown.ts";
import { countWords } from "../../src/studies/scoreRecord.ts";
import { studies } from "../../src/studies/studies.ts";

const docs = join(import.meta.dirname, "..", "..", "docs");
const folder = join(docs, "reproduction");
const page = readFileSync(join(docs, "reproduction.md"), "utf8");
const all = indexedStudies(folder);
const recordOf = (name: string) => all.find(({ study }) => study.name === name)?.done?.record;

/** Rows of tables that begin with a study. */
const rows = page
  .split("\n")
  .filter((line) => /^\| `\w+\/[\w-]+` \|/.test(line))
  .map((line) =>
    line
      .split("|")
      .slice(1, -1)
      .map((cell) => cell.trim()),
  );

describe("docs/reproduction.md", () => {
  test("has rows", () => {
    expect(rows.length).toBeGreaterThan(40);
  });

  test.each(rows.map((row) => [row.join(" | "), row] as const))("%s", (_, [study, claim, number, verdict]) => {
    const record = recordOf(study!.replaceAll("`", ""));
    expect(record?.claims.map(({ name }) => name)).toContain(claim);
    const found = record!.claims.filter(({ name }) => name === claim);
    expect(found.map((row) => [row.number, row.verdict])).toContainEqual([number, verdict]);
  });

  test("counts what the score cards count", () => {
    const theories = { crh: "canonical", twopoint: "two-point", symmetry: "symmetry" };
    for (const theory of Object.keys(theories)) {
      const claims = all
        .filter(({ study }) => study.name.startsWith(`${theory}/`))
        .flatMap(({ done }) => done?.record.claims ?? []);
      expect(page.replaceAll("\n", " ")).toContain(countWords(claims));
    }
  });

  test("names every study that was not done", () => {
    for (const { study, done } of all) if (done === undefined) expect(page).toContain(`\`${study.name}\``);
  });
});

describe("docs/reproduction/", () => {
  test("index.md is what the command writes of these score cards", () => {
    expect(readFileSync(join(folder, "index.md"), "utf8")).toBe(indexMarkdown(all));
  });

  test("holds the figures of every study, and folders of studies alone", () => {
    const known = new Set(studies.map(folderOf));
    for (const entry of readdirSync(folder, { withFileTypes: true }))
      if (entry.isDirectory()) expect(known).toContain(entry.name);
    for (const { done } of all)
      for (const { name } of done?.record.figures ?? [])
        expect(existsSync(join(folder, done!.folder, `${name}.svg`))).toBe(true);
  });
});
