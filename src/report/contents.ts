/** @file The table of contents, always visible: at the side where there is room, else along the top. */

export interface PageSection {
  readonly id: string;
  /** Title in the table of contents. */
  readonly title: string;
  /** The whole section as HTML; "" to omit it. */
  readonly html: string;
}

/** Links to the sections in their order. */
export function renderContents(sections: readonly PageSection[]): string {
  const links = sections.map(({ id, title }) => `<li><a href="#${id}">${title}</a></li>`);
  return `<nav class="contents" aria-label="Contents"><ul>${links.join("")}</ul></nav>`;
}
