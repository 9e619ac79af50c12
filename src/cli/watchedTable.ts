/** @file The watched quantities of a run, as a table of first and last values. */
import { watchedCourse, watchedNumber } from "../findings/watchedRecord.ts";
import { watchedOf } from "../runner/records/watched.ts";
import type { RunFolder } from "../runs/runFolder.ts";
import { renderTable } from "./table.ts";

/** Every watched quantity with its first and last value; "" for a run that watches none. */
export function renderWatchedTable(folder: RunFolder, options: Parameters<typeof renderTable>[2]): string {
  const record = watchedOf(folder);
  if (record === undefined) return "";
  const metrics = folder.metrics();
  const rows = record.groups.flatMap(({ quantities }) =>
    quantities.map(({ name, meaning }) => {
      const course = watchedCourse(metrics, name);
      const value = (at: number) => {
        const found = course.at(at);
        return found === undefined ? "" : watchedNumber(found.value);
      };
      return [name, value(0), value(-1), meaning];
    }),
  );
  const columns = [
    { header: "watched" },
    { header: "start", align: "right" },
    { header: "end", align: "right" },
    { header: "what it is", shrinkTo: 20, shorten: cutEnd },
  ] as const;
  return renderTable(columns, rows, options);
}

/** The beginning of a sentence says what it is about. */
function cutEnd(text: string, width: number): string {
  const letters = [...text];
  return letters.length <= width ? text : `${letters.slice(0, width - 1).join("")}…`;
}
