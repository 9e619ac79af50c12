/** @file Draws the visible part of a matrix on its canvas, and the frame around the chosen entry. */
import type { Picture } from "./matrixStore.ts";
import type { Window } from "./zoom.ts";

/** Draws the visible part at the resolution of the screen. */
export function drawWindow(canvas: HTMLCanvasElement, picture: Picture | undefined, { x, y, span }: Window): void {
  const size = pixelsOf(canvas);
  if (size === 0) return;
  if (canvas.width !== size) [canvas.width, canvas.height] = [size, size];
  const context = canvas.getContext("2d")!;
  if (picture === undefined) {
    context.clearRect(0, 0, size, size);
    return;
  }
  const { whole, small } = picture;
  if (span === whole.width && span > size)
    context.drawImage(small?.width === size ? small : shrunken(whole, size), 0, 0);
  else {
    context.imageSmoothingEnabled = span > size; // entries smaller than pixels are averaged
    context.drawImage(whole, x, y, span, span, 0, 0, size, size);
  }
}

/** Width of a canvas in screen pixels. */
export const pixelsOf = (canvas: HTMLCanvasElement): number =>
  Math.round(canvas.clientWidth * Math.min(2, devicePixelRatio));

const shrunkenOnes = new WeakMap<HTMLCanvasElement, HTMLCanvasElement>();

/** A whole image averaged down to another size than the one painted, such as in a wider window; computed once. */
function shrunken(image: HTMLCanvasElement, size: number): HTMLCanvasElement {
  const known = shrunkenOnes.get(image);
  if (known?.width === size) return known;
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [size, size];
  const context = canvas.getContext("2d")!;
  context.imageSmoothingQuality = "high";
  context.drawImage(image, 0, 0, size, size);
  shrunkenOnes.set(image, canvas);
  return canvas;
}

/** Places the frame around the chosen entry. It lies beside the canvas, so moving it redraws nothing. */
export function placeMark(canvas: HTMLCanvasElement, { x, y, span }: Window): void {
  const mark = canvas.nextElementSibling as HTMLElement;
  const [row, column] = (mark.dataset.place ?? "").split(",").map(Number);
  const isSeen = column !== undefined && row! >= y - 1 && column >= x - 1 && row! < y + span && column < x + span;
  mark.hidden = !isSeen;
  if (!isSeen) return;
  const unit = canvas.clientWidth / span;
  const size = Math.max(3, unit);
  mark.style.width = `${size}px`;
  mark.style.height = `${size}px`;
  mark.style.transform = `translate(${(column - x) * unit}px, ${(row! - y) * unit}px)`;
}
