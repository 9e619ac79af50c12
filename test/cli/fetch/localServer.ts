/**
 * @file A server on 127.0.0.1 that misbehaves as told: cuts connections, knows no ranges, redirects, serves something
 * else.
 */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll } from "vitest";

export interface LocalServer {
  readonly url: string;
  /** Ranges asked for, in order; "" where none was. */
  readonly ranges: string[];
  answer: (request: IncomingMessage, response: ServerResponse) => void;
}

export async function localServer(): Promise<LocalServer> {
  const server = createServer((request, response) => {
    local.ranges.push(request.headers.range ?? "");
    local.answer(request, response);
  });
  await new Promise<void>((ready) => server.listen(0, "127.0.0.1", ready));
  afterAll(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  const local: LocalServer = {
    url: `http://127.0.0.1:${port}`,
    ranges: [],
    answer: (_, response) => response.writeHead(404).end(),
  };
  return local;
}

export interface ServeOptions {
  readonly ranges?: boolean;
  /** Ends the connection after so many bytes of each answer. */
  readonly cut?: number;
}

/** Serves bytes, from where the range asks for them. */
export function serve(bytes: Uint8Array, { ranges = true, cut }: ServeOptions = {}): LocalServer["answer"] {
  return (request, response) => {
    const match = ranges ? /^bytes=(\d+)-$/.exec(request.headers.range ?? "") : null;
    const from = match === null ? 0 : Number(match[1]);
    if (match !== null && from >= bytes.length) {
      response.writeHead(416).end();
      return;
    }
    const part = bytes.subarray(from);
    const range = `bytes ${from}-${bytes.length - 1}/${bytes.length}`;
    response.writeHead(match === null ? 200 : 206, {
      "content-length": part.length,
      ...(match === null ? {} : { "content-range": range }),
    });
    if (cut === undefined || cut >= part.length) response.end(part);
    else response.write(part.subarray(0, cut), () => setTimeout(() => response.destroy(), 20));
  };
}
