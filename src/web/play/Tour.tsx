/** @file The tour's panel: says where to look, offers to act, and notices when the reader has. */
import { useEffect, useRef } from "react";
import { type Hands, type Seen, tourSteps } from "./tourSteps.tsx";

export interface TourProps {
  /** Number of the step, from 1. */
  readonly place: number;
  readonly seen: Seen;
  readonly hands: Hands;
  /** Goes to another step; undefined leaves the tour. */
  readonly go: (place: number | undefined) => void;
}

export function Tour({ place, seen, hands, go }: TourProps) {
  const step = tourSteps[place - 1];
  const title = useRef<HTMLHeadingElement>(null);
  useEffect(() => title.current?.focus({ preventScroll: true }), []);
  useToured(step?.target);
  if (step === undefined) return null;
  const isDone = step.isDone(seen);
  return (
    <aside
      className="play-tour"
      aria-label="Guided tour"
      onKeyDown={({ key }) => {
        if (key === "Escape") go(undefined);
      }}
    >
      <p className="count">
        {place} of {tourSteps.length}
      </p>
      <h2 ref={title} tabIndex={-1}>
        {step.title}
      </h2>
      <p>{step.text}</p>
      <p className="done" aria-live="polite">
        {isDone && <>✓ {step.done}</>}
      </p>
      <div className="buttons">
        {step.action !== undefined && (
          <button type="button" className={isDone ? "" : "primary"} onClick={() => step.action!.act(hands)}>
            {step.action.name}
          </button>
        )}
        <button
          type="button"
          onClick={() => document.querySelector(`[data-tour="${step.target}"]`)?.scrollIntoView({ block: "center" })}
        >
          Show it
        </button>
        <span className="space" />
        {place > 1 && (
          <button type="button" onClick={() => go(place - 1)}>
            Back
          </button>
        )}
        {place < tourSteps.length ? (
          <button type="button" className={isDone ? "primary" : ""} onClick={() => go(place + 1)}>
            Next
          </button>
        ) : (
          <button type="button" className={isDone ? "primary" : ""} onClick={() => go(undefined)}>
            End
          </button>
        )}
        <button type="button" className="leave" onClick={() => go(undefined)} aria-label="Leave the tour">
          ✕
        </button>
      </div>
    </aside>
  );
}

/** Marks the part of the page that a step of the tour is about. */
function useToured(target: string | undefined): void {
  useEffect(() => {
    if (target === undefined) return;
    const mark = () => {
      for (const element of document.querySelectorAll("[data-tour]"))
        element.classList.toggle("toured", element.getAttribute("data-tour") === target);
    };
    mark();
    // Figures appear and disappear as networks start.
    const observer = new MutationObserver(mark);
    observer.observe(document.getElementById("main")!, { childList: true, subtree: true });
    return () => {
      observer.disconnect();
      for (const element of document.querySelectorAll(".toured")) element.classList.remove("toured");
    };
  }, [target]);
}
