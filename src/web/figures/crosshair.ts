/**
 * @file One cross-hair for all figures: where the pointer is over a step, every panel with an axis of steps shows it.
 */
import { type ReadableAxes, type ReadableAxis, valueAt } from "../../figures/readings.ts";

const NAMESPACE = "http://www.w3.org/2000/svg";
const shown = new Set<Element>();

/** Lets the panels in an element take part. @returns what ends it */
export function shareCrosshair(element: HTMLElement): () => void {
  const controller = new AbortController();
  shown.add(element);
  element.addEventListener("pointermove", follow, { signal: controller.signal });
  element.addEventListener("pointerleave", clear, { signal: controller.signal });
  return () => {
    shown.delete(element);
    controller.abort();
  };
}

function follow(event: PointerEvent): void {
  const svg = (event.target as Element).closest<SVGSVGElement>(".panels svg");
  const axis = svg === null ? undefined : stepAxis(svg);
  clear();
  if (svg === null || axis === undefined) return;
  const box = svg.getBoundingClientRect();
  const pixel = ((event.clientX - box.left) / box.width) * svg.viewBox.baseVal.width;
  if (pixel < Math.min(...axis.x.pixels) || pixel > Math.max(...axis.x.pixels)) return;
  showAt(valueAt(axis.x, pixel), svg);
}

function showAt(step: number, under: SVGSVGElement): void {
  for (const element of shown)
    for (const svg of element.querySelectorAll<SVGSVGElement>("svg[data-axes]")) {
      const axis = svg === under ? undefined : stepAxis(svg); // the panel under the pointer has a cross of its own
      const pixel = axis === undefined ? undefined : pixelAt(axis.x, step);
      if (axis === undefined || pixel === undefined) continue;
      const line = document.createElementNS(NAMESPACE, "path");
      line.setAttribute("class", "shared cross");
      line.setAttribute("d", `M${pixel},${axis.y.pixels[1]}V${axis.y.pixels[0]}`);
      svg.append(line);
    }
}

function clear(): void {
  for (const line of document.querySelectorAll("path.shared.cross")) line.remove();
}

function stepAxis(svg: SVGSVGElement): ReadableAxes | undefined {
  const text = svg.dataset.axes;
  if (text === undefined) return undefined;
  const axes = JSON.parse(text) as ReadableAxes;
  return axes.x.name === "step" ? axes : undefined;
}

/** The pixel of a value; undefined beyond the axis. */
export function pixelAt({ kind, pixels, values, constant = 1 }: ReadableAxis, value: number): number | undefined {
  const bend = (x: number): number => {
    if (kind === "log") return Math.log(x);
    if (kind === "power") return Math.log10(x);
    return kind === "symlog" ? Math.sign(x) * Math.log1p(Math.abs(x) / constant) : x;
  };
  const ends = kind === "power" ? values : (values.map(bend) as [number, number]);
  const share = (bend(value) - ends[0]) / (ends[1] - ends[0]);
  return share >= -0.001 && share <= 1.001 ? pixels[0] + share * (pixels[1] - pixels[0]) : undefined;
}
