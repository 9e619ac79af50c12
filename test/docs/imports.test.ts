import { readFileSync } from "node:fs";
import { builtinModules } from "node:module";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { cycles, readSources, readTable, type Source, scan, violations } from "./sourceImports.ts";

const root = new URL("../../", import.meta.url);
const read = (path: string): string => readFileSync(new URL(path, root), "utf8");
const sources = readSources(fileURLToPath(new URL("src", root)));
const table = readTable(read("docs/architecture.md"));

describe("the import table of docs/architecture.md", () => {
  it("is what the sources keep to", () => {
    expect(violations(sources, table).join("\n")).toBe("");
  });

  it("leaves no cycle of imports between files", () => {
    expect(cycles(sources).join("\n")).toBe("");
  });

  it("allows only what exists: packages of package.json, modules of Node", () => {
    const { dependencies, optionalDependencies, devDependencies } = JSON.parse(read("package.json")) as Record<
      "dependencies" | "optionalDependencies" | "devDependencies",
      Record<string, string>
    >;
    const known = Object.keys({ ...dependencies, ...optionalDependencies });
    const bundled = [...known, ...Object.keys(devDependencies)]; // into the page, when the package is built
    for (const { name: room, packages, builtins } of table) {
      if (packages !== "any") for (const name of packages) expect(room === "web" ? bundled : known).toContain(name);
      if (builtins !== "any") for (const name of builtins) expect(builtinModules).toContain(name);
    }
  });
});

describe("the scan of a source", () => {
  it("finds static, type, bare and dynamic imports, and not what comments say", () => {
    const source = scan(
      "probe/x.ts",
      [
        'import { a } from "./a.ts";',
        'import type { B } from "../linalg/b.ts";',
        "import {",
        "  c,",
        "  type C,",
        '} from "zod";',
        'import * as d from "node:fs";',
        'import "./e.ts";',
        'export { f } from "./f.ts";',
        'export type { J } from "./j.ts";',
        'type G = import("../moments/g.ts").G;',
        'const h = await import("./h.ts");',
        ' *     import { no } from "./no.ts"; import("./no.ts")',
        '// import("./no.ts")',
        "const text = 'from \"./no.ts\"';",
      ].join("\n"),
    );
    expect([...source.imports].sort()).toEqual(
      ["./a.ts", "../linalg/b.ts", "zod", "node:fs", "./e.ts", "./f.ts", "../moments/g.ts", "./h.ts", "./j.ts"].sort(),
    );
    expect(source.reexports).toEqual(["./f.ts"]);
    expect(source.computed).toBe(false);
    expect(scan("x.ts", "await import(name)").computed).toBe(true);
  });
});

describe("the comparison", () => {
  const rooms = readTable(
    [
      "| room | holds | may import | node: | packages |",
      "| --- | --- | --- | --- | --- |",
      "| low | numbers | - | - | - |",
      "| high | files | `low` | `fs` | zod |",
      "| gone | nothing | lost | - | - |",
      "",
    ].join("\n"),
  );
  const file = (path: string, text: string): Source => scan(path, text);

  it("names in one line each import that a room may not have", () => {
    const planted = [
      file("low/x.ts", 'import { y } from "../high/y.ts";'),
      file(
        "high/y.ts",
        'import "node:os";\nimport "lodash/fp";\nimport "../../scripts/x.ts";\nexport * from "./z.ts";',
      ),
      file("high/z.ts", 'import "../low/x.ts";\nimport "node:fs";\nimport { z } from "zod";'),
      file("new/a.ts", ""),
    ];
    expect(violations(planted, rooms)).toEqual([
      "gone: in the table, but src/ has no such room",
      "gone: may import lost, which is no room of the table",
      "new: in src/, but the table has no such room",
      "low/x.ts: imports high/y.ts, and low may not import high",
      "high/y.ts: imports node:os, which high may not",
      "high/y.ts: imports package lodash, which high may not",
      "high/y.ts: imports ../../scripts/x.ts, which is outside of src/",
      "high/y.ts: passes on ./z.ts; only src/index.ts and src/browser.ts re-export",
    ]);
  });

  it("finds a cycle, and none where there is none", () => {
    const ring = [
      file("low/a.ts", 'import "./b.ts";'),
      file("low/b.ts", 'import "../high/c.ts";'),
      file("high/c.ts", 'import "../low/a.ts";'),
    ];
    expect(cycles(ring)).toEqual(["low/a.ts -> low/b.ts -> high/c.ts -> low/a.ts"]);
    expect(cycles(ring.slice(0, 2))).toEqual([]);
  });
});
