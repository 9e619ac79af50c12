/** @file The figure of a report section as a block of the page. */
import { withStepAxis } from "../../figures/stepAxis.ts";
import type { FigureSection } from "../../report/figureBlock.ts";
import type { Drawn } from "../figures/LazyFigure.tsx";
import type { StepScale } from "./Scrubber.tsx";

/** Undefined lets the steps decide. */
export const isLog = (scale: StepScale): boolean | undefined => (scale === "" ? undefined : scale === "log");

/** Draws with the chosen axis of steps. @param section undefined if there is nothing to show */
export function fromReport(
  name: string,
  scale: StepScale,
  section: () => FigureSection | undefined,
): Drawn | undefined {
  const found = withStepAxis(isLog(scale), section);
  if (found === undefined) return undefined;
  const { title, shown, missing, more = [], caption, counterpart, paper = "2410.03006" } = found;
  const cited = counterpart === undefined ? "" : ` Cf. ${counterpart} of arXiv ${paper}.`;
  return {
    title,
    name: shown?.name ?? name,
    figure: shown?.figure,
    caption: (
      // biome-ignore lint/security/noDangerouslySetInnerHtml: src/report escapes whatever comes from data
      <span dangerouslySetInnerHTML={{ __html: `${caption.join(" ")}${cited}` }} />
    ),
    ...(missing === undefined ? {} : { missing }),
    more: more.map(({ name: of, words = of, figure }) => ({ name: of, words, figure })),
  };
}
