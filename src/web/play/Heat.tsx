/**
 * @file H, G and Z of a layer as they form: one canvas per matrix, one colour scale per side, and the entry under the
 * pointer in all three.
 */
import { memo, useEffect, useMemo, useRef, useState } from "react";
import { colourIndices, colourLimit, divergingPalette } from "../../figures/diverging.ts";
import type { MatrixName } from "../../figures/layerMatrices.ts";
import { brief, grouped } from "../../findings/numbers.ts";
import type { SharedMatrix } from "../trainer/messages.ts";
import type { Matrices } from "./playData.ts";

const palette = divergingPalette();
const meaning: Readonly<Record<MatrixName, string>> = { H: "activations", G: "gradients", Z: "weights" };
const sideWords = { a: "input of the layer (a)", b: "output (b)" } as const;

type Entry = readonly [row: number, column: number];

export interface HeatProps {
  readonly found: Matrices;
  /** Called when an entry is read. */
  readonly onRead: () => void;
}

export const Heat = memo(function Heat({ found, onRead }: HeatProps) {
  return (
    <div className="play-heat">
      {(["a", "b"] as const).map((side) => {
        const own = found.matrices.filter((one) => one.side === side);
        return own.length === 0 ? null : (
          <SideMaps key={side} side={side} own={own} step={found.step} onRead={onRead} />
        );
      })}
    </div>
  );
});

function SideMaps({
  side,
  own,
  step,
  onRead,
}: {
  readonly side: "a" | "b";
  readonly own: readonly SharedMatrix[];
  readonly step: number;
  readonly onRead: () => void;
}) {
  const [entry, setPlace] = useState<Entry>();
  const setEntry = (entry: Entry | undefined) => {
    setPlace(entry);
    if (entry !== undefined) onRead();
  };
  const limit = useMemo(
    () => Number(Math.max(...own.map(({ values }) => colourLimit(Float64Array.from(values)))).toPrecision(2)),
    [own],
  );
  return (
    <div data-tour={`heat-${side}`}>
      <h3>
        {sideWords[side]} <small>step {grouped(step)}</small>
      </h3>
      <div className="maps">
        {own.map((one) => (
          <MatrixMap key={one.name} matrix={one} limit={limit} entry={entry} setEntry={setEntry} />
        ))}
      </div>
      <p className="reading">
        {entry === undefined ? (
          <Scale limit={limit} />
        ) : (
          <>
            row {entry[0]}, column {entry[1]}
            {own.map(({ name, d, values }) => (
              <span key={name}>
                {name} {brief(values[entry[0] * d + entry[1]] ?? Number.NaN)}
              </span>
            ))}
          </>
        )}
      </p>
    </div>
  );
}

function Scale({ limit }: { readonly limit: number }) {
  return (
    <span className="scale">
      −{limit} <i className="raster" /> {limit}
    </span>
  );
}

const arrows: Readonly<Record<string, Entry>> = {
  ArrowUp: [-1, 0],
  ArrowDown: [1, 0],
  ArrowLeft: [0, -1],
  ArrowRight: [0, 1],
};

function MatrixMap({
  matrix: { name, side, d, values },
  limit,
  entry,
  setEntry,
}: {
  readonly matrix: SharedMatrix;
  readonly limit: number;
  readonly entry: Entry | undefined;
  readonly setEntry: (entry: Entry | undefined) => void;
}) {
  const inside = (at: number) => Math.max(0, Math.min(d - 1, at));
  return (
    <div className="map">
      <span>
        <b>
          {name}
          <sub>{side}</sub>
        </b>{" "}
        <small>{meaning[name]}</small>
      </span>
      <div
        className="field"
        // biome-ignore lint/a11y/noNoninteractiveTabindex: arrow keys move to another entry
        tabIndex={0}
        role="img"
        aria-label={`${name} of side ${side}, ${d} by ${d}; arrow keys read entries${
          entry === undefined
            ? ""
            : `: row ${entry[0]}, column ${entry[1]} is ${brief(values[entry[0] * d + entry[1]] ?? 0)}`
        }`}
        onKeyDown={(event) => {
          const by = arrows[event.key];
          if (by === undefined) return;
          event.preventDefault();
          const [row, column] = entry ?? [0, 0];
          setEntry([inside(row + by[0]), inside(column + by[1])]);
        }}
        onBlur={() => setEntry(undefined)}
        onPointerMove={({ currentTarget, clientX, clientY }) => {
          const box = currentTarget.getBoundingClientRect();
          const place = (at: number, from: number, size: number) => inside(Math.floor(((at - from) / size) * d));
          setEntry([place(clientY, box.top, box.height), place(clientX, box.left, box.width)]);
        }}
        onPointerLeave={() => setEntry(undefined)}
      >
        <Raster {...{ d, values, limit }} />
        {entry !== undefined && (
          <i
            className="entry"
            style={{
              left: `${(100 * entry[1]) / d}%`,
              top: `${(100 * entry[0]) / d}%`,
              width: `${100 / d}%`,
              height: `${100 / d}%`,
            }}
          />
        )}
      </div>
    </div>
  );
}

/** The matrix in colours, a pixel per entry. */
function Raster({ d, values, limit }: Pick<SharedMatrix, "d" | "values"> & { readonly limit: number }) {
  const canvas = useRef<HTMLCanvasElement>(null);
  useEffect(() => {
    const element = canvas.current!;
    if (element.width !== d) [element.width, element.height] = [d, d];
    const context = element.getContext("2d")!;
    const image = context.createImageData(d, d);
    const indices = colourIndices(Float64Array.from(values), limit);
    for (let i = 0; i < indices.length; i++) {
      const at = 3 * indices[i]!;
      image.data.set([palette[at]!, palette[at + 1]!, palette[at + 2]!, 255], 4 * i);
    }
    context.putImageData(image, 0, 0);
  }, [values, d, limit]);
  return <canvas ref={canvas} className="raster" />;
}
