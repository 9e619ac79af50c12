/**
 * @file Writes the two files of the conformance capture anew:
 *
 *     npx rolldown test/conformance/write.ts --platform node --format esm --file /tmp/write.mjs
 *     node /tmp/write.mjs && npx biome check --write test/conformance
 */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { encodeMoments } from "../../src/moments/momentsFile.ts";
import { conformanceMoments, conformanceRecord } from "./moments.ts";

const folder = join(process.cwd(), "test", "conformance");
const file = encodeMoments(conformanceMoments());
writeFileSync(join(folder, "capture.safetensors"), file);
writeFileSync(join(folder, "capture.json"), `${JSON.stringify(conformanceRecord(file))}\n`);
