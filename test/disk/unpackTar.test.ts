import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterAll, beforeEach, describe, expect, test } from "vitest";
import { unpackTar } from "../../src/disk/fetch/unpackTar.ts";
import { tarOf } from "../cli/fetch/tarOf.ts";

const root = mkdtempSync(join(tmpdir(), "crh-tar-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));
let folder = "";
let count = 0;
beforeEach(() => {
  folder = join(root, `${count++}`, "in");
  mkdirSync(folder, { recursive: true });
});
const unpack = (bytes: Uint8Array, members: string[], maxBytes = 2 ** 20) => {
  const archive = join(root, "archive.tar.gz");
  writeFileSync(archive, bytes);
  return unpackTar(archive, folder, { members, maxBytes });
};
const content = Buffer.from("x".repeat(1300));

describe("an archive", () => {
  test("gives the members asked for under their last names, and nothing else", async () => {
    const tar = tarOf([
      { name: "set/", type: "5" },
      { name: "set/a.bin", content },
      { name: "set/other", content },
      { name: "set/b.txt", content: Buffer.from("b") },
      { name: "set/empty", content: Buffer.alloc(0) },
    ]);
    await unpack(gzipSync(tar), ["set/a.bin", "set/b.txt", "set/empty"]);
    expect(readdirSync(folder).toSorted()).toEqual(["a.bin", "b.txt", "empty"]);
    expect(readFileSync(join(folder, "a.bin"))).toEqual(content);
    expect(readFileSync(join(folder, "b.txt"), "latin1")).toBe("b");
  });

  test("leads nowhere else: other paths, links and devices are passed over", async () => {
    const tar = tarOf([
      { name: "../escape", content },
      { name: "/tmp/escape", content },
      { name: "set/a", type: "2", link: "/etc/passwd" },
      { name: "set/a", content },
    ]);
    await unpack(gzipSync(tar), ["set/a"]);
    expect(readdirSync(folder)).toEqual(["a"]);
    expect(readFileSync(join(folder, "a"))).toEqual(content);
    expect(existsSync(join(folder, "..", "escape"))).toBe(false);
  });

  const whole = tarOf([
    { name: "a", content },
    { name: "b", content },
  ]);
  test.each([
    ["lacks a member", gzipSync(whole.subarray(0, 2048)), "expected a whole archive"],
    ["is cut in gzip", gzipSync(whole).subarray(0, 60), "got damage (unexpected end of file)"],
    ["is cut in a file", gzipSync(whole.subarray(0, 2700)), "got an end within a file"],
    ["is damaged", gzipSync(whole.map((byte, i) => (i === 2050 ? 255 : byte))), "got a damaged entry"],
    ["is no gzip", whole, "got damage (incorrect header check)"],
    ["is a bomb", gzipSync(tarOf([{ name: "z", content: Buffer.alloc(4 * 2 ** 20) }])), "more than 1048576 bytes"],
  ])("that %s leaves nothing behind", async (_, bytes, line) => {
    await expect(unpack(bytes, ["a", "b"])).rejects.toThrow(line);
    expect(readdirSync(folder)).toEqual([]);
  });
});
