/** @file The entry for browsers reaches no module of Node, and only packages that are plain JavaScript. */
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";
import { reached, readSources } from "./sourceImports.ts";

const root = new URL("../../", import.meta.url);
const sources = readSources(fileURLToPath(new URL("src", root)));

it("everything that src/browser.ts reaches runs without Node", () => {
  const { files, outside } = reached(sources, "browser.ts");
  expect(files.length).toBeGreaterThan(50);
  expect(files.every((file) => !/^(cli|runs|report|engine|train|probe|onnx)\//.test(file))).toBe(true);
  expect(outside).toEqual(["ml-levenberg-marquardt"]);
});

it("what reaches Node would be found", () => {
  expect(reached(sources, "index.ts").outside).toContain("node:fs");
});
