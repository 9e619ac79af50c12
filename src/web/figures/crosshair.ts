/**
 * @file One cross-hair for all figures. When the pointer is over a step, every visible panel with an axis of steps
 * shows it; the step that the view looks at is marked in all of them. A click on a step is reported to the view.
 */
import { pixelAt, type ReadableAxes, valueAt } from "../../figures/readings.ts";

const NAMESPACE = "http://www.w3.org/2000/svg";
/** Elements whose panels are visible; the others are updated when they become visible. */
const seen = new Set<HTMLElement>();
const sight = new IntersectionObserver((entries) => {
  for (const { target, isIntersecting } of entries)
    if (isIntersecting) seen.add(target as HTMLElement);
    else seen.delete(target as HTMLElement);
  showSoon();
});
const known = new WeakMap<SVGSVGElement, ReadableAxes | null>();
const listeners = new Set<(step: number) => void>();
/** The step under the pointer, until the next frame shows it. */
let pointed: { readonly step: number; readonly under: SVGSVGElement } | undefined;
let marked: number | undefined;
let frame = 0;

/** chosen: pixels that a pointer may move during a click. */
const STILL = 4;

/** Connects the panels in an element to the cross-hair. @returns a function that disconnects them */
export function shareCrosshair(element: HTMLElement): () => void {
  const controller = new AbortController();
  const { signal } = controller;
  let down: PointerEvent | undefined;
  sight.observe(element);
  element.addEventListener("pointermove", follow, { signal });
  element.addEventListener("pointerleave", () => point(undefined), { signal });
  element.addEventListener("pointerdown", (event) => (down = event), { signal });
  element.addEventListener(
    "pointerup",
    (event) => {
      const far = down === undefined ? STILL : Math.hypot(event.clientX - down.clientX, event.clientY - down.clientY);
      const found = far < STILL ? stepUnder(event) : undefined;
      if (found !== undefined) for (const listener of listeners) listener(found.step);
    },
    { signal },
  );
  return () => {
    sight.unobserve(element);
    seen.delete(element);
    controller.abort();
  };
}

/** Reports clicked steps, unrounded, to a listener. @returns a function that ends it */
export function onStepChosen(listener: (step: number) => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** Marks a step in all panels; undefined removes the mark. */
export function markStep(step: number | undefined): void {
  marked = step;
  showSoon();
}

function follow(event: PointerEvent): void {
  point(stepUnder(event));
}

function point(next: typeof pointed): void {
  pointed = next;
  showSoon();
}

/** The step under the pointer, if it is over a panel with an axis of steps. */
function stepUnder(event: PointerEvent): typeof pointed {
  const svg = (event.target as Element).closest<SVGSVGElement>(".panels svg");
  const axes = svg === null ? undefined : stepAxes(svg);
  if (svg === null || axes === undefined) return undefined;
  const box = svg.getBoundingClientRect();
  const pixel = ((event.clientX - box.left) / box.width) * svg.viewBox.baseVal.width;
  const isInside = pixel >= Math.min(...axes.x.pixels) && pixel <= Math.max(...axes.x.pixels);
  return isInside ? { step: valueAt(axes.x, pixel), under: svg } : undefined;
}

function showSoon(): void {
  if (frame === 0) frame = requestAnimationFrame(show);
}

function show(): void {
  frame = 0;
  for (const element of seen)
    for (const svg of element.querySelectorAll<SVGSVGElement>("svg[data-axes]")) {
      drawAt(svg, "shared step", marked);
      // the panel under the pointer has its own cross
      drawAt(svg, "shared cross", svg === pointed?.under ? undefined : pointed?.step);
    }
}

/** Creates, moves or removes the vertical line of a kind. */
function drawAt(svg: SVGSVGElement, kind: string, step: number | undefined): void {
  const axes = step === undefined ? undefined : stepAxes(svg);
  const pixel = axes === undefined ? undefined : pixelAt(axes.x, step!);
  const old = svg.querySelector(`path.${kind.replace(" ", ".")}`);
  if (axes === undefined || pixel === undefined) {
    old?.remove();
    return;
  }
  const d = `M${pixel},${axes.y.pixels[1]}V${axes.y.pixels[0]}`;
  if (old?.getAttribute("d") === d) return;
  const line = old ?? document.createElementNS(NAMESPACE, "path");
  line.setAttribute("class", kind);
  line.setAttribute("d", d);
  if (old === null) svg.append(line);
}

function stepAxes(svg: SVGSVGElement): ReadableAxes | undefined {
  let axes = known.get(svg);
  if (axes === undefined) {
    const text = svg.dataset.axes;
    const found = text === undefined ? undefined : (JSON.parse(text) as ReadableAxes);
    axes = found?.x.name === "step" ? found : null;
    known.set(svg, axes);
  }
  return axes ?? undefined;
}
