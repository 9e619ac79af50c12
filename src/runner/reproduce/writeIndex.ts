/** @file reproduce/index.html and index.md: the studies that lie in a folder, whatever command made them. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { writeWhole } from "../../runs/writeFile.ts";
import { indexMarkdown } from "../../studies/indexMarkdown.ts";
import { type IndexedStudy, indexPage } from "../../studies/indexPage.ts";
import { SCORE_SCHEMA, type ScoreRecord } from "../../studies/scoreRecord.ts";
import { studies } from "../../studies/studies.ts";
import type { Study } from "../../studies/study.ts";

/** What the pages read of a record. */
const shown = z.looseObject({
  schema: z.literal(SCORE_SCHEMA),
  size: z.string(),
  claims: z.array(
    z.looseObject({
      name: z.string(),
      statement: z.string(),
      number: z.string(),
      limit: z.string(),
      verdict: z.string(),
    }),
  ),
  figures: z.array(z.looseObject({ name: z.string(), caption: z.string() })),
  notes: z.array(z.string()),
  runs: z.array(z.looseObject({ id: z.string().nullable() })),
});

/** The folder of a study in that of all. */
export const folderOf = ({ name }: Pick<Study, "name">): string => name.replaceAll("/", "-");

/**
 * Writes the page over the studies of a folder, and the same in Markdown.
 *
 * @returns the page's path
 */
export function writeIndex(to: string): string {
  const path = join(to, "index.html");
  const all = indexedStudies(to);
  writeWhole(path, indexPage(all), { where: "reproduce" });
  writeWhole(join(to, "index.md"), indexMarkdown(all), { where: "reproduce" });
  return path;
}

/** All studies, with what those concluded whose folders are there. */
export function indexedStudies(to: string): IndexedStudy[] {
  return studies.map((study) => indexed(study, to));
}

/** A study without a record that can be read counts as not done: doing it again writes one. */
function indexed(study: Study, to: string): IndexedStudy {
  const folder = folderOf(study);
  const file = join(to, folder, "score.json");
  if (!existsSync(file)) return { study };
  try {
    const record = shown.parse(JSON.parse(readFileSync(file, "utf8"))) as unknown as ScoreRecord;
    return { study, done: { folder, record } };
  } catch {
    return { study };
  }
}
