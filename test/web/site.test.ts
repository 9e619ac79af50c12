/** @file The static site, as `npm run site` writes it, below a path of a plain web server that knows nothing of it. */
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import { createRequire } from "node:module";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { extname, join, normalize, resolve } from "node:path";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { writeSite } from "../../scripts/site/folder.ts";
import { startChromium } from "../browser/chromium.ts";

/** As `npm test` and `npm run build` leave it. */
const PAGE = resolve(import.meta.dirname, "..", "..", "dist", "web-page");
const isSkipped = process.env.CRH_SKIP_BROWSER === "1";
if (isSkipped) console.log("skipped: CRH_SKIP_BROWSER=1, the static site is looked at in no browser");

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

const TYPES: Readonly<Record<string, string>> = {
  ".html": "text/html",
  ".js": "text/javascript",
  ".css": "text/css",
  ".svg": "image/svg+xml",
  ".json": "application/json",
  ".wasm": "application/wasm",
};

const folder = mkdtempSync(join(tmpdir(), "crh-site-"));
const site = join(folder, "x", "y");
const server: Server = createServer(({ url = "/" }, response) => {
  const path = decodeURIComponent(new URL(url, "http://localhost").pathname);
  const file = join(folder, normalize(path.endsWith("/") ? `${path}index.html` : path));
  if (!existsSync(file) || !statSync(file).isFile()) return response.writeHead(404).end();
  return response.writeHead(200, { "content-type": TYPES[extname(file)] ?? "text/plain" }).end(readFileSync(file));
});
let browser: Browser;
let start = "";
const errors: string[] = [];
const elsewhere: string[] = [];

async function opened(address: string, width = 1280): Promise<Page> {
  const page = await browser.newPage({ viewport: { width, height: 900 } });
  page.on("pageerror", (error) => errors.push(error.message));
  page.on("console", (message) => message.type() === "error" && errors.push(message.text()));
  page.on("request", (request) => {
    if (/^https?:/.test(request.url()) && !request.url().startsWith(start)) elsewhere.push(request.url());
  });
  await page.goto(start + address);
  return page;
}

describe.skipIf(isSkipped)("the static site", () => {
  beforeAll(async () => {
    mkdirSync(join(folder, "x"));
    writeSite(PAGE, site);
    await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
    start = `http://127.0.0.1:${(server.address() as AddressInfo).port}/x/y/`;
    browser = await startChromium();
  });
  afterAll(async () => {
    await browser?.close();
    server.close();
    rmSync(folder, { recursive: true, force: true });
  });

  it("shows what needs no server, and leads to the documents and back", async () => {
    const page = await opened("");
    const rooms = page.getByRole("navigation", { name: "Rooms" });
    await rooms.getByText("Playground").waitFor();
    const names = await rooms.getByRole("link").allTextContents();
    expect(names).toContain("Reproductions");
    for (const name of ["Runs", "Compare", "Sweeps"]) expect(names).not.toContain(name);
    await rooms.getByText("Reproductions").click();
    await page.getByText("crh/1", { exact: true }).first().waitFor();
    await rooms.getByText("Docs").click();
    await page.getByRole("heading", { level: 1, name: "crh-lab" }).waitFor();
    await page.getByRole("navigation", { name: "Documents" }).getByText("Theory").click();
    await page.getByRole("link", { name: "Eq. 11: alignment" }).click();
    expect(await page.locator(".formula").count()).toBeGreaterThan(120);
    expect(page.url()).toBe(`${start}docs/theory.html#eq-11-alignment`);
    await page.getByRole("link", { name: "crh-lab", exact: true }).click();
    await rooms.getByText("Playground").waitFor();
    await page.close();
  });

  it.each(["index", "theory", "api", "score-cards", "coverage"])("%s fits a narrow screen", async (name) => {
    const page = await opened(`docs/${name}.html`, 390);
    expect(await page.evaluate("document.documentElement.scrollWidth")).toBe(390);
    await page.close();
  });

  it.each(["light", "dark"] as const)("the guide can be read by everybody, %s", async (colorScheme) => {
    const context = await browser.newContext({ colorScheme, viewport: { width: 390, height: 900 } });
    const page = await context.newPage();
    await page.goto(`${start}docs/index.html`);
    await page.evaluate(axe);
    const found = await page.evaluate("axe.run(document).then(({ violations }) => violations.map(({ help }) => help))");
    expect(found).toEqual([]);
    await context.close();
  });

  it("has no errors and asks no other host", () => {
    expect(errors).toEqual([]);
    expect(elsewhere).toEqual([]);
  });

  it("replaces itself and nothing else", () => {
    expect(writeSite(PAGE, site).files).toBeGreaterThan(100);
    const own = join(folder, "own");
    mkdirSync(own);
    writeFileSync(join(own, "index.html"), "mine");
    expect(() => writeSite(PAGE, own)).toThrow("expected a new or empty folder, or a site made before");
    expect(readFileSync(join(own, "index.html"), "utf8")).toBe("mine");
  });
});
