import { createHash } from "node:crypto";
import { join } from "node:path";
import { expect, it } from "vitest";
import { pageScript } from "../../src/report/pageScript.ts";

const root = join(import.meta.dirname, "..", "..");

it("pages allow their own script by its hash", async () => {
  const hash = createHash("sha256").update(pageScript).digest("base64");
  const module = `/**
 * @file The hash of the page's script, the only one that the page's policy allows. Written by
 * test/report/scriptHash.test.ts (vitest -u), not by hand, because browsers compute SHA-256 only asynchronously.
 */
export const scriptHash = "sha256-${hash}";
`;
  await expect(module).toMatchFileSnapshot(join(root, "src", "report", "scriptHash.ts"));
});
