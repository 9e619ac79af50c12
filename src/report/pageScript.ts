/**
 * @file The script of the page: theme, downloads, layers, values under the pointer, sorting, printing. It is plain
 * JavaScript as text, because the page has no build step of its own. The page can be read without it.
 */
import { pickerScript } from "./pickerScript.ts";
import { tipScript } from "./tipScript.ts";
import { toolScript } from "./toolScript.ts";

const ownScript = String.raw`"use strict";
const root = document.documentElement, themeButton = document.getElementById("theme");
const themes = ["auto", "light", "dark"];
let theme = "auto";
function setTheme(next) {
  theme = next;
  if (next === "auto") root.removeAttribute("data-theme"); else root.dataset.theme = next;
  themeButton.textContent = "Theme: " + next;
}
let stored = root.dataset.theme;
try { stored = localStorage.getItem("crh-theme") ?? stored; } catch {}
setTheme(themes.includes(stored) ? stored : "auto");
themeButton.hidden = false;
themeButton.addEventListener("click", () => {
  setTheme(themes[(themes.indexOf(theme) + 1) % themes.length]);
  try { localStorage.setItem("crh-theme", theme); } catch {}
});
function save(blob, name) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10000);
}
async function csvOf(block) {
  const packed = block.querySelector("script.csv");
  return packed ? unpacked(packed.textContent) : matrixCsv(block);
}
function svgOf(block) {
  const columns = Number(block.dataset.columns), gap = 16, edge = 8, parts = [];
  let x = 0, y = 0, width = 0, rowHeight = 0, column = 0;
  const place = (svg) => {
    const copy = svg.cloneNode(true), w = Number(svg.getAttribute("width")), h = Number(svg.getAttribute("height"));
    for (const name of ["data-axes", "data-image", "data-at", "tabindex"]) copy.removeAttribute(name);
    copy.querySelector(".cross")?.remove();
    copy.setAttribute("x", x); copy.setAttribute("y", y);
    parts.push(new XMLSerializer().serializeToString(copy));
    width = Math.max(width, x + w); rowHeight = Math.max(rowHeight, h); x += w + gap;
  };
  const newRow = () => { x = 0; y += rowHeight + gap; rowHeight = 0; column = 0; };
  const legend = block.querySelectorAll(".legend > svg");
  for (const svg of legend) { if (x + Number(svg.getAttribute("width")) > 920) newRow(); place(svg); }
  if (legend.length > 0) newRow();
  for (const svg of block.querySelectorAll(".panels > svg")) { if (column === columns) newRow(); place(svg); column++; }
  const height = y + rowHeight;
  const all = '<svg xmlns="http://www.w3.org/2000/svg" color="#16191d" style="background:#ffffff" width="' + (width + 2 * edge) + '" height="' + (height + 2 * edge) +
    '" viewBox="' + -edge + " " + -edge + " " + (width + 2 * edge) + " " + (height + 2 * edge) + '">' + parts.join("") + "</svg>";
  return all.replace(/<[^>]*>/g, (tag) => tag.replace(/var\(--[\w-]+, (#[0-9a-f]+)\)/g, "$1"));
}
function withButtons(part) {
  for (const svg of part.querySelectorAll(".panels svg")) if (svg.dataset.axes || svg.dataset.image || svg.querySelector("title")) svg.tabIndex = 0;
  for (const button of part.querySelectorAll("button[data-save][hidden]")) {
    button.hidden = false;
    button.addEventListener("click", async () => {
      const block = button.closest("[data-name]"), kind = button.dataset.save;
      const text = kind === "svg" ? svgOf(block) : await csvOf(block);
      save(new Blob([text], { type: kind === "svg" ? "image/svg+xml" : "text/csv" }), document.body.dataset.run + "-" + block.dataset.name + "." + kind);
    });
  }
}
withButtons(document);
function openTarget() {
  const target = document.getElementById(location.hash.slice(1)), folded = target?.closest("details:not([open])");
  if (folded) { folded.open = true; target.scrollIntoView(); }
}
addEventListener("hashchange", openTarget);
openTarget();
addEventListener("beforeprint", () => { for (const details of document.querySelectorAll("details:not([data-screen])")) details.open = true; });
`;

export const pageScript = ownScript + tipScript + toolScript + pickerScript;
