/**
 * @file The section of single layers: an article with an anchor for each layer, and one selector for the page. The
 * page's script shows one layer, or all that match a filter; without the script all are shown. The figures of one layer
 * are in the page, those of the others stay packed until they are selected.
 */
import { zlibSync } from "fflate";
import { escapeText, shorten } from "../figures/escape.ts";
import { layerGroups } from "../figures/layerGroups.ts";
import { toBase64 } from "../figures/png.ts";
import { grouped } from "../findings/numbers.ts";
import { type Finding, findings } from "../findings/relationFindings.ts";
import { layerNames } from "../measure/network/layerNames.ts";
import { isMap } from "../moments/moments.ts";
import { detailFor, drawable, maxPlainCourses, packedBudget, penultimate, spreadOrder } from "./chosenLayers.ts";
import { renderPicture } from "./figureBlock.ts";
import { termLinks } from "./glossary.ts";
import { layerAnchor } from "./layerAnchor.ts";
import { type KindCaption, layerCaptions } from "./layerCaptions.ts";
import { type LayerBlock, type LayerFigure, type LayerKindName, layerBlocks, layerKinds } from "./layerFigures.ts";
import { renderLayerStrip } from "./relationStrip.ts";
import { isAnalysis, type ReportData, withStart } from "./reportData.ts";

/** The figures of a layer on the page. */
interface Drawn {
  readonly inPage: string;
  readonly packed: string;
  /** Why figures are missing. */
  readonly missing: string;
}

/** The content of the section. @param first number of the first kind of figure */
export function renderLayers(data: ReportData, first: number): string {
  const blocks = layerBlocks(data);
  if (blocks.length === 0) return `<p class="missing">No layer was measured.</p>${whyMissing(data)}`;
  const found = findings(withStart(data), "paper");
  const captions = layerCaptions(data);
  const chosen = firstShown(blocks);
  const kinds = numberedKinds(blocks, first);
  const drawn = drawnBlocks(blocks, chosen, (figure) =>
    renderKind(figure, captions[figure.kind], kinds, blocks.length),
  );
  const titles = layerNames(blocks.flatMap(({ layer, moments }) => layer ?? moments ?? []));
  const articles = blocks.map((block, index) => {
    const own = found.filter(({ layer }) => layer.name === block.name);
    return article(block, own, drawn.get(index)!, { chosen: index === chosen, title: titles.get(block.name) });
  });
  return `${picker(blocks, chosen, titles)}${whyMissing(data)}<div class="articles">${articles.join("\n")}</div>`;
}

/** The penultimate map. */
function firstShown(blocks: readonly LayerBlock[]): number {
  const maps = blocks.flatMap(({ layer, moments }, index) =>
    (layer ?? moments) && isMap((layer ?? moments)!) ? [index] : [],
  );
  return maps[penultimate(maps.length)] ?? 0;
}

/** The number of each kind of figure, in the order of the kinds; the same for every layer. */
export function numberedKinds(blocks: readonly LayerBlock[], first: number): Map<LayerKindName, number> {
  const withCourse = blocks.some(({ course }) => course !== undefined);
  return new Map(
    layerKinds.filter((kind) => kind !== "alignments" || withCourse).map((kind, index) => [kind, first + index]),
  );
}

function renderKind(
  figure: LayerFigure,
  { title, caption, counterpart, paper = "2410.03006", terms }: KindCaption,
  kinds: Map<LayerKindName, number>,
  layers: number,
): string {
  const csv = figure.kind !== "matrices" || detailFor(layers).tables;
  return (
    `<figure class="${figure.kind}">${renderPicture(figure, `<h4>Figure ${kinds.get(figure.kind)}. ${title}</h4>`, { csv })}` +
    `<figcaption><p>${caption} Cf. ${counterpart} of arXiv ${paper}.</p><p class="terms">${termLinks(terms)}</p></figcaption></figure>`
  );
}

/** Figures of all layers: first the penultimate map, then the others as far as the page has room. */
function drawnBlocks(
  blocks: readonly LayerBlock[],
  chosen: number,
  render: (figure: LayerFigure) => string,
): Map<number, Drawn> {
  const found = new Map<number, Drawn>();
  const plain = blocks.length <= maxPlainCourses;
  let room = packedBudget(blocks.length);
  const order = [chosen, ...spreadOrder(blocks.length).filter((index) => index !== chosen)];
  for (const index of order) {
    const { course, details } = blocks[index]!;
    const shownCourse = course ? render(course) : "";
    const figures = room > 0 ? details().map(render).join("") : "";
    const missing =
      room > 0
        ? ""
        : "To keep the page small, its matrices and spectra are left out; crh report --figures writes them as files.";
    if (index === chosen) {
      room -= figures.length / 3;
      found.set(index, { inPage: shownCourse + figures, packed: "", missing });
      continue;
    }
    const packed = pack(plain ? figures : shownCourse + figures);
    room -= packed.length;
    found.set(index, { inPage: plain ? shownCourse : "", packed, missing });
  }
  return found;
}

function pack(html: string): string {
  return html === "" ? "" : toBase64(zlibSync(new TextEncoder().encode(html), { level: 9 }));
}

function article(
  block: LayerBlock,
  own: readonly Finding[],
  { inPage, packed, missing }: Drawn,
  { chosen, title }: { chosen: boolean; title: string | undefined },
): string {
  const { name, moments } = block;
  const code = `<code>${escapeText(shorten(name, 80))}</code>`;
  const large = moments && !drawable(moments) ? "This layer is too large for its matrices to be drawn." : "";
  const note = [large, missing]
    .filter(Boolean)
    .map((text) => `<p class="missing">${text}</p>`)
    .join("");
  const hidden =
    packed === ""
      ? ""
      : `<p class="unscripted soft">Further figures of this layer are packed and need the page's script.</p><script type="text/plain" class="packed">${packed}</script>`;
  return (
    `<article class="layer${chosen ? " chosen" : ""}" id="${layerAnchor(name)}" data-layer="${escapeText(title === undefined ? name : `${name} ${title}`)}">` +
    `<h3><a href="#${layerAnchor(name)}">${title === undefined ? code : escapeText(title)}</a> <small>${title === undefined ? "" : `${code}, `}${shape(block)}</small></h3>` +
    `${own.length > 0 ? renderLayerStrip(own) : ""}<div class="figures">${inPage}</div>${note}${hidden}</article>`
  );
}

function shape({ layer, moments }: LayerBlock): string {
  const of = layer ?? moments;
  if (!of) return "";
  const size = isMap(of) ? `${grouped(of.dIn)} → ${grouped(of.dOut)}` : grouped(of.dOut);
  const samples = layer ? `, ${grouped(layer.samples)} samples` : "";
  return `${escapeText(of.kind)}, ${size}${samples}`;
}

/** The selector. Without the page's script it is hidden, and all layers follow one another. */
function picker(blocks: readonly LayerBlock[], chosen: number, titles: ReadonlyMap<string, string>): string {
  const groups = layerGroups(blocks.map(({ name }) => name));
  const option = (name: string) =>
    `<option value="${layerAnchor(name)}"${name === blocks[chosen]!.name ? " selected" : ""}>${escapeText(shorten(titles.get(name) ?? name, 60))}</option>`;
  const options = groups.map(({ title, layers }) => {
    const own = layers.map(({ name }) => option(name)).join("");
    return title === "" || groups.length === 1 ? own : `<optgroup label="${escapeText(title)}">${own}</optgroup>`;
  });
  return (
    `<div class="picker" hidden><label>Layer <select id="layer">${options.join("")}</select></label>` +
    `<button type="button" data-go="-1" aria-label="Layer before">‹</button><button type="button" data-go="1" aria-label="Next layer">›</button>` +
    `<label>Filter <input type="search" id="filter" placeholder="part of a name" size="14"></label>` +
    `<label><input type="checkbox" id="all"> all layers</label><output></output></div>`
  );
}

/** Said once for the page instead of under every layer. */
function whyMissing(data: ReportData): string {
  const { moments } = data;
  const whose = isAnalysis(data) ? "The moments" : "The moments of this run";
  if (!moments) return `<p class="missing">${whose} were not kept, and matrices cannot be drawn without them.</p>`;
  if (moments.layers.length > 0 && moments.layers.every((layer) => !drawable(layer)))
    return `<p class="missing">Every layer is too large for its matrices to be drawn.</p>`;
  return moments.layers.length === 0 ? `<p class="missing">${whose} hold no matrices.</p>` : "";
}
