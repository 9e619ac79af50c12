/** @file reproduce/index.html and index.md: all studies in a folder, whichever command made them. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { writeWhole } from "../../runs/writeFile.ts";
import { indexMarkdown } from "../../studies/indexMarkdown.ts";
import { type IndexedStudy, indexPage } from "../../studies/indexPage.ts";
import { SCORE_SCHEMA, type ScoreRecord } from "../../studies/scoreRecord.ts";
import { studies } from "../../studies/studies.ts";
import type { Study } from "../../studies/study.ts";

/** The part of a record that the pages need. */
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

/** Name of a study's folder. */
export const folderOf = ({ name }: Pick<Study, "name">): string => name.replaceAll("/", "-");

/**
 * Writes the page on all studies of a folder, and the same in Markdown.
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

/** All studies, with the conclusions of those whose folders exist. */
export function indexedStudies(to: string): IndexedStudy[] {
  return studies.map((study) => indexed(study, to));
}

/** A study without a readable record counts as not done; running it again writes one. */
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
