/**
 * @file The part of the page's script that shows values under the pointer, a finger or the arrow keys. Cells carry
 * their text. In panels, the positions of marks are converted to numbers by the axes stored with them
 * (src/figures/readings.ts); in matrices, the colours of pixels are. Plain JavaScript as text.
 */
export const tipScript = String.raw`
const tip = document.createElement("div"), cross = document.createElementNS("http://www.w3.org/2000/svg", "path");
tip.id = "tip"; tip.setAttribute("role", "status"); tip.hidden = true; document.body.append(tip);
cross.setAttribute("class", "cross");
function hideTip() { tip.hidden = true; cross.remove(); }
function showTip(lines, x, y, kind = "") {
  tip.className = kind;
  tip.replaceChildren(...lines.map(([text, colour], i) => {
    const line = document.createElement("div");
    if (colour) { const dot = document.createElement("i"); dot.style.background = colour; line.append(dot); }
    line.append(text); if (i === 0) line.className = "first";
    return line;
  }));
  tip.hidden = false;
  const { width, height } = tip.getBoundingClientRect(), room = document.documentElement.clientWidth;
  tip.style.left = Math.max(4, Math.min(room - width - 4, x + 14 + width > room ? x - width - 14 : x + 14)) + "px";
  tip.style.top = (y - height - 12 > 4 ? y - height - 12 : y + 18) + "px";
}
function valueAt({ kind, pixels: [p, q], values: [v, w], constant: c = 1 }, pixel) {
  const t = (pixel - p) / (q - p), between = (a, b) => a + t * (b - a), bend = (a) => Math.sign(a) * Math.log1p(Math.abs(a) / c);
  if (kind === "log") return Math.exp(between(Math.log(v), Math.log(w)));
  if (kind === "power") return 10 ** between(v, w);
  if (kind === "symlog") { const s = between(bend(v), bend(w)); return Math.sign(s) * c * Math.expm1(Math.abs(s)); }
  return between(v, w);
}
function inWords(value, axis) {
  if (axis.name === "step" || axis.name.startsWith("rank of") || axis.name === "rank") return Math.round(value).toLocaleString("en-US");
  const size = Math.abs(value);
  if (size !== 0 && (size < 1e-3 || size >= 1e5)) return value.toExponential(2).replace("e+", "e").replaceAll("-", "\u2212");
  return String(Number(size < 1 ? value.toFixed(3) : value.toPrecision(4))).replace("-", "\u2212");
}
const known = new WeakMap();
function marksOf(svg) {
  if (known.has(svg)) return known.get(svg);
  const marks = [], from = svg.getScreenCTM().inverse();
  const put = (element, x, y, words, series) => {
    const m = from.multiply(element.getScreenCTM());
    const style = getComputedStyle(element), paint = style.stroke !== "none" ? style.stroke : style.fill;
    marks.push({ x: m.a * x + m.c * y + m.e, y: m.b * x + m.d * y + m.f, words, series, colour: paint });
  };
  for (const title of svg.querySelectorAll("title")) {
    const element = title.parentElement, box = element.getBBox();
    put(element, box.x + box.width / 2, box.y + box.height / 2, title.textContent);
    title.remove();
  }
  if (svg.dataset.axes) {
    for (const path of svg.querySelectorAll("path")) {
      const series = path.closest("[aria-label]:not(svg)")?.getAttribute("aria-label"), dots = /h0/.test(path.getAttribute("d"));
      if (!dots && (!series || path.closest("[fill]:not(svg):not([fill=none])")?.closest("[aria-label=area]") || /^(?:[xy]-axis|[xy]-grid|rule|text|area|line|link|dot|tip)/.test(series))) continue;
      for (const [, x, y] of path.getAttribute("d").matchAll(/[ML](-?[\d.]+),(-?[\d.]+)/g)) put(path, Number(x), Number(y), undefined, dots ? undefined : series);
    }
    if (marks.length === 0) for (const dot of svg.querySelectorAll("[aria-label=dot] circle")) put(dot, Number(dot.getAttribute("cx")), Number(dot.getAttribute("cy")));
  }
  known.set(svg, marks);
  return marks;
}
function place(svg, event) {
  const box = svg.getBoundingClientRect(), view = svg.viewBox.baseVal;
  return { x: ((event.clientX - box.left) / box.width) * view.width, y: ((event.clientY - box.top) / box.height) * view.height, scale: box.width / view.width, box };
}
function crossAt(svg, mark, axes) {
  const [bottom, top] = axes.y.pixels, [left, right] = axes.x.pixels;
  cross.setAttribute("d", axes.along ? "M" + mark.x + "," + top + "V" + bottom : "M" + mark.x + "," + top + "V" + bottom + "M" + left + "," + mark.y + "H" + right);
  svg.append(cross);
}
function read(svg, mark, marks, axes, at) {
  if (axes) crossAt(svg, mark, axes);
  const lines = [];
  if (mark.words) lines.push(...mark.words.split("\n").map((line) => [line]));
  else if (axes.along) {
    lines.push([axes.x.name + " " + inWords(valueAt(axes.x, mark.x), axes.x)]);
    const here = new Map();
    for (const one of marks) if (Math.abs(one.x - mark.x) < 0.6 && !here.has(one.series)) here.set(one.series, one);
    const found = [...here.values()].sort((a, b) => a.y - b.y).slice(0, 14);
    lines.push(...found.map((one) => [one.series + " " + inWords(valueAt(axes.y, one.y), axes.y), one.colour]));
    if (here.size > found.length) lines.push(["and " + (here.size - found.length) + " more"]);
  } else lines.push([axes.x.name + " " + inWords(valueAt(axes.x, mark.x), axes.x)], [axes.y.name + " " + inWords(valueAt(axes.y, mark.y), axes.y)]);
  showTip(lines, at.box.left + mark.x * at.scale, at.box.top + (axes && axes.along ? at.y : mark.y) * at.scale);
}
function readPanel(svg, event) {
  const marks = marksOf(svg), at = place(svg, event), axes = svg.dataset.axes && JSON.parse(svg.dataset.axes);
  const reach = axes && axes.along ? 60 : 26;
  let best, least = reach / at.scale;
  for (const mark of marks) {
    const far = axes && axes.along ? Math.abs(mark.x - at.x) : Math.hypot(mark.x - at.x, mark.y - at.y);
    if (far < least) { least = far; best = mark; }
  }
  if (best) read(svg, best, marks, axes, at); else hideTip();
}
const pixels = new WeakMap();
function levelsOf(image) {
  if (!pixels.has(image)) pixels.set(image, (async () => {
    const source = new Image(); source.src = image.getAttribute("href"); await source.decode();
    const canvas = new OffscreenCanvas(source.naturalWidth, source.naturalHeight), context = canvas.getContext("2d", { willReadFrequently: true });
    context.drawImage(source, 0, 0);
    return context.getImageData(0, 0, canvas.width, canvas.height);
  })());
  return pixels.get(image);
}
async function matrixOf(svg) {
  const image = svg.querySelector("image"), { name, d, limit } = JSON.parse(svg.dataset.image);
  const scale = await levelsOf(svg.closest(".block").querySelector(".legend image")), drawn = await levelsOf(image);
  const level = new Map(Array.from({ length: scale.width }, (_, i) => [scale.data.slice(4 * i, 4 * i + 3).join(), i]));
  const middle = (scale.width - 1) / 2, rows = drawn.width;
  const value = (i, j) => { const at = level.get(drawn.data.slice(4 * (i * rows + j), 4 * (i * rows + j) + 3).join()); return ((at - middle) / middle) * limit; };
  return { image, name, d, limit, rows, value };
}
async function readMatrix(svg, event) {
  const { image, name, d, limit, rows, value } = await matrixOf(svg), box = image.getBoundingClientRect();
  const [j, i] = [(event.clientX - box.left) / box.width, (event.clientY - box.top) / box.height].map((share) => Math.floor(share * rows));
  if (i < 0 || j < 0 || i >= rows || j >= rows) return hideTip();
  const found = value(i, j), block = Math.ceil(d / rows), at = (k) => block === 1 ? k + 1 : k * block + 1 + "\u2013" + Math.min(d, (k + 1) * block);
  const beyond = Math.abs(found) >= limit * 0.999 ? (found > 0 ? "at least " : "at most ") : "about ";
  showTip([[name + "[" + at(i) + ", " + at(j) + "]"], [beyond + String(Number(found.toPrecision(2))).replace("-", "\u2212")]], event.clientX, event.clientY);
}
function stepMatrix(svg, key) {
  const [i, j] = (svg.dataset.at ?? "-1,-1").split(",").map(Number), box = svg.querySelector("image").getBoundingClientRect();
  matrixOf(svg).then(({ rows }) => {
    const within = (k) => Math.max(0, Math.min(rows - 1, k));
    const [p, q] = [within(i + (key === "ArrowDown") - (key === "ArrowUp")), within(j + (key === "ArrowRight") - (key === "ArrowLeft"))];
    svg.dataset.at = p + "," + q;
    readMatrix(svg, { clientX: box.left + ((q + 0.5) / rows) * box.width, clientY: box.top + ((p + 0.5) / rows) * box.height });
  });
}
async function matrixCsv(block) {
  const found = await Promise.all([...block.querySelectorAll("svg[data-image]")].map(matrixOf)), lines = ["matrix,i,j,value"];
  for (const { name, rows, value } of found) for (let i = 0; i < rows; i++) for (let j = i; j < rows; j++) lines.push([name, i, j, value(i, j).toPrecision(2)].join());
  return lines.join("\n") + "\n";
}
function equationTip(link) {
  const target = document.getElementById(link.hash.slice(1));
  if (!target) return;
  const formula = target.querySelector("pre"), words = [...target.querySelector("dd").childNodes].filter((node) => node.className !== "equation").map((node) => node.textContent).join("");
  const box = link.getBoundingClientRect(), lines = [target.querySelector("dt").textContent, ...(formula ? formula.textContent.split("\n") : [words])];
  showTip(lines.map((line) => [line]), box.left, box.top, formula ? "formula" : "");
}
function point(event) {
  const cite = event.target.closest("a.eq");
  if (cite) { if (event.pointerType !== "touch") equationTip(cite); return; }
  const cell = event.target.closest("[data-tip]"), svg = event.target.closest(".panels svg");
  if (cell) { const box = cell.getBoundingClientRect(); cross.remove(); showTip(cell.dataset.tip.split("\n").map((line) => [line]), box.left + box.width / 2, box.top); }
  else if (svg && svg.dataset.image) readMatrix(svg, event);
  else if (svg) readPanel(svg, event);
  else hideTip();
}
document.addEventListener("pointermove", (event) => { if (event.pointerType !== "touch") point(event); });
document.addEventListener("pointerdown", point);
document.addEventListener("pointerleave", (event) => { if (event.pointerType !== "touch") hideTip(); });
addEventListener("scroll", hideTip, { passive: true });
addEventListener("keydown", (event) => {
  if (event.key === "Escape") hideTip();
  const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key], here = document.activeElement;
  if (!step || !here) return;
  if (here.matches("[data-tip]")) {
    const cells = [...here.closest(".strip, table").querySelectorAll("[data-tip]")], next = cells[cells.indexOf(here) + step];
    if (next) { here.tabIndex = -1; next.tabIndex = 0; next.focus(); event.preventDefault(); }
  } else if (here.matches(".panels svg[data-image]")) {
    stepMatrix(here, event.key); event.preventDefault();
  } else if (here.matches(".panels svg")) {
    const axes = here.dataset.axes && JSON.parse(here.dataset.axes), marks = marksOf(here), order = [...marks].sort(axes ? (a, b) => a.x - b.x : (a, b) => Math.round((a.y - b.y) / 3) || a.x - b.x);
    const stops = axes && axes.along ? order.filter((mark, i) => i === 0 || mark.x - order[i - 1].x > 0.6) : order;
    const at = Math.max(0, Math.min(stops.length - 1, (Number(here.dataset.at ?? -1)) + step)), mark = stops[at];
    here.dataset.at = at;
    if (mark) { read(here, mark, marks, axes, { ...place(here, { clientX: 0, clientY: 0 }), y: mark.y }); event.preventDefault(); }
  }
});
document.addEventListener("focusin", (event) => {
  const cite = event.target.closest("a.eq");
  if (cite && cite.matches(":focus-visible")) return equationTip(cite);
  const cell = event.target.closest("[data-tip]");
  if (cell && cell.matches(":focus-visible")) { const box = cell.getBoundingClientRect(); showTip(cell.dataset.tip.split("\n").map((line) => [line]), box.left + box.width / 2, box.top); }
});
let byKeys = false;
addEventListener("pointerdown", () => { byKeys = false; }, true);
addEventListener("keydown", () => { byKeys = true; }, true);
document.addEventListener("focusout", () => { if (byKeys) hideTip(); });
for (const strip of document.querySelectorAll(".strip, table.alignments")) {
  const cells = strip.querySelectorAll("[data-tip]");
  cells.forEach((cell, i) => { cell.tabIndex = i === 0 ? 0 : -1; cell.removeAttribute("title"); });
}
`;
