/** @file Saves a figure as a file: SVG and PNG in the colours for paper, the numbers as CSV. */
import { standaloneSvg } from "../../figures/figure.ts";

/** chosen: PNG pixels per pixel of the figure. */
const SCALE = 2;

export const saveSvg = (name: string, svg: string): void =>
  save(`${name}.svg`, new Blob([standaloneSvg(svg)], { type: "image/svg+xml" }));
export const saveCsv = (name: string, csv: string): void => save(`${name}.csv`, new Blob([csv], { type: "text/csv" }));

/** @throws Error if the browser cannot draw it */
export async function savePng(name: string, svg: string): Promise<void> {
  const image = new Image();
  image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(standaloneSvg(svg))}`;
  await image.decode();
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [image.naturalWidth * SCALE, image.naturalHeight * SCALE];
  canvas.getContext("2d")!.drawImage(image, 0, 0, canvas.width, canvas.height);
  const blob = await new Promise<Blob | null>((done) => canvas.toBlob(done, "image/png"));
  if (blob === null) throw new Error("expected a picture, got none from this browser; save the SVG");
  save(`${name}.png`, blob);
}

function save(name: string, blob: Blob): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = name.replace(/[^A-Za-z0-9.-]+/g, "-");
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
}
