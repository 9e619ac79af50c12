import { createHash } from "node:crypto";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterAll, expect, test } from "vitest";
import { dataGetCommand, dataListCommand } from "../../src/cli/commands/data.ts";
import type { Io } from "../../src/cli/io.ts";
import { terminalObserver } from "../../src/cli/progress.ts";
import { type RemoteSet, remoteSets } from "../../src/disk/fetch/dataSets.ts";
import { type FetchOptions, fetchSet } from "../../src/runner/fetchSet.ts";
import { localServer, serve } from "./fetch/localServer.ts";
import { tarOf } from "./fetch/tarOf.ts";
import { testIo } from "./testIo.ts";

const getSet = (set: RemoteSet, { quiet, ...options }: FetchOptions & { quiet?: boolean }, io: Io) =>
  fetchSet(set, options, { observer: terminalObserver(io, { quiet }), signal: io.interruption() });

const root = mkdtempSync(join(tmpdir(), "crh-data-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));
const server = await localServer();
const archive = gzipSync(tarOf([{ name: "set/one.bin", content: Buffer.from("one") }]));
const text = Buffer.from("some text");
const md5 = (bytes: Uint8Array) => ({ kind: "md5", hex: createHash("md5").update(bytes).digest("hex") }) as const;
const set: RemoteSet = {
  name: "small",
  summary: "",
  source: "",
  files: [
    {
      url: "https://nowhere.invalid/a/set.tar.gz",
      checksum: md5(archive),
      name: "set.tar.gz",
      members: ["set/one.bin"],
    },
    { url: "https://nowhere.invalid/b/input.txt", checksum: md5(text), name: "small.txt" },
  ],
};

test("a set is fetched from a mirror, checked, unpacked, and fetched once", async () => {
  const asked: string[] = [];
  server.answer = (request, response) => {
    asked.push(request.url!);
    serve(request.url!.endsWith(".gz") ? archive : text)(request, response);
  };
  const io = testIo();
  const out = join(root, "small");
  await getSet(set, { out, from: `${server.url}/mirror/` }, io);
  expect(readdirSync(out).toSorted()).toEqual(["one.bin", "small.txt"]);
  expect(readFileSync(join(out, "one.bin"), "utf8")).toBe("one");
  expect(io.err()).toContain(`small is in ${out}`);
  await getSet(set, { out, from: server.url, quiet: true }, io);
  expect(asked).toEqual(["/mirror/set.tar.gz", "/mirror/input.txt"]);
});

test("an interruption is said in one line that tells how to go on", async () => {
  const io = testIo();
  server.answer = (_, response) => {
    response.writeHead(200, { "content-length": 100 });
    response.write("abc", () => setTimeout(() => io.interrupt(), 30));
  };
  const out = join(root, "interrupted");
  await expect(getSet(set, { out, from: server.url, quiet: true }, io)).rejects.toThrow(
    "data get: interrupted; the received part of set.tar.gz is kept, the same command continues",
  );
  expect(existsSync(join(out, "set.tar.gz.part"))).toBe(true);
});

test("unknown sets and mirrors that are none are refused", async () => {
  await expect(dataGetCommand("cifar", {}, testIo())).rejects.toThrow(
    'expected a data set, got "cifar"; did you mean cifar10?',
  );
  await expect(getSet(set, { from: "ftp://x" }, testIo())).rejects.toThrow("expected an http or https address");
});

test("the known sets have https addresses, checksums of their kind and names of their own", () => {
  const io = testIo();
  dataListCommand({ json: true }, io);
  const sets = JSON.parse(io.out()) as RemoteSet[];
  expect(sets.map(({ name }) => name)).toEqual(["cifar10", "cifar100", "mnist", "tinyshakespeare", "gpt2-bpe"]);
  for (const { files } of remoteSets)
    for (const { url, checksum, name } of files) {
      expect(new URL(url).protocol).toBe("https:");
      expect(checksum.hex).toMatch(checksum.kind === "md5" ? /^[0-9a-f]{32}$/ : /^[0-9a-f]{64}$/);
      expect(name).toMatch(/^[\w.-]+$/);
    }
  const table = testIo();
  dataListCommand({}, table);
  expect(table.out()).toMatch(/^cifar100 +60,000 colour images, .* www\.cs\.toronto\.edu/m);
});
