import { createHash } from "node:crypto";
import { inflateSync } from "node:zlib";
import { parseHTML } from "linkedom";
import { expect, test } from "vitest";
import { brief, dateTime, duration, fixed, grouped, listed } from "../../src/findings/numbers.ts";
import { conventionWord } from "../../src/findings/vocabulary.ts";
import type { AlignmentValue, Status } from "../../src/measure/snapshot.ts";
import { layerAnchor } from "../../src/report/layerAnchor.ts";
import { commandLine } from "../../src/report/pageEnd.ts";
import { type ReportData, renderReport } from "../../src/report/report.ts";
import { alignmentValue, plantedRun } from "../figures/planted.ts";

const small = () => plantedRun({ d: 12, names: ["layers.0", "layers.1", "layers.2"] });
const page = (data: ReportData) => parseHTML(renderReport(data)).document;
const textOf = (data: ReportData) => page(data).querySelector("main")!.textContent!;
const none = (status: Status): AlignmentValue => ({
  value: null,
  cosine: null,
  null: null,
  noise: null,
  n: 10,
  status,
});

test("a page of the size of fc2 stays below 3 MB and is the same bytes twice", () => {
  const html = renderReport(plantedRun());
  expect(html.length).toBeLessThan(3e6);
  expect(renderReport(plantedRun())).toBe(html);
});

test("the page loads nothing: no address in any attribute that could, no import", () => {
  const html = renderReport(small());
  const { document } = parseHTML(html);
  for (const element of document.querySelectorAll("*"))
    for (const { name, value } of [...element.attributes])
      if (name !== "xmlns" && !/^data:image\/png;base64,[\w+/=]+$/.test(value))
        expect(`${name}=${value}`).not.toMatch(
          /^(src|href|srcset|action|data|poster|style|xlink:href)=.*(https?:|\/\/)/,
        );
  for (const element of document.querySelectorAll("[href]"))
    expect(element.getAttribute("href")).toMatch(/^(#|data:image\/png;base64,)/);
  expect(html).not.toMatch(/@import|url\(|<link|<iframe|<object/);
  expect(html.replaceAll("http://www.w3.org/2000/svg", "")).not.toMatch(/https?:\/\//);
});

test("only the page's own script may run, by its hash", () => {
  const { document } = parseHTML(renderReport(small()));
  const scripts = [...document.querySelectorAll("script")].filter(
    (script) => script.getAttribute("type") !== "text/plain",
  );
  expect(scripts).toHaveLength(1);
  const hash = createHash("sha256").update(scripts[0]!.textContent!).digest("base64");
  const policy = document.querySelector("meta[http-equiv]")!.getAttribute("content")!;
  expect(policy).toContain(`script-src 'sha256-${hash}'`);
  expect(policy).toContain("default-src 'none'");
});

test("the page's script is valid JavaScript", () => {
  const { document } = parseHTML(renderReport(small()));
  const script = [...document.querySelectorAll("script")].find((element) => !element.getAttribute("type"))!;
  expect(() => new Function(script.textContent!)).not.toThrow();
});

test("whatever comes from the data is escaped", () => {
  const evil = `</title></style></script><script>alert(1)</script><img src=x onerror=alert(2)>"'&`;
  const data = plantedRun({ d: 6, names: [evil, `${evil}2`, "c"] });
  data.info = {
    ...data.info,
    id: evil,
    setting: evil,
    status: "failed",
    error: evil,
    argv: [evil],
    startedAt: evil,
    versions: { crh: evil, node: evil, onnxruntime: evil },
  };
  data.config = { [evil]: evil, nested: { [evil]: [evil] } };
  data.notes = [evil];
  data.snapshots.at(-1)!.skipped.push({ node: evil, reason: evil });
  for (const snapshot of data.snapshots) snapshot.objective = evil;
  data.metrics.push({ step: 1, name: evil, value: 1 });
  const html = renderReport(data);
  const { document } = parseHTML(html);
  const packed = [...document.querySelectorAll("script.packed")].map((script) =>
    inflateSync(Buffer.from(script.textContent!, "base64")).toString(),
  );
  expect(packed.length).toBeGreaterThan(0);
  for (const part of [html, ...packed]) {
    expect(part).not.toContain("<script>alert");
    expect(part).not.toContain("<img");
  }
  expect(document.querySelectorAll("script:not([type])")).toHaveLength(1);
  expect(document.querySelectorAll("[onerror]")).toHaveLength(0);
  expect(document.querySelector("h1")!.textContent).toBe(evil);
});

test("figures are numbered, captioned, cite equation and counterpart, and carry their numbers", () => {
  const document = page(small());
  const figures = [...document.querySelectorAll("#figures figure, article.chosen figure")];
  expect(figures.map((figure) => /^Figure \d+\./.exec(figure.querySelector("h3, h4")!.textContent!)?.[0])).toEqual(
    [1, 2, 3, 4, 5, 6, 7, 8, 10].map((n) => `Figure ${n}.`), // planted layers have no spectra
  );
  for (const figure of figures) {
    expect(figure.querySelector("figcaption")!.textContent).toMatch(
      /Cf\. Figs?\. \d+.* of arXiv (2410\.03006|2309\.16932)/s,
    );
    expect(figure.querySelectorAll("button[data-save]").length).toBeGreaterThanOrEqual(2);
    const packed = figure.querySelector("script.csv")!.textContent!;
    expect(inflateSync(Buffer.from(packed, "base64")).toString()).toMatch(/^[\w,]+\n/);
    for (const link of figure.querySelectorAll(".terms a"))
      expect(document.getElementById(link.getAttribute("href")!.slice(1))).not.toBeNull();
  }
});

test("each formula stands once, in the glossary", () => {
  const document = page(small());
  expect(document.querySelectorAll("math").length).toBeGreaterThan(10);
  expect(document.querySelectorAll("math")).toHaveLength(document.querySelectorAll("#glossary math").length);
});

test("the first screen has the finding, every relation of every layer and the hidden layers; facts stand at the foot", () => {
  const document = page(small());
  const order = [...document.querySelectorAll("main > section")].map(({ id }) => id);
  expect(order[0]).toBe("finding");
  expect(order.slice(-2)).toEqual(["parameters", "reproduce"]);
  expect(document.querySelector("header")!.textContent).not.toContain("seed");
  const finding = document.querySelector("#finding")!;
  const holding = finding.querySelectorAll(".cell.holds:not(.sample)").length;
  expect(holding).toBeGreaterThan(0);
  expect(finding.querySelectorAll(".cell[role=cell]").length).toBe(18);
  expect(finding.querySelector(".finding")!.textContent).toContain(`${holding} of 18 relations hold`);
  for (const cell of finding.querySelectorAll(".cell[role=cell]"))
    expect(cell.getAttribute("data-tip")).toMatch(
      /^layers\.\d · .*\n\d\.\d{3} ± .*\nchance .*, start .*, 3,000 samples$/,
    );
  expect(finding.querySelectorAll(".course .panels svg[data-axes]")).toHaveLength(2);
});

test("every layer has an anchor, one selector leads to all of them, and contents to every section", () => {
  const document = page(small());
  const anchors = [...document.querySelectorAll("article.layer")].map(({ id }) => id);
  expect(anchors).toEqual(["layer-layers.0", "layer-layers.1", "layer-layers.2"]);
  expect(document.querySelectorAll("select")).toHaveLength(1);
  expect([...document.querySelectorAll("select option")].map((option) => option.getAttribute("value"))).toEqual(
    anchors,
  );
  for (const link of document.querySelectorAll("a[href^='#']"))
    expect(document.getElementById(decodeURIComponent(link.getAttribute("href")!.slice(1)))).not.toBeNull();
  const sections = [...document.querySelectorAll("main > section")].map(({ id }) => `#${id}`);
  expect([...document.querySelectorAll("nav.contents a")].map((link) => link.getAttribute("href"))).toEqual(sections);
});

test("names that differ have anchors that differ, of characters that an address holds", () => {
  const names = ["a.b", "a/b", "a b", "a_b", "ä", "a[0]", "a[1]", '"><img>'];
  const anchors = names.map(layerAnchor);
  expect(new Set(anchors).size).toBe(names.length);
  for (const anchor of anchors) expect(anchor).toMatch(/^layer-[\w.-]+$/);
});

test("layers that are not shown first carry their figures packed, and their courses plain", () => {
  const document = page(small());
  const [first, shown, last] = document.querySelectorAll("article.layer");
  expect(shown!.querySelector("script.packed")).toBeNull();
  for (const article of [first!, last!]) {
    expect(article.querySelectorAll(".figures > figure")).toHaveLength(1);
    const html = inflateSync(Buffer.from(article.querySelector("script.packed")!.textContent!, "base64")).toString();
    expect(html.match(/<figure/g)).toHaveLength(shown!.querySelectorAll("figure").length - 1);
  }
});

test("the table shows value, noise, null and start of every relation in three conventions", () => {
  const data = small();
  const raised = alignmentValue(0.95);
  data.snapshots.at(-1)!.layers[1]!.alignment.paper.a!.rga = raised;
  const { alignment } = data.snapshots.at(-1)!.layers[1]!;
  alignment.covariance = { ...alignment.covariance, a: { rga: raised, rwa: raised, gwa: raised } };
  const tables = [...page(data).querySelectorAll("#alignments table")];
  expect(tables.map((table) => table.querySelectorAll("td.holds").length)).toEqual([1, 3, 0]);
  for (const [i, convention] of (["paper", "covariance", "raw"] as const).entries())
    for (const cell of tables[i]!.querySelectorAll("td"))
      expect(cell.getAttribute("title")).toContain(
        ` by ${convention === "paper" ? "the " : ""}${conventionWord[convention]} (`,
      );
  const row = tables[0]!.querySelectorAll("tbody tr")[1]!;
  const { rga } = data.snapshots.at(-1)!.layers[1]!.alignment.paper.a!;
  const start = data.snapshots[0]!.layers[1]!.alignment.paper.a!.rga.value!;
  const cell = row.querySelector("td")!;
  expect(cell.textContent).toBe(`${fixed(rga.value!)} ± ${fixed(rga.noise!)}null 0.12 · start ${fixed(start, 2)}`);
  expect(cell.getAttribute("class")).toContain("holds");
  expect(row.querySelectorAll("td")).toHaveLength(6);
});

test("the summary counts what holds by its stated rule", () => {
  const data = small();
  for (const layer of data.snapshots.at(-1)!.layers)
    for (const side of [layer.alignment.paper.a!, layer.alignment.paper.b])
      Object.assign(side, { rga: alignmentValue(0.97), rwa: alignmentValue(0.95), gwa: alignmentValue(0.92) });
  expect(textOf(data)).toContain("18 of 18 relations hold");
  expect(textOf(data)).toContain("All six hold in layers.0, layers.1 and layers.2");
  data.snapshots.at(-1)!.layers[2]!.alignment.paper.b.rwa = alignmentValue(0.15, 0.12);
  expect(textOf(data)).toContain("17 of 18 relations hold");
  expect(textOf(data)).toContain("Not holding: layers.2 forward RWA 0.150 (chance level, was 0.35).");
});

test("a preset stands among the facts, a linear probe in the summary and in a panel", () => {
  const run = small();
  const probes = [0, 100].map((step) => ({ step, name: "eval/linear-probe", value: step === 0 ? 0.25 : 0.5 }));
  const config = { ...run.config, preset: "tiny", batch: 128, accumulate: 4, run: { threads: 2, keep: null } };
  const data = { ...run, config, metrics: [...run.metrics, ...probes] } as ReportData;
  const text = textOf(data);
  expect(text).toContain("presettiny");
  expect(page(data).querySelector("#parameters .facts")!.textContent).toContain("batch128 in 4 parts");
  expect(text).toContain("threads2");
  expect(text).not.toContain("keep");
  expect(text).toContain("A linear probe of the features (Eq. 79) classifies 50.0 % correctly, 25.0 % at step 0.");
  expect(text).toContain("accuracy of a linear probe");
});

test("verdicts of the page compare with chance, standard error and start", () => {
  const page = (last: AlignmentValue, first: AlignmentValue) => {
    const data = small();
    data.snapshots.at(-1)!.layers[1]!.alignment.paper.b.rga = last;
    data.snapshots[0]!.layers[1]!.alignment.paper.b.rga = first;
    const { document } = parseHTML(renderReport(data));
    const cell = document.querySelectorAll("#alignments table tbody tr")[1]!.querySelectorAll("td")[3]!;
    return [cell.classList.contains("holds"), /\(H_b ∝ G_b\) (.*): \d/.exec(cell.getAttribute("title")!)![1]];
  };
  const of = (value: number, start: number, noise = 0.01) =>
    page(alignmentValue(value, 0.2, noise), alignmentValue(start));
  expect(of(0.95, 0.1)).toEqual([true, "holds, and rose in training"]);
  expect(of(0.95, 0.94)).toEqual([false, "is strong, but was as strong before training"]);
  expect(of(0.5, 0.1)).toEqual([false, "does not hold; it rose in training"]);
  expect(of(0.5, 0.7)).toEqual([false, "does not hold; it fell in training"]);
  expect(of(0.5, 0.95)).toEqual([false, "no longer holds: it was strong before training"]);
  expect(of(0.5, 0.45)).toEqual([false, "does not hold, and is about what it was before training"]);
  expect(of(0.25, 0.1)).toEqual([false, "is not above chance"]);
  expect(of(0.91, 0.1, 0.02)).toEqual([false, "is near to holding, within its error"]);
});

test("of many relations that do not hold the summary counts the verdicts, and leaves the numbers to cells and table", () => {
  const { document } = parseHTML(renderReport(small()));
  const sentence = [...document.querySelectorAll("#summary li")].find((item) =>
    /that do not hold/.test(item.textContent!),
  );
  const [, all, counts] = /^Of the (\d+) that do not hold \((.*)\) each is a cell above/.exec(sentence!.textContent!)!;
  const counted = [...counts!.matchAll(/: (\d+)/g)].map(([, count]) => Number(count));
  expect(counted.reduce((sum, count) => sum + count, 0)).toBe(Number(all));
  expect(document.querySelectorAll("#summary li li")).toHaveLength(0);
});

test("a run without anything says so in sentences", () => {
  const { moments: _moments, ...rest } = small();
  const empty: ReportData = { ...rest, metrics: [], snapshots: [], notes: [], config: {} };
  const { body } = page(empty);
  for (const part of body.querySelectorAll("script, style, #equations")) part.remove();
  const text = body.textContent!;
  for (const sentence of [
    "No layer was measured",
    "The run recorded no loss.",
    "The run holds no measurement yet.",
    "The moments of this run were not kept",
    "The run recorded no parameters.",
  ])
    expect(text).toContain(sentence);
  expect(text).not.toMatch(/undefined|NaN|null(?!\))/);
});

test("one measurement has a table and no course", () => {
  const text = textOf(plantedRun({ d: 8, names: ["fc.0", "fc.1"], steps: [100] }));
  expect(text).toContain("There is one measurement, at step 100");
  expect(text).toContain("there is no earlier measurement to compare with");
  expect(text).not.toMatch(/start 0/);
});

test("statuses and heads stand as words and dashes", () => {
  const data = small();
  for (const snapshot of data.snapshots) {
    const [first, second] = snapshot.layers;
    first!.kind = "head";
    first!.alignment.paper = {
      a: null,
      b: { rga: alignmentValue(0.8), rwa: none("missing-moments"), gwa: none("missing-moments") },
    };
    second!.alignment.paper.b = {
      rga: none("undefined-1x1"),
      rwa: none("undefined-1x1"),
      gwa: none("constant-matrix"),
    };
  }
  const document = page(data);
  const [maps, outputs] = ["#alignments", "#heads"].map((section) =>
    [...document.querySelector(`${section} table`)!.querySelectorAll("tbody tr")].map((row) =>
      [...row.querySelectorAll("td")].map((cell) => cell.textContent),
    ),
  );
  expect(maps).toHaveLength(2); // a head has a section of its own, with the one relation that it has
  expect(outputs).toHaveLength(1);
  expect(outputs![0]![0]).toContain("0.800");
  expect(maps![0]!.slice(3)).toEqual(["undefined (1 × 1)", "undefined (1 × 1)", "undefined (constant matrix)"]);
  expect(document.querySelector("#summary")!.textContent).toContain("3 alignments have no value");
});

test("the status of a run that did not finish stands first", () => {
  const data = small();
  data.info = { ...data.info, status: "failed", step: 500, error: "loss is not finite" };
  expect(textOf(data)).toContain("The run failed after 500 of 100,000 steps (loss is not finite)");
});

test("numbers are written the same everywhere", () => {
  expect(fixed(-0.12345)).toBe("−0.123");
  expect(fixed(-0.0001)).toBe("0.000");
  expect(grouped(1234567)).toBe("1,234,567");
  expect(brief(0.0271)).toBe("0.0271");
  expect([3200, 250_000, 7_500_000].map(duration)).toEqual(["3.2 s", "4 min 10 s", "2 h 5 min"]);
  expect(dateTime("2026-03-01T10:20:30.000Z")).toBe("2026-03-01 10:20 UTC");
  expect(dateTime("soon")).toBe("soon");
  expect(listed(["a", "b", "c"])).toBe("a, b and c");
});

test("the command is quoted for a shell", () => {
  expect(commandLine(["run", "fc2", "lr=0.1", "--seed", "0"])).toBe("crh run fc2 lr=0.1 --seed 0");
  expect(commandLine(["/usr/bin/node", "/x/main.js", "run", "a b", "it's"])).toBe(`crh run 'a b' 'it'\\''s'`);
});
