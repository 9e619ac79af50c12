/**
 * @file Curves that are drawn while a network trains. They consist of little more than paths, so every frame is quick.
 * Figures to save are drawn by src/figures while training rests.
 */
import { memo, type PointerEvent, type ReactNode, type RefObject, useEffect, useRef, useState } from "react";
import type { Relation } from "../../figures/palette.ts";
import { brief, fixed, grouped } from "../../findings/numbers.ts";
import {
  AT_RIGHT,
  type Axes,
  area,
  at,
  BOTTOM,
  HEIGHT,
  LEFT,
  path,
  type Scale,
  scalesOf,
  TOP,
  ticksOf,
  tickText,
} from "./lineScales.ts";

export interface Line {
  readonly name: string;
  readonly colour: string;
  readonly points: readonly (readonly [step: number, value: number])[];
  /** The mark at its end. */
  readonly mark?: Relation;
  /** "chance" is thin and dotted, "past" dashed and pale. */
  readonly kind?: "main" | "chance" | "past";
  /** Filled between two courses. */
  readonly band?: readonly (readonly [step: number, low: number, high: number])[];
}

export interface LinesProps {
  readonly title: ReactNode;
  /** Describes the figure for screen readers. */
  readonly label: string;
  readonly lines: readonly Line[];
  /** The last step of the axis. */
  readonly steps: number;
  readonly isLogSteps: boolean;
  /** Ends of the other axis. Default: those of the values; on a logarithmic axis, powers of ten. */
  readonly range?: readonly [number, number];
  readonly isLog?: boolean;
  /** The step that is looked at, if it is not the last. */
  readonly looked?: number | undefined;
  /** Steps at which a parameter was changed, and the change in words. */
  readonly changes?: readonly { readonly step: number; readonly words: string }[];
}

/** The ends of the values, with a margin on a logarithmic axis. */
function rangeOf(lines: readonly Line[], isLog: boolean): [number, number] {
  let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const { points } of lines)
    for (const [, value] of points) {
      if (isLog && value <= 0) continue;
      if (value < low) low = value;
      if (value > high) high = value;
    }
  if (!(low <= high)) return isLog ? [0.1, 1] : [0, 1];
  if (isLog) return low * 1.05 >= high ? [low / 2, high * 2] : [low / 1.2, high * 1.2];
  return low === high ? [low - 1, high + 1] : [low, high];
}

/** An element's current width in pixels; 360 before it is known. */
export function useWidth(): [RefObject<HTMLDivElement | null>, number] {
  const place = useRef<HTMLDivElement>(null);
  const [width, setWidth] = useState(360);
  useEffect(() => {
    const observer = new ResizeObserver(([entry]) => setWidth(Math.max(160, Math.round(entry!.contentRect.width))));
    observer.observe(place.current!);
    return () => observer.disconnect();
  }, []);
  return [place, width];
}

export const Lines = memo(function Lines(props: LinesProps) {
  const { title, label, lines, steps, isLogSteps, isLog = false, range = rangeOf(lines, isLog) } = props;
  const { changes = [], looked } = props;
  const [under, setUnder] = useState<number>();
  const [place, width] = useWidth();
  const axes: Axes = { width, steps, isLogSteps, range, isLog };
  const { x, y, stepAt } = scalesOf(axes);
  const follow = ({ currentTarget, clientX }: PointerEvent<SVGSVGElement>) => {
    const box = currentTarget.getBoundingClientRect();
    setUnder(stepAt((clientX - box.left) / box.width));
  };
  return (
    <div className="play-lines" ref={place}>
      <h3>{title}</h3>
      <svg
        viewBox={`0 0 ${width} ${HEIGHT}`}
        role="img"
        aria-label={label}
        onPointerMove={follow}
        onPointerLeave={() => setUnder(undefined)}
      >
        <Ticks axes={axes} x={x} y={y} />
        <Courses lines={lines} x={x} y={y} />
        {looked !== undefined && <path className="looked" d={`M${at(x(looked))},${TOP}V${BOTTOM}`} />}
        {changes.map(({ step, words }) => (
          <g key={step} className="change">
            <title>{words}</title>
            <path d={`M${at(x(step))},${TOP}V${BOTTOM}`} />
            <path className="head" d={`M${at(x(step) - 4)},${TOP - 6}h8l-4,6Z`} />
          </g>
        ))}
        {under !== undefined && <path className="under" d={`M${at(x(under))},${TOP}V${BOTTOM}`} />}
      </svg>
      <p className="reading">
        {under === undefined ? (
          "step"
        ) : (
          <Reading
            lines={lines}
            step={under}
            text={props.range === undefined ? brief : (value) => fixed(value, 2)}
            changed={changes.find(({ step }) => Math.abs(x(step) - x(under)) < NEAR)?.words}
          />
        )}
      </p>
    </div>
  );
});

interface Scales {
  readonly x: Scale;
  readonly y: Scale;
}

/** Grid lines and numbers of both axes. */
function Ticks({ axes: { width, steps, isLogSteps, range, isLog }, x, y }: Scales & { readonly axes: Axes }) {
  const right = width - AT_RIGHT;
  const stepTicks = isLogSteps ? [0, ...ticksOf([1, steps], true)] : ticksOf([0, steps], false);
  return (
    <g className="grid">
      {ticksOf(range, isLog).map((value) => (
        <g key={value}>
          <path d={`M${LEFT},${at(y(value))}H${right}`} />
          <text x={LEFT - 6} y={y(value)} dy="0.32em" textAnchor="end">
            {tickText(value, isLog)}
          </text>
        </g>
      ))}
      {stepTicks.map((step) => (
        <text key={step} x={x(step)} y={BOTTOM + 15} textAnchor={x(step) > right - 14 ? "end" : "middle"}>
          {tickText(step, isLogSteps && step >= 1e5)}
        </text>
      ))}
    </g>
  );
}

/** The curves before their bands, each with the mark at its end. */
function Courses({ lines, x, y }: Scales & Pick<LinesProps, "lines">) {
  return (
    <>
      {lines.map(({ name, colour, band }) =>
        band === undefined ? null : <path key={name} d={area(band, x, y)} fill={colour} fillOpacity="0.13" />,
      )}
      {lines.map(({ name, colour, points, kind = "main", mark }) => (
        <g key={name}>
          <path className={kind} d={path(points, x, y)} stroke={colour} fill="none" />
          {mark !== undefined && points.length > 0 && (
            <Mark relation={mark} x={x(points.at(-1)![0])} y={y(points.at(-1)![1])} colour={colour} />
          )}
        </g>
      ))}
    </>
  );
}

export function Mark({ relation, x, y, colour }: { relation: Relation; x: number; y: number; colour: string }) {
  if (relation === "rga") return <circle cx={x} cy={y} r="3.6" fill={colour} />;
  if (relation === "rwa") return <rect x={x - 3.3} y={y - 3.3} width="6.6" height="6.6" fill={colour} />;
  return <path d={`M${x},${y - 4.4}l4.2,7.4h-8.4Z`} fill={colour} />;
}

interface ReadingProps {
  readonly lines: readonly Line[];
  readonly step: number;
  readonly text: (value: number) => string;
  readonly changed: string | undefined;
}

/** chosen: pixels from a mark within which its words are shown. */
const NEAR = 6;

/** Values of the curves at the point nearest to a step. */
function Reading({ lines, step, text, changed }: ReadingProps) {
  const near = lines.flatMap(({ name, points, kind, colour }) => {
    if (points.length === 0) return [];
    const nearest = points.reduce((best, one) => (Math.abs(one[0] - step) < Math.abs(best[0] - step) ? one : best));
    return kind === "chance" ? [] : [{ name, colour, step: nearest[0], value: nearest[1] }];
  });
  return (
    <>
      step {grouped(near[0]?.step ?? step)}
      {changed !== undefined && <span>{changed}</span>}
      {near.map(({ name, value, colour }) => (
        <span key={name}>
          <i style={{ background: colour }} />
          {name} {text(value)}
        </span>
      ))}
    </>
  );
}
