/** @file A figure's caption: one line, with the equation as in the report. */
import type { ReactNode } from "react";

export function Caption({ children, formula = "" }: { readonly children: ReactNode; readonly formula?: string }) {
  return (
    <div className="play-caption">
      <p>{children}</p>
      {formula !== "" && (
        // biome-ignore lint/security/noDangerouslySetInnerHtml: MathML of src/report/equations.ts, none of it from data
        <div className="equations" dangerouslySetInnerHTML={{ __html: formula }} />
      )}
    </div>
  );
}
