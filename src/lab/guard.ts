/**
 * @file Access control. A request must come from a page of this server and name an address on which the server listens;
 * from another machine it also needs the token. Foreign pages that know the port (DNS rebinding, cross-site requests)
 * get 403.
 */
import { timingSafeEqual } from "node:crypto";
import type { Context, MiddlewareHandler } from "hono";
import { getCookie } from "hono/cookie";

export interface Guarded {
  /** Accepted Host headers: "127.0.0.1:4100"; undefined if any address of this machine may be used. */
  readonly hosts: ReadonlySet<string> | undefined;
  /** Token required from clients on other machines. */
  readonly token: string | undefined;
}

/** Name of the cookie that holds the token once the page has sent it. */
export const TOKEN_COOKIE = "crh-lab-token";

/** Only the page's own scripts, workers and WebAssembly run; no requests to other hosts. */
const POLICY = [
  "default-src 'none'",
  "script-src 'self' 'wasm-unsafe-eval'",
  "worker-src 'self' blob:",
  "style-src 'self' 'unsafe-inline'", // figures have colours and positions as attributes
  "img-src 'self' data: blob:",
  "connect-src 'self' data: blob:",
  "font-src 'self'",
  "form-action 'none'",
  "base-uri 'none'",
  "frame-ancestors 'none'",
].join("; ");

/** Answers 403 to a wrong Host and to requests from other sites, 401 to requests without the token. */
export function guard({ hosts, token }: Guarded): MiddlewareHandler {
  return async (context, next) => {
    const refused = refusal(context, hosts);
    if (refused !== undefined) return context.json({ error: refused }, 403);
    if (token !== undefined && needsToken(context) && !isToken(tokenOf(context), token))
      return context.json({ error: "lab: expected the token that crh lab printed, got none or another one" }, 401);
    await next();
    setHeaders(context);
    return undefined;
  };
}

function refusal(context: Context, hosts: ReadonlySet<string> | undefined): string | undefined {
  const host = context.req.header("host") ?? "";
  if (hosts !== undefined && !hosts.has(host.toLowerCase()))
    return `lab: expected this server's own address as Host, got ${JSON.stringify(host.slice(0, 100))}`;
  const origin = context.req.header("origin");
  if (origin !== undefined && origin !== `http://${host}`)
    return `lab: expected a request of the lab's own page, got one of ${JSON.stringify(origin.slice(0, 100))}`;
  const site = context.req.header("sec-fetch-site");
  const isNavigation = context.req.header("sec-fetch-mode") === "navigate" && context.req.method === "GET";
  if (site !== undefined && site !== "same-origin" && site !== "none" && !(isNavigation && isPage(context)))
    return `lab: expected a request of the lab's own page, got one of another site (${site.slice(0, 20)})`;
  return undefined;
}

/** A link on another page may lead to the lab's page, which contains no data, but never to its data. */
const isPage = (context: Context): boolean => context.req.path === "/";

/** The page itself contains no data; it asks for the token and sends it. */
function needsToken(context: Context): boolean {
  return context.req.path.startsWith("/api/") && context.req.path !== "/api/session";
}

function tokenOf(context: Context): string {
  const header = context.req.header("authorization") ?? "";
  return header.startsWith("Bearer ") ? header.slice("Bearer ".length) : (getCookie(context, TOKEN_COOKIE) ?? "");
}

/** Whether two tokens are equal, in constant time. */
export function isToken(given: string, token: string): boolean {
  const [one, other] = [Buffer.from(given), Buffer.from(token)];
  return one.length === other.length && timingSafeEqual(one, other);
}

function setHeaders(context: Context): void {
  const headers = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
  };
  for (const [name, value] of Object.entries(headers))
    if (!context.res.headers.has(name)) context.res.headers.set(name, value);
  if (context.req.path.startsWith("/api/") && !context.res.headers.has("Cache-Control"))
    context.res.headers.set("Cache-Control", "no-store");
}
