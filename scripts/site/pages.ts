/** @file Which documents the site has, under which addresses. */

export interface Page {
  /** Path in the repository; a page that is made from several files has none. */
  readonly source?: string;
  /** Name of its file in docs/ of the site. */
  readonly address: string;
  /** As the navigation calls it. */
  readonly title: string;
}

export const EXAMPLES: Page = { address: "examples.html", title: "Examples" };
export const API: Page = { address: "api.html", title: "API" };

export const pages: readonly Page[] = [
  { source: "README.md", address: "index.html", title: "Guide" },
  { source: "docs/theory.md", address: "theory.html", title: "Theory" },
  { source: "docs/reproduction.md", address: "reproduction.html", title: "Reproductions" },
  { source: "docs/reproduction/index.md", address: "score-cards.html", title: "Score cards" },
  API,
  EXAMPLES,
  { source: "python/README.md", address: "python.html", title: "Python" },
  { source: "docs/formats.md", address: "formats.html", title: "Formats" },
  { source: "docs/coverage.md", address: "coverage.html", title: "Coverage" },
  { source: "docs/architecture.md", address: "architecture.html", title: "Architecture" },
  { source: "docs/decisions.md", address: "decisions.html", title: "Decisions" },
  { source: "CONTRIBUTING.md", address: "contributing.html", title: "Contributing" },
  { source: "docs/log.md", address: "log.html", title: "Log" },
  { source: "CHANGELOG.md", address: "changelog.html", title: "Changes" },
];

/** Files that are copied as they are, by their paths in the repository. */
export const files: Readonly<Record<string, string>> = {
  "docs/images/fc2-alignments.svg": "fc2-alignments.svg",
  "docs/images/lab/run-light-wide.jpg": "lab-run.jpg",
  "docs/images/lab/playground-light-wide.jpg": "lab-playground.jpg",
  "CITATION.cff": "CITATION.cff.txt",
};

/**
 * The address, from docs/ of the site, of what a document links to.
 *
 * @param path in the repository, with what stands behind # in it
 * @throws Error where the site does not have it
 */
export function addressOf(path: string, from: string): string {
  const [file = "", place] = path.split("#");
  const at = place === undefined ? "" : `#${place}`;
  const page = pages.find(({ source }) => source === file);
  if (page !== undefined) return page.address + at;
  const example = /^examples\/(.*)\.mjs$/.exec(file)?.[1];
  if (example !== undefined) return `${EXAMPLES.address}#${example}`;
  const study = /^docs\/reproduction\/([^/]+\/[^/]+\.(?:svg|json))$/.exec(file)?.[1];
  if (study !== undefined) return `../reproductions/${study}`; // scripts/reproductions.mjs puts them there
  const copy = files[file];
  if (copy !== undefined) return copy;
  throw new Error(
    `site: expected the link to ${path} in ${from} to lead to a page of the site, got none; list it in pages.ts`,
  );
}
