/**
 * @file What runs in a browser reaches no module of Node, and only packages that are plain JavaScript; theory reaches
 * no training.
 */
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import {
  type Permission,
  type Room,
  reached,
  readSources,
  readTable,
  roomOf,
  scan,
  topLevel,
} from "./sourceImports.ts";

const root = new URL("../../", import.meta.url);
const sources = readSources(fileURLToPath(new URL("src", root)));
const table = readTable(readFileSync(new URL("docs/architecture.md", root), "utf8"));

/** Tried in a browser (test/browser) or, being arithmetic alone, known to run there. */
const plain: readonly string[] = [
  "@bufbuild/protobuf",
  "@observablehq/plot",
  "fflate",
  "linkedom/worker", // the build for threads; the other one is Node's
  "ml-levenberg-marquardt",
  "onnxruntime-web",
  "react",
  "react-dom",
  "zod",
];

/** What files load, directly or not, that a browser does not have. */
function beyondBrowsers(from: readonly string[]): string[] {
  const packageOf = (name: string) => name.match(/^(?:@[^/]+\/)?[^/]+/)![0];
  return reached(sources, from).outside.filter((name) => ![name, packageOf(name)].some((one) => plain.includes(one)));
}

describe("the column browser of docs/architecture.md", () => {
  it("says yes or no of every room", () => {
    expect(table.filter(({ browser }) => browser !== "yes" && browser !== "no").map(({ name }) => name)).toEqual([]);
  });

  it.each(table.filter(({ name }) => name !== topLevel))("is true: $name, $browser", ({ name, browser }) => {
    const files = sources.map(({ path }) => path).filter((path) => roomOf(path) === name);
    expect(files.length).toBeGreaterThan(0);
    const missing = beyondBrowsers(files);
    if (browser === "yes") expect(missing).toEqual([]);
    else expect(missing).not.toEqual([]); // else it would be a room for browsers
  });
});

describe("the entry for browsers", () => {
  it("reaches nothing of Node, and training among much else", () => {
    const { files } = reached(sources, ["browser.ts"]);
    expect(beyondBrowsers(["browser.ts"])).toEqual([]);
    expect(files).toContain("train/train.ts");
    expect(files).toContain("settings/symmetry/vae.ts");
  });

  it("what reaches Node would be found", () => {
    expect(beyondBrowsers(["index.ts"])).toEqual(expect.arrayContaining(["node:fs", "onnxruntime-node"]));
  });
});

it("training reaches no package, and the setting fc2 files that a network, its data and its parameters need", () => {
  expect(reached(sources, ["train/train.ts"]).outside).toEqual([]);
  const { files, outside } = reached(sources, ["settings/fc2.ts"]);
  expect(outside).toEqual(["zod"]);
  expect(files.length).toBeLessThanOrEqual(24);
});

it("theory may reach neither training nor the probe, through no other room", () => {
  const rooms = new Map(table.map((room) => [room.name, room]));
  for (const name of ["measure", "twopoint", "symmetry", "ode"]) {
    const all = closure(rooms, name);
    for (const other of ["train", "probe", "engine"]) expect([...all], name).not.toContain(other);
  }
});

/** The rooms that a room may import, and those that these may. */
function closure(rooms: ReadonlyMap<string, Room>, name: string, found = new Set<string>()): ReadonlySet<string> {
  const allowed: Permission = rooms.get(name)!.rooms;
  if (allowed === "any") throw new Error(`test: ${name} may import any room`);
  for (const other of allowed) if (!found.has(other)) closure(rooms, other, found.add(other));
  return found;
}

it("of a source what is there at run time is told from types", () => {
  const { loads } = scan(
    "probe/x.ts",
    [
      'import type { A } from "./a.ts";',
      'import { type B, b } from "./b.ts";',
      'import "./c.ts";',
      'export type { D } from "./d.ts";',
      'export { e } from "./e.ts";',
      'type F = import("./f.ts").F;',
      'const g: typeof import("./g.ts") = await import("./h.ts");',
      'const i = (await import("./i.ts")).i;',
    ].join("\n"),
  );
  expect([...loads].sort()).toEqual(["./b.ts", "./c.ts", "./e.ts", "./h.ts", "./i.ts"]);
});
