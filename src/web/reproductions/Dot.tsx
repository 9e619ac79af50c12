/** @file A claim as a dot: full if it holds, struck through if it does not, empty if that is open. */

export function Dot({ verdict, title }: { readonly verdict: string; readonly title?: string }) {
  const kind = verdict === "holds" ? "good" : verdict === "does not hold" ? "bad" : "open";
  return <span className={`dot ${kind}`} title={title} role="img" aria-label={title ?? verdict} />;
}
