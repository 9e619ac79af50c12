/** @file Puts the score cards and figures of docs/reproduction beside the built page, with a list of all studies. */
import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { root } from "./setup.mjs";

/** @param page folder of the built page; src/ must be compiled */
export async function copyReproductions(page) {
  const { studies } = await import(pathToFileURL(join(root, "dist", "studies", "studies.js")).href);
  const { countWords } = await import(pathToFileURL(join(root, "dist", "studies", "scoreRecord.js")).href);
  const target = join(page, "reproductions");
  mkdirSync(target, { recursive: true });
  const list = studies.map(({ name, title, source }) => {
    const folder = name.replace("/", "-");
    const from = join(root, "docs", "reproduction", folder);
    if (!existsSync(join(from, "score.json"))) return { name, folder, title, source, verdicts: [] };
    mkdirSync(join(target, folder), { recursive: true });
    for (const file of readdirSync(from)) copyFileSync(join(from, file), join(target, folder, file));
    const { claims, figures } = JSON.parse(readFileSync(join(from, "score.json"), "utf8"));
    const verdicts = claims.map(({ name: claim, verdict, number }) => ({ name: claim, verdict, number }));
    const picture = figures.length > 0 ? { picture: `reproductions/${folder}/${figures[0].name}.svg` } : {};
    return { name, folder, title, source, words: countWords(claims), verdicts, ...picture };
  });
  writeFileSync(join(target, "index.json"), JSON.stringify(list));
}
