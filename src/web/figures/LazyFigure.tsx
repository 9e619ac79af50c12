/**
 * @file A figure that is drawn when it comes into view, while the page is idle, and again when what it shows has
 * changed, at most twice a second. Until then the earlier picture stays.
 */
import { type ReactNode, useEffect, useRef, useState } from "react";
import type { Figure } from "../../figures/figure.ts";
import { FigureBlock } from "./FigureBlock.tsx";
import { whenIdle } from "./idleQueue.ts";

/** What was drawn. */
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
  /** What stands until it is drawn. */
  readonly title: string;
  /** Changes whenever the picture would. */
  readonly version: string;
  /** Undefined where there is nothing of the kind to show: the block is then left out. */
  readonly draw: () => Drawn | undefined;
  readonly tools?: ReactNode;
  /** Pixels kept free for it. Default 300. */
  readonly height?: number;
}

/** chosen: milliseconds between two pictures. */
const PERIOD = 500;

/** chosen: how far below the window figures are drawn before they are seen. */
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
  // biome-ignore lint/correctness/useExhaustiveDependencies: version says when the picture is another one
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
