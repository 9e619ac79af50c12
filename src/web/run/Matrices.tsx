/**
 * @file H, G and Z of a chosen layer and side at the step shown, as images on one colour scale for all steps. Wheel and
 * fingers zoom into all three at once, dragging moves them. The entry under the pointer, or chosen by arrow keys, is
 * given in numbers.
 */
import {
  type CanvasHTMLAttributes,
  type KeyboardEvent,
  type RefObject,
  useCallback,
  useEffect,
  useMemo,
  useRef,
  useState,
  useSyncExternalStore,
} from "react";
import { divergingPalette, levels } from "../../figures/diverging.ts";
import { grouped } from "../../findings/numbers.ts";
import type { Convention, Side } from "../../moments/moments.ts";
import { saveCsv, savePng, saveSvg } from "../figures/saveFigure.ts";
import type { MatrixName, RunSource } from "../source/runSource.ts";
import { drawWindow, pixelsOf, placeMark } from "./drawMatrix.ts";
import { Gestures } from "./gestures.ts";
import { MatrixStore, matrixNames, type OrderName, type Picture } from "./matrixStore.ts";
import { useStep, useStepStore } from "./stepStore.ts";
import { nearestStep, stepsInWords } from "./steps.ts";
import { entryAt, showing, type Window, whole, zoomed } from "./zoom.ts";

export interface MatricesProps {
  readonly source: RunSource;
  readonly id: string;
  readonly layer: string;
  readonly side: Side;
  readonly convention: Convention;
  readonly order: OrderName;
  readonly setOrder: (order: OrderName) => void;
  readonly momentSteps: readonly number[];
}

const meaning: Record<MatrixName, string> = { H: "activations", G: "gradients", Z: "weights" };

export function Matrices(props: MatricesProps) {
  const { momentSteps } = props;
  if (momentSteps.length === 0)
    return (
      <p className="missing">
        This run did not keep second moments, so there are no matrices to show. <code>--moments all</code> keeps those
        of every measurement, <code>--moments final</code> those of the last.
      </p>
    );
  return <InView {...props} />;
}

/** Matrices are read only when they come into view, since they are the largest part of a run. */
function InView(props: MatricesProps) {
  const { id, layer, side, convention, momentSteps } = props;
  const place = useRef<HTMLDivElement>(null);
  const [isSeen, setSeen] = useState(false);
  useEffect(() => {
    const observer = new IntersectionObserver(([entry]) => entry!.isIntersecting && setSeen(true), {
      rootMargin: "200px",
    });
    observer.observe(place.current!);
    return () => observer.disconnect();
  }, []);
  return (
    <div ref={place}>
      {isSeen ? (
        <Kept key={[id, layer, side, convention, momentSteps.join()].join(" ")} {...props} />
      ) : (
        <p className="soft run-reading">Matrices are read when they come into view.</p>
      )}
    </div>
  );
}

function Kept({ source, id, layer, side, convention, order, setOrder, momentSteps }: MatricesProps) {
  const looked = useStep() ?? momentSteps.at(-1)!;
  const step = nearestStep(momentSteps, looked)!;
  const store = useMatrixStore(source, { id, layer, side, convention, steps: momentSteps }, step);
  useEffect(() => store.want(step), [store, step]);
  const d = matrixNames.map((name) => store.get(step, name)?.d).find((one) => one !== undefined);
  const isMissing = matrixNames.every((name) => store.whyMissing(step, name) !== undefined);
  return (
    <div className="run-matrices">
      <KeptNote looked={looked} step={step} momentSteps={momentSteps} />
      {isMissing ? (
        <p className="missing">{store.whyMissing(step, "H")}</p>
      ) : d === undefined ? (
        <p className="soft run-reading">Reading matrices …</p>
      ) : (
        <Images {...{ store, step, side, d, order, setOrder, layer }} steps={momentSteps} />
      )}
    </div>
  );
}

/** Says which moments were not kept, and how to keep them. */
function KeptNote({ looked, step, momentSteps }: { looked: number; step: number; momentSteps: readonly number[] }) {
  const store = useStepStore();
  if (looked === step) return null;
  return (
    <p className="missing">
      Moments of step {grouped(looked)} were not kept; step {grouped(step)} is shown. This run kept those of step{" "}
      {stepsInWords(momentSteps)} (<code>--moments all</code> keeps every one).{" "}
      <button type="button" onClick={() => store.look(step)}>
        Go to step {grouped(step)}
      </button>
    </p>
  );
}

function useMatrixStore(
  source: RunSource,
  plan: ConstructorParameters<typeof MatrixStore>[1],
  step: number,
): MatrixStore {
  const [made] = useState(() => {
    let count = 0;
    const listeners = new Set<() => void>();
    return {
      store: new MatrixStore(source, plan, step, () => {
        count++;
        for (const listener of listeners) listener();
      }),
      subscribe: (listener: () => void) => {
        listeners.add(listener);
        return () => listeners.delete(listener);
      },
      count: () => count,
    };
  });
  useSyncExternalStore(made.subscribe, made.count);
  useEffect(() => {
    made.store.enter();
    return () => made.store.leave();
  }, [made]);
  return made.store;
}

interface Place {
  readonly row: number;
  readonly column: number;
}

interface ImagesProps {
  readonly store: MatrixStore;
  readonly step: number;
  readonly steps: readonly number[];
  readonly side: Side;
  readonly layer: string;
  readonly d: number;
  readonly order: OrderName;
  readonly setOrder: (order: OrderName) => void;
}

function Images({ store, step, steps, side, layer, d, order, setOrder }: ImagesProps) {
  const [place, setPlace] = useState<Place>();
  const gestures = useMemo(() => new Gestures(d), [d]);
  const { canvases, view, look } = usePainted(store, { step, order, d });
  useWheel(canvases, (right, down, factor) => look(zoomed(view.current, factor, { right, down, d })));
  useMark(canvases, view, { place, step });
  const onKey = (event: KeyboardEvent) => {
    const moved = movedByKey(event.key, { window: view.current, place, d });
    if (moved === undefined) return;
    if (moved.place !== undefined) setPlace(moved.place);
    look(moved.window);
    event.preventDefault();
  };
  const neuron = (at: number) => store.order(order)?.[at] ?? at;
  return (
    <>
      <div className="run-matrix-tools">
        <OrderChoice store={store} order={order} setOrder={setOrder} />
        <ZoomButtons view={view} look={look} d={d} />
        <SaveButtons {...{ store, step, side, layer, d, order }} />
      </div>
      <div className="run-images">
        {matrixNames.map((name) => (
          <MatrixImage
            key={name}
            {...{ store, step, name, side, d }}
            hold={(canvas) => {
              if (canvas === null) canvases.current.delete(name);
              else canvases.current.set(name, canvas);
            }}
            acts={{ onKeyDown: onKey, ...pointing(view, gestures, d, { look, setPlace }) }}
          />
        ))}
      </div>
      <Scale limit={store.limit} read={store.stepsRead} of={steps.length} />
      <output className="run-entry">
        {place === undefined ? (
          <span className="soft">
            Point at an entry, or use the arrow keys on a matrix. Wheel or two fingers zoom; dragging moves.
          </span>
        ) : (
          <Entry {...{ store, step, side, place, neuron }} />
        )}
      </output>
    </>
  );
}

type Canvases = RefObject<Map<MatrixName, HTMLCanvasElement>>;

interface Painted {
  readonly canvases: Canvases;
  /** The visible part of the matrices, the same for all. */
  readonly view: RefObject<Window>;
  /** Shows another part. */
  readonly look: (next: Window) => void;
}

/** Keeps the canvases painted, a frame after what they show has changed. */
function usePainted(
  store: MatrixStore,
  { step, order, d }: { readonly step: number; readonly order: OrderName; readonly d: number },
): Painted {
  const view = useRef<Window>(whole(d));
  const canvases = useRef(new Map<MatrixName, HTMLCanvasElement>());
  const frame = useRef(0);
  const drawn = useRef(new Map<MatrixName, Picture>());
  const shown = useRef({ step, order });
  shown.current = { step, order };

  const draw = useCallback(() => {
    frame.current = 0;
    for (const [name, canvas] of canvases.current) {
      // Until the new image is painted, the earlier one stays.
      const { step, order } = shown.current;
      const picture = store.painted(step, name, order, pixelsOf(canvas)) ?? drawn.current.get(name);
      if (picture !== undefined) drawn.current.set(name, picture);
      drawWindow(canvas, picture, view.current);
    }
    for (const canvas of canvases.current.values()) placeMark(canvas, view.current);
  }, [store]);
  const drawSoon = useCallback(() => {
    frame.current ||= requestAnimationFrame(draw);
  }, [draw]);
  useEffect(() => () => cancelAnimationFrame(frame.current), []);
  useEffect(() => {
    const observer = new ResizeObserver(drawSoon);
    for (const canvas of canvases.current.values()) observer.observe(canvas);
    return () => observer.disconnect();
  }, [drawSoon]);
  const { limit, stepsRead, paintings } = store;
  // biome-ignore lint/correctness/useExhaustiveDependencies: each of these changes the picture
  useEffect(drawSoon, [step, order, limit, stepsRead, paintings, store.orders, drawSoon]);

  const look = useCallback(
    (next: Window) => {
      view.current = next;
      // One finger scrolls the page over a whole matrix, and moves the visible part of a zoomed one.
      for (const canvas of canvases.current.values()) canvas.style.touchAction = next.span < d ? "none" : "";
      drawSoon();
    },
    [drawSoon, d],
  );
  return { canvases, view, look };
}

/** Marks the chosen entry on every matrix. */
function useMark(
  canvases: Canvases,
  view: RefObject<Window>,
  { place, step }: { readonly place: Place | undefined; readonly step: number },
): void {
  // biome-ignore lint/correctness/useExhaustiveDependencies: the mark follows the chosen entry
  useEffect(() => {
    for (const canvas of canvases.current.values()) {
      const mark = canvas.nextElementSibling as HTMLElement;
      mark.dataset.place = place === undefined ? "" : `${place.row},${place.column}`;
      placeMark(canvas, view.current);
    }
  }, [place, step]);
}

const arrows: Readonly<Record<string, readonly [number, number]>> = {
  ArrowUp: [-1, 0],
  ArrowDown: [1, 0],
  ArrowLeft: [0, -1],
  ArrowRight: [0, 1],
};

/** What a key shows: arrows the next entry, + and - a smaller and a larger part, 0 the whole; undefined for others. */
function movedByKey(
  key: string,
  { window, place, d }: { readonly window: Window; readonly place: Place | undefined; readonly d: number },
): { readonly window: Window; readonly place?: Place } | undefined {
  const by = arrows[key];
  if (by !== undefined) {
    const { row, column } = place ?? { row: -by[0], column: -by[1] };
    const clamp = (at: number) => Math.max(0, Math.min(d - 1, at));
    const next = { row: clamp(row + by[0]), column: clamp(column + by[1]) };
    return { window: showing(window, next.row, next.column, d), place: next };
  }
  if (key === "+" || key === "=") return { window: zoomed(window, 1 / ZOOM, centre(d)) };
  if (key === "-") return { window: zoomed(window, ZOOM, centre(d)) };
  return key === "0" ? { window: whole(d) } : undefined;
}

/** chosen: by which a button or key changes the visible part. */
const ZOOM = 1.5;

function ZoomButtons({ view, look, d }: Pick<Painted, "view" | "look"> & { readonly d: number }) {
  return (
    <span className="run-zoom">
      <button type="button" onClick={() => look(zoomed(view.current, 1 / ZOOM, centre(d)))} aria-label="Zoom in">
        +
      </button>
      <button type="button" onClick={() => look(zoomed(view.current, ZOOM, centre(d)))} aria-label="Zoom out">
        −
      </button>
      <button type="button" onClick={() => look(whole(d))}>
        Whole
      </button>
    </span>
  );
}

type Saved = Pick<ImagesProps, "store" | "step" | "side" | "layer" | "d" | "order">;

function SaveButtons({ store, step, side, layer, d, order }: Saved) {
  const file = `${layer}-${side}-step-${step}`;
  return (
    <span className="run-saves">
      <button type="button" onClick={() => void svgOf(store, step, order, side).then((svg) => saveSvg(file, svg))}>
        SVG
      </button>
      <button type="button" onClick={() => void svgOf(store, step, order, side).then((svg) => savePng(file, svg))}>
        PNG
      </button>
      <button type="button" onClick={() => saveCsv(file, csvOf(store, step, side, d))}>
        CSV
      </button>
    </span>
  );
}

interface MatrixImageProps extends Pick<ImagesProps, "store" | "step" | "side" | "d"> {
  readonly name: MatrixName;
  /** Takes the canvas, and null when it is gone. */
  readonly hold: (canvas: HTMLCanvasElement | null) => void;
  /** What pointers and keys do. */
  readonly acts: CanvasHTMLAttributes<HTMLCanvasElement>;
}

function MatrixImage({ store, step, name, side, d, hold, acts }: MatrixImageProps) {
  const found = store.get(step, name);
  const why = store.whyMissing(step, name);
  const { limit } = store;
  return (
    <figure className="run-image">
      <figcaption>
        <b>
          {name}
          <sub>{side}</sub>
        </b>{" "}
        <span className="soft">
          {meaning[name]}, {grouped(d)} × {grouped(d)}
        </span>
      </figcaption>
      {why !== undefined ? (
        <p className="missing">{why}</p>
      ) : (
        <div className="run-canvas">
          <canvas
            ref={hold}
            className="raster"
            role="img"
            tabIndex={0}
            aria-label={`${name} of side ${side} at step ${step}, ${meaning[name]}: colours from ${-limit} to ${limit} times the mean diagonal${found ? ` of ${said(found.meanDiagonal)}` : ""}. Arrow keys go from entry to entry.`}
            {...acts}
          />
          <span className="run-mark" hidden />
        </div>
      )}
    </figure>
  );
}

const centre = (d: number) => ({ right: 0.5, down: 0.5, d });

function OrderChoice({ store, order, setOrder }: Pick<ImagesProps, "store" | "order" | "setOrder">) {
  const merged = store.orders?.merged;
  const words =
    order !== "cluster" || merged === undefined
      ? ""
      : merged.length === 0
        ? "no two neurons have merged, so the order is unchanged"
        : `${merged.length} ${merged.length === 1 ? "cluster" : "clusters"} of two neurons or more, the largest of ${merged[0]}`;
  return (
    <span>
      <label>
        Order{" "}
        <select value={order} onChange={({ target }) => setOrder(target.value as OrderName)} disabled={!store.orders}>
          <option value="neuron">as in the network</option>
          <option value="cluster">by cluster</option>
          <option value="size">by variance</option>
        </select>
      </label>{" "}
      <small>{words}</small>
    </span>
  );
}

/** What the colours mean, and the steps that share their scale. */
function Scale({ limit, read, of }: { limit: number; read: number; of: number }) {
  const ramp = useMemo(() => {
    const palette = divergingPalette();
    const stop = (share: number) => {
      const at = 3 * Math.round(share * (levels - 1));
      return `rgb(${palette[at]} ${palette[at + 1]} ${palette[at + 2]})`;
    };
    return `linear-gradient(90deg, ${Array.from({ length: 11 }, (_, i) => stop(i / 10)).join(", ")})`;
  }, []);
  return (
    <p className="run-scale soft">
      <span>−{limit}</span>
      <i className="raster" style={{ background: ramp }} />
      <span>{limit}</span>
      <span>
        times the mean diagonal; one scale for {of === 1 ? "the kept step" : `all ${grouped(of)} kept steps`}
        {read < of ? `, ${grouped(read)} read so far` : ""}
      </span>
    </p>
  );
}

interface EntryProps {
  readonly store: MatrixStore;
  readonly step: number;
  readonly side: Side;
  readonly place: Place;
  readonly neuron: (at: number) => number;
}

function Entry({ store, step, side, place, neuron }: EntryProps) {
  const [i, j] = [neuron(place.row), neuron(place.column)];
  return (
    <>
      <b>
        [{i}, {j}]
      </b>{" "}
      {matrixNames.map((name) => {
        const found = store.get(step, name);
        if (found === undefined) return null;
        const value = found.values[i * found.d + j]!;
        return (
          <span key={name} data-matrix={name}>
            {name}
            <sub>{side}</sub> = <span className="value">{said(value)}</span>{" "}
            <small>{said(value / found.meanDiagonal, 3)} of the mean diagonal</small>
          </span>
        );
      })}
    </>
  );
}

function said(value: number, digits = 4): string {
  const size = Math.abs(value);
  const text =
    size !== 0 && (size < 1e-3 || size >= 1e6)
      ? value.toExponential(digits - 1)
      : String(Number(value.toPrecision(digits)));
  return text.replaceAll("-", "−").replace("e+", "e");
}

/** Listens to the wheel itself: React's listener is passive, so the page would scroll away. */
function useWheel(
  canvases: React.RefObject<Map<MatrixName, HTMLCanvasElement>>,
  zoom: (right: number, down: number, factor: number) => void,
): void {
  const latest = useRef(zoom);
  latest.current = zoom;
  useEffect(() => {
    const controller = new AbortController();
    for (const canvas of canvases.current.values())
      canvas.addEventListener(
        "wheel",
        (event) => {
          event.preventDefault();
          const { right, down } = sharesOf(event, canvas);
          latest.current(right, down, Math.exp(Math.max(-1, Math.min(1, event.deltaY / 300))));
        },
        { signal: controller.signal, passive: false },
      );
    return () => controller.abort();
  }, [canvases]);
}

const sharesOf = (event: { clientX: number; clientY: number }, canvas: Element) => {
  const box = canvas.getBoundingClientRect();
  return { right: (event.clientX - box.left) / box.width, down: (event.clientY - box.top) / box.height };
};

/** Dragging moves the window, two fingers scale it, pointing chooses an entry. */
function pointing(
  view: React.RefObject<Window>,
  gestures: Gestures,
  d: number,
  { look, setPlace }: { look: (next: Window) => void; setPlace: (place: Place | undefined) => void },
) {
  const end = ({ pointerId }: React.PointerEvent) => gestures.end(pointerId, view.current);
  return {
    onPointerDown: (event: React.PointerEvent) => {
      const at = sharesOf(event, event.currentTarget);
      gestures.begin(event.pointerId, at, view.current);
      if (event.pointerType !== "touch") event.currentTarget.setPointerCapture(event.pointerId);
      if (gestures.count === 1) setPlace(entryAt(view.current, at.right, at.down, d));
    },
    onPointerMove: (event: React.PointerEvent) => {
      const at = sharesOf(event, event.currentTarget);
      if (event.buttons === 0) end(event); // the button was released outside
      const next = gestures.move(event.pointerId, at);
      if (next !== undefined) look(next);
      else setPlace(entryAt(view.current, at.right, at.down, d));
    },
    onPointerUp: end,
    onPointerCancel: end,
  };
}

const GAP = 24;
const SIZE = 320;

/** The three images as one picture for a file. */
async function svgOf(store: MatrixStore, step: number, order: OrderName, side: Side): Promise<string> {
  const images = await Promise.all(matrixNames.map((name) => store.paint(step, name, order)));
  const parts = matrixNames.flatMap((name, i) => {
    const image = images[i]?.whole;
    if (image === undefined) return [];
    const x = i * (SIZE + GAP);
    return [
      `<text x="${x}" y="14" font-size="14" font-weight="650">${name}<tspan font-size="10" dy="3">${side}</tspan><tspan dy="-3"> ${meaning[name]}, step ${step}</tspan></text>`,
      `<image x="${x}" y="24" width="${SIZE}" height="${SIZE}" href="${image.toDataURL()}" preserveAspectRatio="none" style="image-rendering:pixelated"/>`,
    ];
  });
  const [width, height] = [3 * SIZE + 2 * GAP, SIZE + 48];
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" font-family="system-ui, sans-serif" fill="currentColor">${parts.join("")}<text x="0" y="${height - 6}" font-size="12">colours from −${store.limit} (blue) to ${store.limit} (red) times the mean diagonal</text></svg>`;
}

/** Upper triangles of the three matrices in the network's order, unscaled. */
function csvOf(store: MatrixStore, step: number, side: Side, d: number): string {
  const found = matrixNames.map((name) => store.get(step, name));
  const lines = ["side,i,j,H,G,Z"];
  for (let i = 0; i < d; i++)
    for (let j = i; j < d; j++)
      lines.push([side, i, j, ...found.map((one) => (one === undefined ? "" : one.values[i * d + j]!))].join());
  return `${lines.join("\n")}\n`;
}
