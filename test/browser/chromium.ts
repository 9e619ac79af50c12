/**
 * @file A headless Chromium from the npm registry alone: the one of @sparticuz/chromium (Linux on x64), unpacked once
 * into node_modules/.cache, or the one that CRH_CHROMIUM names.
 */
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync } from "node:fs";
import { join, resolve } from "node:path";
import { type Browser, chromium } from "playwright-core";

const modules = resolve(import.meta.dirname, "..", "..", "node_modules");

/**
 * @param switches of its command line, beside those that it always needs
 * @throws Error in one line that says what is missing and what to do
 */
export async function startChromium(switches: readonly string[] = []): Promise<Browser> {
  const own = process.env.CRH_CHROMIUM;
  const reasons: string[] = [];
  for (const { path, libraries } of own === undefined ? await unpacked() : [{ path: own, libraries: undefined }]) {
    const env = { ...process.env, ...(libraries === undefined ? {} : { LD_LIBRARY_PATH: libraries }) };
    try {
      return await chromium.launch({ executablePath: path, env, args: ["--no-sandbox", "--no-zygote", ...switches] });
    } catch (error) {
      reasons.push(reasonOf((error as Error).message));
    }
  }
  throw new Error(
    `tests: expected a Chromium that starts, got none (${reasons.join("; ")}); set CRH_CHROMIUM to the path of a Chromium or ` +
      "Chrome of this machine, or CRH_SKIP_BROWSER=1 to leave what runs in a browser untested",
  );
}

/**
 * What the program wrote to its error output, such as the library that is missing, or the first line of playwright's
 * report.
 */
function reasonOf(report: string): string {
  const lines = report.split("\n");
  const said = lines.filter((line) => line.includes("[err]")).map((line) => line.replace(/^.*\[err\]\s*/, ""));
  return (said.length > 0 ? said.slice(0, 3).join(" ") : lines[0]!).slice(0, 400);
}

/** The program with the libraries of the system, then with those that come with it. */
async function unpacked(): Promise<{ path: string; libraries: string | undefined }[]> {
  const { version } = JSON.parse(readFileSync(join(modules, "@sparticuz", "chromium", "package.json"), "utf8"));
  const folder = join(modules, ".cache", `chromium-${version}`);
  if (!existsSync(folder)) await unpack(folder);
  const path = join(folder, "chromium");
  return [
    { path, libraries: undefined },
    { path, libraries: join(folder, "al2023", "lib") },
  ];
}

/**
 * Into the folder as a whole or not at all. The package unpacks into the temporary folder, and its libraries for one
 * system alone.
 */
async function unpack(folder: string): Promise<void> {
  const half = `${folder}.${process.pid}`;
  mkdirSync(half, { recursive: true });
  const before = { ...process.env };
  try {
    Object.assign(process.env, { TMPDIR: half, AWS_EXECUTION_ENV: "AWS_Lambda_nodejs20.x" });
    const { default: packed } = await import("@sparticuz/chromium");
    await packed.executablePath();
    renameSync(half, folder);
  } finally {
    for (const name of Object.keys(process.env)) if (!(name in before)) delete process.env[name];
    Object.assign(process.env, before);
    rmSync(half, { recursive: true, force: true });
  }
}
