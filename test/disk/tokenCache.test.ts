import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { textFileNames } from "../../src/data/corpus.ts";
import { byteTokenizer } from "../../src/data/tokenizer.ts";
import { dataFolder } from "../../src/disk/dataFolder.ts";
import { keptTokens } from "../../src/disk/tokenCache.ts";

const root = mkdtempSync(join(tmpdir(), "crh-tokens-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));
mkdirSync(join(root, "data/more"), { recursive: true });
writeFileSync(join(root, "data/b.txt"), "bb\n");
writeFileSync(join(root, "data/more/a.md"), "aé\n");
writeFileSync(join(root, "data/README.md"), "about");
const data = dataFolder(join(root, "data"));
const files = textFileNames(data.list!()).map((name) => ({ name, source: data.open!(name) }));
const folder = join(root, "cache");

describe("tokens that are kept", () => {
  test("are made once, read again, and made again when the file is damaged or the text another", () => {
    const expected = [98, 98, 10, 0, 97, 0xc3, 0xa9, 10];
    const read = (list = files) => {
      const tokens = keptTokens(list, byteTokenizer, { from: 0, folder });
      return Array.from(tokens.read(0, tokens.length));
    };
    expect(read()).toEqual(expected);
    const path = join(folder, readdirSync(folder)[0]!);
    const { mtimeMs } = statSync(path);
    expect(read()).toEqual(expected);
    expect(statSync(path).mtimeMs).toBe(mtimeMs);
    const whole = readFileSync(path);
    writeFileSync(path, whole.subarray(0, 70));
    expect(read()).toEqual(expected);
    expect(readFileSync(path)).toEqual(whole);
    expect(read(files.slice(1))).toEqual(expected.slice(4));
    expect(readdirSync(folder)).toHaveLength(2);
  });

  test("leave nothing behind when the text is none", () => {
    writeFileSync(join(root, "bad.txt"), Uint8Array.of(97, 0xff));
    const bad = [{ name: "bad.txt", source: dataFolder(join(root, "bad.txt")).open!("bad.txt") }];
    expect(() => keptTokens(bad, byteTokenizer, { from: 0, folder: join(root, "other") })).toThrow("at byte 1");
    expect(readdirSync(join(root, "other"))).toEqual([]);
  });
});

describe("what settings see of the data", () => {
  test("a folder lists its files and reads them by place", () => {
    expect(data.list!()).toEqual(["README.md", "b.txt", join("more", "a.md")]);
    expect(new TextDecoder().decode(data.open!("README.md").read(1, 3))).toBe("bo");
    expect(() => data.open!("more")).toThrow("expected a file of bytes, got something else");
    expect(() => data.open!("README.md").read(3, 9)).toThrow("expected 5 bytes, got an end at 5");
    expect(data.folder!(join(root, "data/more")).file!("a.md")).toHaveLength(4);
  });

  test("a file is itself alone, and no folder", () => {
    const single = dataFolder(join(root, "data/b.txt"));
    expect(single.list!()).toEqual(["b.txt"]);
    expect(single.open!("b.txt").size).toBe(3);
    expect(() => single.file!("x")).toThrow("which is a file; check --data");
  });
});
