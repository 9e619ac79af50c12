/** @file The documents as web pages (scripts/site): nothing is lost on the way, every link leads somewhere. */
import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join, posix, resolve } from "node:path";
import { describe, expect, it } from "vitest";
import { described, exportsOf } from "../../scripts/site/api.ts";
import { declarationOf } from "../../scripts/site/declarations.ts";
import { documentBody } from "../../scripts/site/markdown.ts";
import { addressOf, pages } from "../../scripts/site/pages.ts";
import { linkEquations } from "../../scripts/site/references.ts";
import { documents } from "../../scripts/site/site.ts";
import { isTable, typeset, typesetBlock, typesetSentence } from "../../scripts/site/typeset.ts";

const root = resolve(import.meta.dirname, "..", "..");
const read = (path: string): string => readFileSync(join(root, path), "utf8");
const theory = read("docs/theory.md");
const made = documents(root);

/** Text of HTML. */
const textOf = (html: string): string =>
  html
    .replaceAll(/<[^>]+>/g, "")
    .replaceAll(
      /&(lt|gt|quot|#39|amp);/g,
      (_, name: string) => ({ lt: "<", gt: ">", quot: '"', "#39": "'" })[name] ?? "&",
    );

const PLAIN: Readonly<Record<string, string>> = {
  ...{ α: "alpha", β: "beta", γ: "gamma", δ: "delta", ε: "eps", η: "eta", θ: "theta", κ: "kappa", λ: "lambda" },
  ...{ μ: "mu", ξ: "xi", π: "pi", ρ: "rho", σ: "sigma", τ: "tau", φ: "phi", χ: "chi", ψ: "psi", ω: "omega" },
  ...{ Γ: "Gamma", Δ: "Delta", Λ: "Lambda", Σ: "Sigma", Φ: "Phi", Ω: "Omega", "∑": "sum", "√": "sqrt", "∞": "inf" },
  ...{ "≤": "<=", "≥": ">=", "≠": "!=", "→": "->", "−": "-", "·": ".", "…": "..", "⟨": "<", "⟩": ">" },
  ...{ "′": "'", "’": "'", "\u0303": "~" },
};

/** Text without what setting takes away: marks of indices and exponents, their brackets, and spaces. */
const bare = (text: string): string =>
  [...text]
    .map((one) => PLAIN[one] ?? one)
    .join("")
    .replaceAll(/[\s_^(){}]/g, "");

describe("formulas", () => {
  it.each([
    [
      "H_c = E[h_c h_c^T]",
      "<i>H</i><sub><i>c</i></sub> = <i>E</i>[<i>h</i><sub><i>c</i></sub> <i>h</i><sub><i>c</i></sub><sup>T</sup>]",
    ],
    ["g_c = dl/dh_c", "<i>g</i><sub><i>c</i></sub> = <i>d</i><i>l</i>/<i>d</i><i>h</i><sub><i>c</i></sub>"],
    ["sum_{i=1}^{terms} u_i", "∑<sub><i>i</i>=1</sub><sup>terms</sup> <i>u</i><sub><i>i</i></sub>"],
    ["sum_(i > k) lambda_i", "∑<sub><i>i</i> &gt; <i>k</i></sub> <i>λ</i><sub><i>i</i></sub>"],
    ["sum over uses y", "sum over uses <i>y</i>"],
    ["y_(i)", "<i>y</i><sub>(<i>i</i>)</sub>"],
    ["b1^(t+1)", "<i>b</i><sub>1</sub><sup><i>t</i>+1</sup>"],
    ["(x / xMin)^-alpha,  x >= xMin", "(<i>x</i> / xMin)<sup>−<i>α</i></sup>,\u2003<i>x</i> ≥ xMin"],
    ["sqrt(dIn) beta", "√(dIn) <i>β</i>"],
    ["theta - theta0_i", "<i>θ</i> − <i>θ</i><sub>0</sub><sub><i>i</i></sub>"],
    ["<x^2>_0 < 1", "⟨<i>x</i><sup>2</sup>⟩<sub>0</sub> &lt; 1"],
    ["W~ W~^T ~ N(0, I)", "<i>W\u0303</i> <i>W\u0303</i><sup>T</sup> ~ <i>N</i>(0, <i>I</i>)"],
    ["f_ik - f_i,y_i", "<i>f</i><sub><i>ik</i></sub> − <i>f</i><sub><i>i</i>,<i>y</i><sub><i>i</i></sub></sub>"],
    ["factor^floor(t / period)", "factor<sup>floor(<i>t</i> / period)</sup>"],
    ["H_inf, A_high", "<i>H</i><sub>∞</sub>, <i>A</i><sub>high</sub>"],
    ["tr(S_w S_b^+)", "tr(<i>S</i><sub><i>w</i></sub> <i>S</i><sub><i>b</i></sub><sup>+</sup>)"],
    ["Q a random rotation, c = a or b", "<i>Q</i> a random rotation, <i>c</i> = <i>a</i> or <i>b</i>"],
    ["the row's exponents, h_b'", "the row’s exponents, <i>h</i><sub><i>b</i></sub>′"],
    ["etaH X, metabeta", "<i>η</i><sub><i>H</i></sub> <i>X</i>, metabeta"],
    ["|A|_F^2 <= 1e-3", "|<i>A</i>|<sub><i>F</i></sub><sup>2</sup> ≤ 1e-3"],
    ["a ^ b_ c", "<i>a</i> ^ <i>b</i>_ <i>c</i>"],
  ])("%s", (formula, html) => expect(typeset(formula)).toBe(html));

  it("of sentences have their indices and Greek names, and words stay words", () => {
    expect(typesetSentence("With etaH, |A|^2 <= lr_t and dW dW^T: verify_deep_NFA.py stays.")).toBe(
      "With η<sub>H</sub>, |A|<sup>2</sup> &lt;= lr<sub>t</sub> and dW dW<sup>T</sup>: verify_deep_NFA.py stays.",
    );
  });

  const blocks = [...theory.matchAll(/^### (Eq\. \d+)|(?<=\n\n)((?: {4}.*\n)+)/gm)];
  const formulas = blocks.flatMap(([, , block]) =>
    block === undefined ? [] : [block.trimEnd().replaceAll(/^ {4}/gm, "")],
  );

  it("of the theory are all set, but for four tables of numbers and phases", () => {
    expect(formulas.filter((block) => isTable(block)).map((block) => block.trim().split(/ {2,}/)[0])).toEqual([
      "samples / d",
      "noise",
      "row",
      "disturbance",
    ]);
    const set = made.get("theory.html")!.match(/<div class="formula">/g)!.length;
    expect(set).toBe(formulas.length - 4);
    for (const number of theory.matchAll(/^### Eq\. (\d+):/gm))
      expect(made.get("theory.html")).toContain(`<span id="eq-${number[1]}"></span>`);
  });

  it("lose no letter, digit or sign", () => {
    const set = formulas.filter((block) => !isTable(block));
    expect(set.length).toBeGreaterThan(120);
    expect(set.filter((block) => bare(textOf(typesetBlock(block))) !== bare(block))).toEqual([]);
  });

  it("and sentences of the theory lose nothing either", () => {
    const bodyOf = (hasFormulas: boolean): string[] =>
      documentBody(theory, { path: "docs/theory.md", addressOf, hasFormulas, equations: new Set() })
        .html.split("\n")
        .map((line) => bare(textOf(line)))
        .filter((line) => line !== "");
    const plain = bodyOf(false);
    expect(plain.join("").length).toBeGreaterThan(80_000);
    expect(bodyOf(true).join("")).toBe(plain.join(""));
  });
});

describe("documents", () => {
  const html = [...made].filter(([name]) => name.endsWith(".html"));

  it.each(html)("%s: every link leads to a place that is there", (name, text) => {
    const broken = [...text.matchAll(/ (?:href|src)="([^"]+)"/g)].flatMap(([, target = ""]) => {
      if (/^https:|^data:/.test(target)) return [];
      const [path = "", place] = target.split("#");
      const file = posix.normalize(posix.join("docs", path === "" ? name : path));
      if (file === "index.html") return []; // the page of the lab
      if (file.startsWith("reproductions/"))
        return existsSync(join(root, "docs", file.replace("reproductions", "reproduction"))) ? [] : [target];
      const there = made.get(posix.relative("docs", file));
      const isThere = there !== undefined && (place === undefined || there.includes(` id="${place}"`));
      return isThere ? [] : [target];
    });
    expect(broken).toEqual([]);
  });

  it.each(html)("%s runs nothing, loads nothing from elsewhere, and has each place once", (_, text) => {
    expect(text).not.toMatch(/<script|<iframe|<style| style=| on\w+="/);
    expect(
      [...text.matchAll(/<(?:img|link)\b[^>]*(?:src|href)="([^"]+)"/g)].filter(([, to]) => /^\w+:\/\//.test(to!)),
    ).toEqual([]);
    const ids = [...text.matchAll(/ id="([^"]+)"/g)].map(([, id]) => id);
    expect(new Set(ids).size).toBe(ids.length);
  });

  it("share a style without addresses", () => expect(made.get("docs.css")).not.toMatch(/url\(|@import/));

  it("hold all that is written in docs/", () => {
    const sources = readdirSync(join(root, "docs")).flatMap((name) => (name.endsWith(".md") ? [`docs/${name}`] : []));
    expect(sources.filter((source) => !pages.some((page) => page.source === source))).toEqual([]);
  });

  it("begin no list where a line of a sentence begins with a sign", () => {
    const lines = pages.flatMap(({ source }) => (source === undefined ? [] : read(source).split("\n")));
    expect(lines.filter((line) => /^ {0,3}[+*] /.test(line))).toEqual([]);
  });

  it("refuse a link to what the site does not have, and HTML", () => {
    const body = (text: string): unknown =>
      documentBody(text, { path: "docs/a.md", addressOf, hasFormulas: false, equations: new Set() });
    expect(() => body("[x](y.md)")).toThrow("expected the link to docs/y.md in docs/a.md to lead to a page");
    expect(() => body("a <b>c</b>")).toThrow("expected Markdown in docs/a.md, got the HTML");
  });

  it("link equations of the theory and not those of papers", () => {
    const known = new Set([2, 11, 12]);
    const linked = linkEquations("<p>Eqs. 11 and 12; paper Eqs. 2 and 12, its Eq. 2, Eq. 99</p>", known, true);
    expect(linked).toBe(
      '<p><a class="eq" href="#eq-11">Eqs. 11</a> and <a class="eq" href="#eq-12">12</a>; paper Eqs. 2 and 12, its Eq. 2, Eq. 99</p>',
    );
  });
});

describe("the page of the API", () => {
  const api = made.get("api.html")!;

  it("has every value that the library exports, and every type", () => {
    const program = 'import("./dist/index.js").then((all) => console.log(JSON.stringify(Object.keys(all))))';
    const values: string[] = JSON.parse(
      execFileSync(process.execPath, ["-e", program], { cwd: root, encoding: "utf8" }),
    );
    const listed = [...exportsOf(read("src/browser.ts")), ...exportsOf(read("src/index.ts"))].map(({ name }) => name);
    expect(values.length).toBeGreaterThan(100);
    expect(values.filter((name) => !listed.includes(name))).toEqual([]);
    expect(new Set(listed).size).toBe(listed.length);
    expect(listed.filter((name) => !api.includes(`<h3 id="${name}">`))).toEqual([]);
  });

  it("has signatures and comments as they are declared", () => {
    const text = `/** @file Of all. */
/**
 * Adds.
 *
 * @param a one
 * @returns the sum
 */
export declare function add(a: "}" | {
    readonly b: number;
}): number;
export interface Adder {
    /** How; often }. */
    readonly times: number;
}
export declare class Sum {
    #private;
    /** Hidden. */
    private readonly terms;
    value(): number;
}
`;
    expect(declarationOf(text, "add", "a.ts")).toEqual({
      kind: "function",
      signature: 'function add(a: "}" | {\n    readonly b: number;\n}): number;',
      comment: "Adds.\n\n@param a one\n@returns the sum",
    });
    expect(declarationOf(text, "Adder", "a.ts").signature).toMatch(/^interface Adder \{[\s\S]*times: number;\n\}$/);
    expect(declarationOf(text, "Sum", "a.ts").signature).toBe("class Sum {\n    value(): number;\n}");
    expect(described("Adds.\n\n@param a one\n@returns the `sum`\n\nOnce.")).toBe(
      "<p>Adds.</p><dl><dt><code>a</code></dt><dd>one</dd><dt>returns</dt><dd>the <code>sum</code></dd></dl><p>Once.</p>",
    );
    expect(() => declarationOf(text, "ad", "a.ts")).toThrow("expected the declaration of ad in a.ts, got none");
  });
});
