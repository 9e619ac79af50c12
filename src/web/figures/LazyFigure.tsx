/**
 * @file A figure that is drawn while the page is idle, once it comes into view. When its data change it is redrawn, at
 * most twice a second; until then the earlier picture stays.
 */
import { type ReactNode, useEffect, useRef, useState } from "react";
import type { Figure } from "../../figures/figure.ts";
import { FigureBlock } from "./FigureBlock.tsx";
import { whenIdle } from "./idleQueue.ts";

/** A drawn figure. */
export interface Drawn {
  readonly title: string;
  readonly name: string;
  readonly figure: Figure | undefined;
  readonly caption?: ReactNode;
  readonly missing?: string | undefined;
  /** Further blocks below it. */
  readonly more?: readonly { readonly name: string; readonly words: string; readonly figure: Figure }[];
}

export interface LazyFigureProps {
  /** Shown until the figure is drawn. */
  readonly title: string;
  /** Changes whenever the picture changes. */
  readonly version: string;
  /** Undefined if there is nothing to show; the block is then left out. */
  readonly draw: () => Drawn | undefined;
  readonly tools?: ReactNode;
  /** Pixels reserved for it. Default 300. */
  readonly height?: number;
}

/** chosen: fewest milliseconds between two pictures. */
const PERIOD = 500;

/** chosen: distance below the window within which figures are drawn in advance. */
const MARGIN = "300px";

export function LazyFigure({ title, version, draw, tools, height = 300 }: LazyFigureProps) {
  const place = useRef<HTMLDivElement>(null);
  const [isSeen, setSeen] = useState(false);
  const [drawn, setDrawn] = useState<{ readonly found: Drawn | undefined; readonly error?: string }>();
  const latest = useRef(draw);
  latest.current = draw;
  const at = useRef(Number.NEGATIVE_INFINITY);
  useEffect(() => {
    const observer = new IntersectionObserver(([entry]) => setSeen(entry!.isIntersecting), { rootMargin: MARGIN });
    observer.observe(place.current!);
    return () => observer.disconnect();
  }, []);
  // biome-ignore lint/correctness/useExhaustiveDependencies: version tells when the picture changes
  useEffect(() => {
    if (!isSeen) return undefined;
    let drop = () => {};
    const work = () => {
      at.current = performance.now();
      try {
        setDrawn({ found: latest.current() });
      } catch (error) {
        setDrawn({ found: undefined, error: (error as Error).message });
      }
    };
    const timer = setTimeout(
      () => {
        drop = whenIdle(place, work);
      },
      Math.max(0, at.current + PERIOD - performance.now()),
    );
    return () => {
      clearTimeout(timer);
      drop();
    };
  }, [isSeen, version]);
  if (drawn === undefined)
    return (
      <div ref={place} className="lazy" style={{ minHeight: height }} aria-busy="true">
        <h3 className="soft">{title}</h3>
      </div>
    );
  const { found, error } = drawn;
  return (
    <div ref={place} className="lazy">
      {error !== undefined && <p className="problem">{error}</p>}
      {found && (
        <FigureBlock
          title={found.title}
          name={found.name}
          figure={found.figure}
          caption={found.caption}
          {...(found.missing === undefined ? {} : { missing: found.missing })}
          tools={tools}
        />
      )}
      {found?.more?.map(({ name, words, figure }) => (
        <details key={name}>
          <summary>{words}</summary>
          <FigureBlock title={words} name={name} figure={figure} />
        </details>
      ))}
    </div>
  );
}
