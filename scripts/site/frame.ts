/** @file What stands around every document: the head, the other documents above it, its places beside it. */
import type { Heading } from "./markdown.ts";
import { type Page, pages } from "./pages.ts";

/** Documents run nothing and load nothing from elsewhere. */
const POLICY = "default-src 'none'; style-src 'self'; img-src 'self' data:; base-uri 'none'; form-action 'none'";

/** chosen: below it a document is short enough to look through */
const LISTED_FROM = 4;

/** @param icon address of the icon of the lab's page */
export function framed(page: Page, body: string, headings: readonly Heading[], icon: string): string {
  const links = pages.map(
    ({ address, title }) =>
      `<a href="${address}"${address === page.address ? ' aria-current="page"' : ""}>${title}</a>`,
  );
  const listed = headings.filter(({ level }) => level === 2 || level === 3);
  const items = listed.map(({ level, id, text }) => `<li class="level-${level}"><a href="#${id}">${text}</a></li>`);
  const list = `<ul>${items.join("")}</ul>`;
  const contents =
    listed.length < LISTED_FROM
      ? ""
      : `<nav class="contents" aria-label="On this page">${list}</nav>
<details class="contents"><summary>On this page</summary>${list}</details>`;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${POLICY}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${page.title} – crh-lab</title>
<link rel="icon" href="${icon}">
<link rel="stylesheet" href="docs.css">
</head>
<body>
<a class="skip" href="#main">Skip to the content</a>
<header class="bar"><a class="brand" href="../index.html">crh-lab</a><nav aria-label="Documents">${links.join("")}</nav></header>
<div class="document">
${contents}
<main id="main" tabindex="-1">
${body}</main>
</div>
</body>
</html>
`;
}
