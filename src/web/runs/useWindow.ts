/** @file The rows of a long table that are in view; only they are drawn. */
import { type RefObject, useEffect, useState } from "react";

/** chosen: rows drawn above and below what is in view. */
const SPARE = 8;

/** The range [from, to) of rows within the window, for rows of a given height. */
export function useWindow(body: RefObject<HTMLElement | null>, count: number, height: number): [number, number] {
  const [range, setRange] = useState<[number, number]>([0, 40]);
  useEffect(() => {
    const look = () => {
      const top = body.current?.getBoundingClientRect().top ?? 0;
      const from = Math.max(0, Math.floor(-top / height) - SPARE);
      const to = Math.ceil((innerHeight - top) / height) + SPARE;
      setRange((before) => (before[0] === from && before[1] === to ? before : [from, to]));
    };
    look();
    addEventListener("scroll", look, { passive: true });
    addEventListener("resize", look);
    return () => {
      removeEventListener("scroll", look);
      removeEventListener("resize", look);
    };
  }, [body, height]);
  return [Math.min(range[0], count), Math.min(Math.max(range[1], range[0]), count)];
}
