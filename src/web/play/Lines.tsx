/**
 * @file Curves that are drawn while a network trains. They consist of little more than paths, so every frame is quick.
 * Figures to save are drawn by src/figures while training rests.
 */
import { memo, type PointerEvent, type ReactNode, type RefObject, useEffect, useRef, useState } from "react";
import type { Relation } from "../../figures/palette.ts";
import { brief, fixed, grouped } from "../../findings/numbers.ts";

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

/** In pixels; the width is that of the container. */
export const [HEIGHT, LEFT, TOP, BOTTOM] = [190, 40, 10, 166];
export const AT_RIGHT = 10;
/** chosen: more points than pixels show no more. */
const MOST_POINTS = 300;

type Scale = (value: number) => number;

function thinned<T>(points: readonly T[]): readonly T[] {
  if (points.length <= MOST_POINTS) return points;
  const every = (points.length - 1) / (MOST_POINTS - 1);
  return Array.from({ length: MOST_POINTS }, (_, i) => points[Math.round(i * every)]!);
}

const at = (value: number): string => value.toFixed(1);

function path(points: readonly (readonly [number, number])[], x: Scale, y: Scale): string {
  return thinned(points)
    .map(([step, value], i) => `${i === 0 ? "M" : "L"}${at(x(step))},${at(y(value))}`)
    .join("");
}

function area(band: NonNullable<Line["band"]>, x: Scale, y: Scale): string {
  const all = thinned(band);
  if (all.length < 2) return "";
  const above = all.map(([step, , high]) => `${at(x(step))},${at(y(high))}`);
  const below = all.toReversed().map(([step, low]) => `${at(x(step))},${at(y(low))}`);
  return `M${[...above, ...below].join("L")}Z`;
}

/** Ticks at powers of ten or at equal distances, five at most. */
function ticksOf([low, high]: readonly [number, number], isLog: boolean): number[] {
  if (isLog) {
    const [from, to] = [Math.ceil(Math.log10(low) - 1e-9), Math.floor(Math.log10(high) + 1e-9)];
    if (Math.log10(high / low) < 2.5) {
      const all = Array.from({ length: to - from + 2 }, (_, i) => 10 ** (from - 1 + i)).flatMap((ten) => [
        ten,
        2 * ten,
        5 * ten,
      ]);
      return all.filter((value) => value >= low && value <= high);
    }
    const by = Math.max(1, Math.ceil((to - from) / 4));
    return Array.from({ length: Math.max(0, Math.floor((to - from) / by) + 1) }, (_, i) => 10 ** (from + i * by));
  }
  const rough = (high - low) / 4;
  const power = 10 ** Math.floor(Math.log10(rough));
  const by = [1, 2, 2.5, 5, 10].map((factor) => factor * power).find((one) => one >= rough * 0.999)!;
  const first = Math.ceil(low / by - 1e-9);
  return Array.from({ length: Math.floor(high / by + 1e-9) - first + 1 }, (_, i) => (first + i) * by);
}

const tickText = (value: number, isLog: boolean): string => {
  if (isLog && (value < 0.01 || value >= 1e5)) return value.toExponential(0).replace("e+", "e").replace("-", "−");
  return value >= 1000 && Number.isInteger(value) ? grouped(value) : brief(value);
};

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
  const {
    title,
    label,
    lines,
    steps,
    isLogSteps,
    isLog = false,
    range = rangeOf(lines, isLog),
    changes = [],
    looked,
  } = props;
  const [under, setUnder] = useState<number>();
  const [place, width] = useWidth();
  const right = width - AT_RIGHT;
  const bend = (step: number) => (isLogSteps ? Math.log1p(step) : step);
  const x: Scale = (step) => LEFT + (bend(step) / bend(Math.max(1, steps))) * (right - LEFT);
  const [low, high] = isLog ? (range.map(Math.log10) as [number, number]) : range;
  const y: Scale = (value) => {
    const share = ((isLog ? Math.log10(Math.max(value, 1e-300)) : value) - low) / (high - low);
    return BOTTOM - Math.max(-0.05, Math.min(1.05, share)) * (BOTTOM - TOP);
  };
  const stepTicks = isLogSteps ? [0, ...ticksOf([1, steps], true)] : ticksOf([0, steps], false);
  const follow = ({ currentTarget, clientX }: PointerEvent<SVGSVGElement>) => {
    const box = currentTarget.getBoundingClientRect();
    const share = (((clientX - box.left) / box.width) * width - LEFT) / (right - LEFT);
    if (share < -0.02 || share > 1.02) return setUnder(undefined);
    const bent = Math.max(0, Math.min(1, share)) * bend(Math.max(1, steps));
    setUnder(Math.round(isLogSteps ? Math.expm1(bent) : bent));
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
