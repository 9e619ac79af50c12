import { createHash } from "node:crypto";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeEach, describe, expect, test } from "vitest";
import { type DownloadOptions, download } from "../../src/disk/fetch/download.ts";
import { localServer, serve } from "../cli/fetch/localServer.ts";

const root = mkdtempSync(join(tmpdir(), "crh-download-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));
const server = await localServer();
const bytes = Uint8Array.from({ length: 100_000 }, (_, i) => (i * 31 + (i >> 8)) % 256);
const checksum = { kind: "sha256", hex: createHash("sha256").update(bytes).digest("hex") } as const;
let path = "";
let count = 0;
beforeEach(() => {
  path = join(root, `file${count++}`);
  server.ranges.length = 0;
});
const get = (options: Partial<DownloadOptions> = {}, url = `${server.url}/file`) =>
  download(url, path, { checksum, maxBytes: 200_000, pause: 1, ...options });
const done = () => {
  expect(Buffer.compare(readFileSync(path), bytes)).toBe(0);
  expect(existsSync(`${path}.part`)).toBe(false);
};

describe("a download", () => {
  test("comes whole, with its progress", async () => {
    server.answer = serve(bytes);
    const seen: [number, number | undefined][] = [];
    await get({ onProgress: (...at) => seen.push(at) });
    done();
    expect([seen[0], seen.at(-1)]).toEqual([
      [0, 100_000],
      [100_000, 100_000],
    ]);
  });

  test("goes on where the connection broke, as often as it brings something", async () => {
    server.answer = serve(bytes, { cut: 15_000 });
    await get();
    done();
    expect(server.ranges[0]).toBe("");
    expect(server.ranges.slice(1).filter((range, i, all) => range !== all[i - 1])).toEqual(
      [15, 30, 45, 60, 75, 90].map((k) => `bytes=${k}000-`),
    );
  });

  test("begins anew where the server knows no ranges", async () => {
    server.answer = serve(bytes, { cut: 40_000, ranges: false });
    setTimeout(() => {
      server.answer = serve(bytes, { ranges: false });
    }, 60);
    await get({ pause: 100 });
    done();
  });

  test("goes on with what an earlier command left; what is whole or too long is not fetched again or dropped", async () => {
    server.answer = serve(bytes);
    writeFileSync(`${path}.part`, bytes.subarray(0, 70_000));
    await get();
    done();
    expect(server.ranges).toEqual(["bytes=70000-"]);
    rmSync(path);
    writeFileSync(`${path}.part`, bytes);
    await get();
    done();
    expect(server.ranges).toHaveLength(1);
    rmSync(path);
    writeFileSync(`${path}.part`, Buffer.concat([bytes, bytes]));
    await get();
    done();
  });

  test("of another content is deleted and refused", async () => {
    server.answer = serve(bytes.toReversed());
    await expect(get()).rejects.toThrow(
      /^data get: expected sha256 [0-9a-f]{64} of http:.*, got [0-9a-f]{64}; the file was/,
    );
    expect([existsSync(path), existsSync(`${path}.part`)]).toEqual([false, false]);
  });

  test("is refused when it is too large, announced or not", async () => {
    server.answer = serve(bytes);
    await expect(get({ maxBytes: 99_999 })).rejects.toThrow("expected at most 99999 bytes from");
    server.answer = (_, response) => {
      for (let i = 0; i < 10; i++) response.write(bytes);
      response.end();
    };
    await expect(get({ maxBytes: 200_000 })).rejects.toThrow("expected at most 200000 bytes from");
  });

  test("follows redirections, but not for ever and to no other protocol", async () => {
    const whole = serve(bytes);
    server.answer = (request, response) => {
      if (request.url === "/file") response.writeHead(302, { location: "/other" }).end();
      else whole(request, response);
    };
    await get();
    done();
    server.answer = (_, response) => response.writeHead(302, { location: "/file" }).end();
    await expect(get()).rejects.toThrow("more than 5 redirections");
    server.answer = (_, response) => response.writeHead(302, { location: "file:///etc/passwd" }).end();
    await expect(get()).rejects.toThrow("got sent on to file:///etc/passwd; only https is followed");
  });

  test("says in one line that there is no such file, no server or no answer, and keeps what came", async () => {
    server.answer = (_, response) => response.writeHead(404).end();
    await expect(get()).rejects.toThrow(
      /^data get: expected http:\S+, got status 404; try another address \(--from\)$/,
    );
    server.answer = (_, response) => response.writeHead(503).end();
    await expect(get()).rejects.toThrow(/got an end \(status 503\); check the network or give a mirror/);
    await expect(get({}, "http://127.0.0.1:1/file")).rejects.toThrow(
      /^data get: expected http:\S+, got no connection \(ECONNREFUSED\); check the network or give a mirror \(--from URL\)$/,
    );
    server.answer = (_, response) => {
      response.writeHead(200, { "content-length": 100_000 });
      response.write(bytes.subarray(0, 500));
    };
    await expect(get({ stall: 80 })).rejects.toThrow(/\d+ bytes are kept, the same command continues$/);
    expect(existsSync(`${path}.part`)).toBe(true);
  });

  test("ends at once when it is interrupted, and keeps what came", async () => {
    const controller = new AbortController();
    server.answer = (_, response) => {
      response.writeHead(200, { "content-length": 100_000 });
      response.write(bytes.subarray(0, 500));
    };
    const options = { signal: controller.signal, onProgress: (at: number) => at > 0 && controller.abort() };
    await expect(get(options)).rejects.toThrow();
    expect(readFileSync(`${path}.part`)).toHaveLength(500);
  });
});
