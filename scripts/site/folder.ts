/** @file The built page and its documents as a folder for a web server that has no runs. */
import { cpSync, existsSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** Says of the page that no server with runs stands behind it, so that it need not ask. */
const MARK = '<html lang="en" data-static';

/**
 * @param page folder of the built page, with docs/ in it
 * @param to replaced where it holds a site
 * @throws Error where `to` holds something else
 */
export function writeSite(page: string, to: string): { files: number; bytes: number } {
  if (existsSync(to) && readdirSync(to).length > 0 && !isSite(to))
    throw new Error(`site: expected a new or empty folder, or a site made before, got ${to}; name another with --to`);
  rmSync(to, { recursive: true, force: true });
  cpSync(page, to, { recursive: true });
  const index = join(to, "index.html");
  writeFileSync(index, readFileSync(index, "utf8").replace('<html lang="en"', MARK));
  if (!isSite(to)) throw new Error(`site: expected ${page} to hold the built page, got another; run npm run build`);
  const sizes = readdirSync(to, { recursive: true, encoding: "utf8" })
    .map((name) => statSync(join(to, name)))
    .flatMap((stat) => (stat.isFile() ? [stat.size] : []));
  return { files: sizes.length, bytes: sizes.reduce((sum, size) => sum + size, 0) };
}

function isSite(folder: string): boolean {
  const index = join(folder, "index.html");
  return existsSync(index) && readFileSync(index, "utf8").includes(MARK);
}
