/** @file The section with the paper's claims and their verdicts. */
import { escapeText } from "../figures/escape.ts";
import type { Claim } from "../findings/claims/claim.ts";
import { claims } from "../findings/claims/claims.ts";
import { grouped } from "../findings/numbers.ts";
import { courseOf, type ReportData } from "./reportData.ts";

const classes: Record<Claim["verdict"], string> = {
  holds: "good",
  "does not hold": "bad",
  "not at this scale": "open",
  "too early": "open",
  undecided: "open",
};

/** "2 of the 3 claims that this network can answer hold". */
function counts(holding: number, all: number): string {
  if (all === 1) return `The one claim that this network can answer ${holding === 1 ? "holds" : "does not hold"}`;
  return `${grouped(holding)} of the ${grouped(all)} claims that this network can answer ${holding === 1 ? "holds" : "hold"}`;
}

/** The section, "" where no claim can be judged. */
export function renderClaims(data: ReportData): string {
  const found = claims(courseOf(data));
  if (found.length === 0) return "";
  const holding = found.filter(({ verdict }) => verdict === "holds").length;
  const rows = found.map(({ figure, statement, measured, threshold, verdict, numbers, because }) => {
    const reason = because === undefined ? "" : ` <small>${escapeText(because)}</small>`;
    return (
      `<tr><th scope="row">${figure.replace(/^Eq/, "paper Eq")}</th><td>${escapeText(statement)} <small>measured: ${escapeText(measured)}</small></td>` +
      `<td><span class="verdict ${classes[verdict]}">${verdict}</span>${reason}</td>` +
      `<td>${escapeText(numbers)} <small>wanted: ${escapeText(threshold)}</small></td></tr>`
    );
  });
  return (
    `<section id="claims"><h2>What the paper claims for such networks</h2><p>${counts(holding, found.length)} here, by thresholds of this project; the paper gives none.</p>` +
    `<table class="claims"><thead><tr><th scope="col">figure</th><th scope="col">the paper says</th><th scope="col">here</th><th scope="col">from</th></tr></thead><tbody>${rows.join("")}</tbody></table></section>`
  );
}
