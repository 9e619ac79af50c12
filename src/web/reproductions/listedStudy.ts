/** @file Reads the score cards beside the page, and their list (scripts/reproductions.mjs). */

/** A study as scripts/reproductions.mjs lists it. */
export interface ListedStudy {
  /** "crh/8", which is also the folder of its files. */
  readonly name: string;
  readonly folder: string;
  readonly title: string;
  readonly source: string;
  /** "2 of 3 claims hold"; undefined if the study was not run. */
  readonly words?: string;
  readonly verdicts: readonly { readonly name: string; readonly verdict: string; readonly number: string }[];
  /** The file of its first figure. */
  readonly picture?: string;
}

export const readJson = async <T>(path: string): Promise<T> => {
  const response = await fetch(path);
  if (!response.ok) throw new Error(`The score cards are missing (${response.status}); npm run build copies them.`);
  return (await response.json()) as T;
};
