/**
 * @file A lab on a temporary folder of runs, and a browser that looks at it, for tests. What the page says on its
 * console, and what it asks of other hosts, is kept: a test expects that it is nothing.
 */
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import type { Browser, BrowserContextOptions, Page } from "playwright-core";
import { type Lab, startLab } from "../../src/lab/lab.ts";
import { startChromium } from "../browser/chromium.ts";

/** As `npm test` and `npm run build` leave it. */
export const PAGE = resolve(import.meta.dirname, "..", "..", "dist", "web-page");

/** Asked for by name alone: a Chromium that does not start is a failure. */
export const isSkipped = process.env.CRH_SKIP_BROWSER === "1";
if (isSkipped) console.log("skipped: CRH_SKIP_BROWSER=1, the lab is looked at in no browser");

export class LabInBrowser {
  readonly runs: string;
  lab: Lab;
  readonly browser: Browser;
  /** Errors of pages: exceptions and what stands on the console as an error. */
  readonly errors: string[] = [];
  /** Addresses of other hosts that were asked for. */
  readonly elsewhere: string[] = [];

  private constructor(runs: string, lab: Lab, browser: Browser) {
    this.runs = runs;
    this.lab = lab;
    this.browser = browser;
  }

  /**
   * @param switches of the browser
   * @throws Error where the page was not built
   */
  static async start({
    runs = mkdtempSync(join(tmpdir(), "crh-lab-")),
    switches = [],
  }: {
    readonly runs?: string;
    readonly switches?: readonly string[];
  } = {}): Promise<LabInBrowser> {
    if (!existsSync(join(PAGE, "index.html")))
      throw new Error(`test: expected the built page at ${PAGE}, got none; npm run build makes it`);
    const [lab, browser] = await Promise.all([
      startLab({ runs, sweeps: join(runs, "sweeps"), port: 0, page: PAGE }),
      startChromium(switches),
    ]);
    return new LabInBrowser(runs, lab, browser);
  }

  /** A page at an address behind #: "/run/ID?step=100". */
  async open(hash = "/", options: BrowserContextOptions = {}): Promise<Page> {
    const context = await this.browser.newContext({ viewport: { width: 1280, height: 900 }, ...options });
    const page = await context.newPage();
    page.on("pageerror", (error) => this.errors.push(error.message));
    page.on(
      "console",
      (message) => message.type() === "error" && this.errors.push(`${message.text()} ${message.location().url}`),
    );
    page.on("request", (request) => {
      const url = request.url();
      if (/^https?:/.test(url) && !url.startsWith(this.lab.url)) this.elsewhere.push(url);
    });
    await page.goto(`${this.lab.url}#${hash}`);
    return page;
  }

  /** Ends the server at once and starts another at its address. @param between what happens while there is none */
  async restart(between: () => Promise<void>): Promise<void> {
    const { port } = this.lab;
    await this.lab.close();
    await between();
    this.lab = await startLab({ runs: this.runs, sweeps: join(this.runs, "sweeps"), port, page: PAGE });
  }

  async stop(): Promise<void> {
    await this.browser.close();
    await this.lab.close();
    rmSync(this.runs, { recursive: true, force: true });
  }
}
