import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { constantOperators } from "../../src/autodiff/constantOperators.ts";
import { rules } from "../../src/autodiff/rules.ts";
import { settings } from "../../src/settings/settings.ts";

const text = readFileSync(new URL("../../docs/coverage.md", import.meta.url), "utf8");

/** The text under a heading of the second level. */
function section(title: string): string {
  const found = text.split(/^## /m).find((part) => part.startsWith(`${title}\n`));
  if (found === undefined) throw new Error(`docs/coverage.md: expected a section "${title}", got none`);
  return found;
}

/** The backquoted words of `part`, sorted. */
const words = (part: string, pattern: RegExp): string[] => [...part.matchAll(pattern)].map((match) => match[1]!).sort();

describe("docs/coverage.md", () => {
  it("has a row for every operator with a gradient rule, and no other", () => {
    expect(words(section("Operators"), /^\| `(\w+)` \| (?:works|limited) \|/gm)).toEqual([...rules.keys()].sort());
  });

  it("lists the operators through which no gradient flows", () => {
    const paragraph = section("Operators").match(/^No gradient flows through these[\s\S]*?\n\n/m)?.[0] ?? "";
    expect(words(paragraph, /`(\w+)`/g)).toEqual([...constantOperators].sort());
  });

  it("has a row for every setting", () => {
    expect(words(section("Settings"), /^\| `([\w-]+)` \|/gm)).toEqual(settings.map(({ name }) => name).sort());
  });

  it("stands beside docs/formats.md, which names every setting", () => {
    const formats = readFileSync(new URL("../../docs/formats.md", import.meta.url), "utf8");
    const row = formats.match(/^\| `setting` \| text \|([^;]*); of an analysis/m)?.[1] ?? "";
    expect(words(row, /`([\w-]+)`/g)).toEqual(settings.map(({ name }) => name).sort());
  });
});
