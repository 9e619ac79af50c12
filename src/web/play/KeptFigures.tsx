/**
 * @file The figures of a play as the report draws them, to save as SVG, PNG or CSV. They are drawn while nothing
 * trains.
 */
import { useEffect, useMemo, useState } from "react";
import { alignmentRows } from "../../figures/alignmentSeries.ts";
import { alignmentSummary } from "../../figures/alignmentSummary.ts";
import { layerCourse } from "../../figures/alignmentsOverTime.ts";
import type { Figure } from "../../figures/figure.ts";
import { lossFigure } from "../../figures/loss.ts";
import { spectra } from "../../figures/spectra.ts";
import type { Convention } from "../../measure/snapshot.ts";
import { FigureBlock } from "../figures/FigureBlock.tsx";
import type { PlayData } from "./playData.ts";

export interface KeptFiguresProps {
  readonly play: PlayData;
  readonly layer: string;
  readonly convention: Convention;
}

export default function KeptFigures({ play, layer, convention }: KeptFiguresProps) {
  const { snapshots, training, unseen, number, setting } = play;
  const all = useMemo((): readonly (readonly [title: string, draw: () => Figure | undefined])[] => {
    const metrics = [
      ...training.map((point) => ({ ...point, name: "train/loss" })),
      ...unseen.map((point) => ({ ...point, name: "eval/loss" })),
    ];
    const rows = () => alignmentRows(snapshots, convention).filter((row) => row.layer === layer);
    const last = snapshots.at(-1)?.layers.find(({ name }) => name === layer);
    return [
      ["Loss", () => lossFigure(metrics)],
      ["Alignments of the hidden layers", () => alignmentSummary(snapshots, convention)],
      [`Alignments of ${layer}`, () => layerCourse(layer, rows(), convention)],
      [`Spectra of ${layer}`, () => last && spectra(last, convention)],
    ];
  }, [training, unseen, snapshots, layer, convention]);
  // One per frame, so that the page stays responsive.
  const [drawn, setDrawn] = useState(0);
  useEffect(() => {
    if (drawn >= all.length) return;
    const timer = setTimeout(() => setDrawn(drawn + 1));
    return () => clearTimeout(timer);
  }, [drawn, all.length]);
  return (
    <>
      {all.slice(0, drawn).map(([title, draw]) => (
        <Kept key={title} title={title} draw={draw} name={`${setting}-play-${number}-${title}`} />
      ))}
    </>
  );
}

function Kept({ title, draw, name }: { title: string; draw: () => Figure | undefined; name: string }) {
  const figure = useMemo(draw, [draw]);
  return <FigureBlock title={title} figure={figure} name={name} missing="There are too few measurements to draw it." />;
}
