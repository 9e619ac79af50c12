/** @file The lab: a server for the run folders and the page that shows them. */
import { randomBytes } from "node:crypto";
import { existsSync } from "node:fs";
import type { AddressInfo } from "node:net";
import { hostname, networkInterfaces } from "node:os";
import { join } from "node:path";
import { createAdaptorServer } from "@hono/node-server";
import { builtPage, labApp } from "./app.ts";
import { RunReader } from "./runReader.ts";

export interface LabSettings {
  /** Folder of the runs; need not exist yet. */
  readonly runs: string;
  /** Folder of the sweeps; need not exist yet. */
  readonly sweeps: string;
  /** 0 for any free port. */
  readonly port: number;
  /** Address to listen on. Default 127.0.0.1; any other needs the token. */
  readonly host?: string;
  /** Folder of the page. Default: the built one. */
  readonly page?: string;
}

export interface Lab {
  /** Address for a browser; the token, if any, follows the #. */
  readonly url: string;
  readonly port: number;
  close(): Promise<void>;
}

const LOOPBACK = new Set(["127.0.0.1", "localhost", "::1"]);

/**
 * Starts the server.
 *
 * @throws Error in one line if the port is taken or the page was not built
 */
export async function startLab({
  runs,
  sweeps,
  port,
  host = "127.0.0.1",
  page = builtPage,
}: LabSettings): Promise<Lab> {
  if (!existsSync(join(page, "index.html")))
    throw new Error(`lab: expected the built page at ${page}, got none; npm run build makes it`);
  const token = LOOPBACK.has(host) ? undefined : randomBytes(18).toString("base64url");
  const hosts = new Set<string>();
  const app = labApp({ reader: new RunReader(runs, sweeps), page, hosts, token });
  const server = createAdaptorServer({ fetch: app.fetch });
  const address = await new Promise<AddressInfo>((resolve, reject) => {
    server.once("error", (error: NodeJS.ErrnoException) => reject(new Error(refusal(error, host, port))));
    server.listen(port, host, () => resolve(server.address() as AddressInfo));
  });
  for (const name of namesOf(host)) hosts.add(`${name}:${address.port}`);
  const shown = host === "0.0.0.0" || host === "::" ? hostname() : host;
  const base = `http://${shown.includes(":") ? `[${shown}]` : shown}:${address.port}/`;
  return {
    url: token === undefined ? base : `${base}#token=${token}`,
    port: address.port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        if ("closeAllConnections" in server) server.closeAllConnections();
      }),
  };
}

function refusal({ code, message }: NodeJS.ErrnoException, host: string, port: number): string {
  if (code === "EADDRINUSE")
    return `lab: expected a free port, got ${port}, on which another program listens; --port 0 takes any free one`;
  if (code === "EACCES") return `lab: expected a port that may be used, got ${port}; choose one above 1023`;
  return `lab: expected an address of this machine, got ${host} (${code ?? message})`;
}

/** Host headers that name this server. */
function namesOf(host: string): string[] {
  if (LOOPBACK.has(host)) return ["127.0.0.1", "localhost", "[::1]"];
  const own = Object.values(networkInterfaces()).flatMap((list) => list ?? []);
  const addresses = own.map(({ address, family }) => (family === "IPv6" ? `[${address.split("%")[0]}]` : address));
  return [host, hostname(), ...addresses, "localhost"].map((name) => name.toLowerCase());
}
