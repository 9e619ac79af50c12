/**
 * @file A figure of src/figures on the page: its panels, a one-line caption, and buttons that save it. The report's own
 * script (src/report/tipScript.ts) shows values under the pointer; all figures share one cross-hair (crosshair.ts).
 */
import { type ReactNode, useEffect, useMemo, useRef } from "react";
import type { Figure } from "../../figures/figure.ts";
import { shareCrosshair } from "./crosshair.ts";
import { saveCsv, savePng, saveSvg } from "./saveFigure.ts";

export interface FigureBlockProps {
  readonly title: string;
  readonly figure: Figure | undefined;
  /** Name of the saved files. */
  readonly name: string;
  /** What the figure shows, in one line, with its equation. */
  readonly caption?: ReactNode;
  /** Why there is no figure. */
  readonly missing?: string;
  /** Further controls beside the buttons. */
  readonly tools?: ReactNode;
}

/** Gives marks with names the role of images: an element without a role may not have a name. */
const named = (svg: string): string =>
  svg.replace(/<(?!svg)(\w+)([^>]*?) aria-label=/g, '<$1$2 role="img" aria-label=');

export function FigureBlock({ title, figure, name, caption, missing, tools }: FigureBlockProps) {
  const panels = useRef<HTMLDivElement>(null);
  const html = useMemo(() => named(figure?.panels.join("") ?? ""), [figure]);
  useEffect(() => {
    const element = panels.current;
    if (element === null || html === "") return undefined;
    // Focusable, so that keys can read values.
    for (const svg of element.querySelectorAll<SVGSVGElement>("svg[data-axes], svg[data-image]")) svg.tabIndex = 0;
    return shareCrosshair(element);
  }, [html]);
  const width = Number(/ width="(\d+)"/.exec(figure?.panels[0] ?? "")?.[1] ?? 0);
  return (
    <figure className="block">
      <div className="head">
        <h3>{title}</h3>
        <div className="tools">
          {tools}
          {figure && (
            <>
              <button type="button" onClick={() => saveSvg(name, figure.svg)}>
                SVG
              </button>
              <button type="button" onClick={() => savePng(name, figure.svg)}>
                PNG
              </button>
              <button type="button" onClick={() => saveCsv(name, figure.csv)}>
                CSV
              </button>
            </>
          )}
        </div>
      </div>
      {figure === undefined ? (
        <p className="missing">{missing ?? "There is nothing to draw yet."}</p>
      ) : (
        <>
          {figure.legendParts.length > 0 && (
            // biome-ignore lint/security/noDangerouslySetInnerHtml: src/figures escapes whatever comes from data
            <div className="legend" dangerouslySetInnerHTML={{ __html: named(figure.legendParts.join("")) }} />
          )}
          <div
            ref={panels}
            className={`panels columns-${Math.min(figure.panels.length, figure.columns)}`}
            style={{ "--panel": `${width}px` } as React.CSSProperties}
            // biome-ignore lint/security/noDangerouslySetInnerHtml: src/figures escapes whatever comes from data
            dangerouslySetInnerHTML={{ __html: html }}
          />
        </>
      )}
      {caption !== undefined && <figcaption>{caption}</figcaption>}
    </figure>
  );
}
