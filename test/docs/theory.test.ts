import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";

const root = join(import.meta.dirname, "..", "..");
const read = (path: string): string => readFileSync(join(root, path), "utf8");
const theory = read("docs/theory.md");
const equations = [...theory.matchAll(/^### Eq\. (\d+): /gm)].map((match) => Number(match[1]));

/** Files of the repository below a folder whose names end in one of the extensions. */
function filesOf(folder: string, ...extensions: readonly string[]): string[] {
  return readdirSync(join(root, folder), { recursive: true, encoding: "utf8" })
    .filter((name) => extensions.some((extension) => name.endsWith(extension)))
    .map((name) => join(folder, name));
}

/** "Eq. 3"; "Eqs. 3, 4", "Eqs. 3 and 4", "Eqs. 3-5", "Eqs. 3 to 5": the numbers of each citation, ranges filled in. */
function citations(line: string): number[] {
  return [...line.matchAll(/\bEq(?:\.\s*(\d+)|s\.\s*(\d+(?:\s*(?:,|and|to|-)\s*\d+)*))/g)].flatMap(([, one, list]) =>
    (one ?? list)!.split(/,|and/).flatMap((part) => {
      const [from = 0, to = from] = part.split(/to|-/).map(Number);
      return Array.from({ length: to - from + 1 }, (_, i) => from + i);
    }),
  );
}

/** Citations of equations that docs/theory.md does not have, one line each. */
function strayCitations(path: string, text: string, isOurs: (line: string) => boolean): string[] {
  return text.split("\n").flatMap((line, i) =>
    isOurs(line)
      ? citations(line)
          .filter((number) => !equations.includes(number))
          .map((number) => `${path}:${i + 1}: cites Eq. ${number}, which docs/theory.md does not have`)
      : [],
  );
}

/** In sources "Eq. N" is ours unless the line speaks of the paper; the convention called "paper" is not the paper. */
const inSources = (line: string): boolean =>
  !/arXiv|\bpaper\b/i.test(line.replace(/["'`]paper["'`]|paper convention/g, ""));
const namesTheory = (line: string): boolean => /theory\.md/.test(line);

describe("docs/theory.md", () => {
  it("numbers its equations in ascending order, each number once", () => {
    expect(equations).toEqual([...new Set(equations)].sort((x, y) => x - y));
    expect(equations.length).toBeGreaterThanOrEqual(28);
  });

  it("has every equation that sources and documents cite", () => {
    const stray = [
      ...filesOf("src", ".ts").flatMap((path) => strayCitations(path, read(path), inSources)),
      ...[...filesOf("docs", ".md"), "README.md"].flatMap((path) =>
        strayCitations(path, existing(path), path.endsWith("theory.md") ? inSources : namesTheory),
      ),
    ];
    expect(stray.join("\n")).toBe("");
  });

  it("says of every equation which function computes it", () => {
    const silent = theory
      .split(/^### /m)
      .slice(1)
      .filter((section) => !/^- Computed by: .*`\w+`/m.test(section))
      .map((section) => section.slice(0, section.indexOf(":")));
    expect(silent).toEqual([]);
  });

  it("names only functions that the file it names exports", () => {
    const flat = theory.replace(/\s+/g, " ");
    const named = [...flat.matchAll(/((?:`\w+`(?:,? and |, ))*`\w+`) in `(src\/[\w/]+\.ts)`/g)].flatMap(
      ([, functions, path]) =>
        [...functions!.matchAll(/\w+/g)].filter(([name]) => name !== "and").map(([name]) => ({ name, path: path! })),
    );
    expect(named.length).toBeGreaterThanOrEqual(equations.length);
    const missing = named
      .filter(({ name, path }) => {
        const text = existing(path);
        return !new RegExp(`^export (?:async )?(?:function|const|class) ${name}\\b`, "m").test(text);
      })
      .map(({ name, path }) => `docs/theory.md: names ${name} in ${path}, which exports no such function`);
    expect(missing.join("\n")).toBe("");
  });
});

function existing(path: string): string {
  try {
    return read(path);
  } catch {
    return "";
  }
}

describe("the reading of citations", () => {
  it("knows lists and ranges", () => {
    expect(citations("theory.md Eqs. 2, 3, 9")).toEqual([2, 3, 9]);
    expect(citations("(Eqs. 25 and 26; Eq. 8)")).toEqual([25, 26, 8]);
    expect(citations("Eqs. 14-16, Eqs. 3 to 5")).toEqual([14, 15, 16, 3, 4, 5]);
    expect(citations("Eq. 27, 3000 samples; no equation, 12")).toEqual([27]);
  });

  it("reports an equation that is not there, and leaves the paper's alone", () => {
    expect(strayCitations("x.ts", "a\nb (Eq. 999)", inSources)).toEqual([
      "x.ts:2: cites Eq. 999, which docs/theory.md does not have",
    ]);
    expect(strayCitations("x.ts", "the paper's Eq. 999, arXiv 2410.03006", inSources)).toEqual([]);
    expect(strayCitations("x.ts", '"paper" rows (Eq. 999)', inSources)).toHaveLength(1);
  });
});
