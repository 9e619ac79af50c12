/**
 * @file A figure of src/figures on the page: its panels, a caption of a line, buttons that save it. Values under the
 * pointer are said by the report's own script (src/report/tipScript.ts); the cross-hair is shared (crosshair.ts).
 */
import { type ReactNode, useEffect, useMemo, useRef } from "react";
import type { Figure } from "../../figures/figure.ts";
import { shareCrosshair } from "./crosshair.ts";
import { saveCsv, savePng, saveSvg } from "./saveFigure.ts";

export interface FigureBlockProps {
  readonly title: string;
  readonly figure: Figure | undefined;
  /** Name of saved files. */
  readonly name: string;
  /** What it shows, in a line; with its equation. */
  readonly caption?: ReactNode;
  /** Why there is none. */
  readonly missing?: string;
  /** Further controls beside the buttons. */
  readonly tools?: ReactNode;
}

/** Marks with names as pictures: an element without a role may have no name. */
const named = (svg: string): string =>
  svg.replace(/<(?!svg)(\w+)([^>]*?) aria-label=/g, '<$1$2 role="img" aria-label=');

export function FigureBlock({ title, figure, name, caption, missing, tools }: FigureBlockProps) {
  const panels = useRef<HTMLDivElement>(null);
  const html = useMemo(() => named(figure?.panels.join("") ?? ""), [figure]);
  useEffect(() => {
    const element = panels.current;
    if (element === null || html === "") return undefined;
    // keys read values off them
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
