/** @file A claim as a dot: full where it holds, struck where it does not, empty where that is open. */

export function Dot({ verdict, title }: { readonly verdict: string; readonly title?: string }) {
  const kind = verdict === "holds" ? "good" : verdict === "does not hold" ? "bad" : "open";
  return <span className={`dot ${kind}`} title={title} role="img" aria-label={title ?? verdict} />;
}
