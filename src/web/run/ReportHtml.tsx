/**
 * @file A piece of the report's page, as src/report renders it. Its links to layers choose a layer here; its links to
 * the glossary open the glossary.
 */
import { type MouseEvent, memo } from "react";
import { layerAnchor } from "../../report/layerAnchor.ts";

interface ReportHtmlProps {
  readonly html: string;
  readonly layers: readonly string[];
  readonly choose: (layer: string) => void;
  readonly className?: string;
}

export const ReportHtml = memo(function ReportHtml({ html, layers, choose, className }: ReportHtmlProps) {
  const follow = (event: MouseEvent) => {
    const link = (event.target as Element).closest<HTMLAnchorElement>("a[href^='#']");
    const anchor = link?.getAttribute("href")?.slice(1);
    if (anchor === undefined || anchor.startsWith("/")) return;
    event.preventDefault();
    const layer = layers.find((name) => layerAnchor(name) === anchor);
    if (layer !== undefined) choose(layer);
    else showElement(anchor);
  };
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: clicks go to the links inside
    // biome-ignore lint/a11y/useKeyWithClickEvents: links handle keys as clicks
    <div
      className={`run-html ${className ?? ""}`}
      onClick={follow}
      // biome-ignore lint/security/noDangerouslySetInnerHtml: src/report escapes whatever comes from data
      dangerouslySetInnerHTML={{ __html: html }}
    />
  );
});

/** Scrolls to an element, opening any fold that contains it. */
export function showElement(id: string): void {
  const element = document.getElementById(id);
  for (let at = element; at !== null; at = at.parentElement) if (at instanceof HTMLDetailsElement) at.open = true;
  const moves = !matchMedia("(prefers-reduced-motion: reduce)").matches;
  element?.scrollIntoView({ behavior: moves ? "smooth" : "auto", block: "start" });
}
