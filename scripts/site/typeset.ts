/**
 * @file Formulas of docs/theory.md, which are written in plain text, as HTML. Every formula stays one line of text in
 * its order; set is only what has one reading: letters, indices, exponents, Greek names, sums, signs. What is not
 * understood stays as it is written.
 */

const GREEK: Readonly<Record<string, string>> = {
  alpha: "α",
  beta: "β",
  gamma: "γ",
  delta: "δ",
  eps: "ε",
  eta: "η",
  theta: "θ",
  kappa: "κ",
  lambda: "λ",
  mu: "μ",
  xi: "ξ",
  pi: "π",
  rho: "ρ",
  sigma: "σ",
  tau: "τ",
  phi: "φ",
  chi: "χ",
  psi: "ψ",
  omega: "ω",
  Gamma: "Γ",
  Delta: "Δ",
  Lambda: "Λ",
  Sigma: "Σ",
  Phi: "Φ",
  Omega: "Ω",
};

/** Written without a space between the factors, unlike all other products. */
const PRODUCTS = new Set(["AB", "BA", "xy"]);

/** Behind these the letter a is a matrix or a vector; before any other word it is the article. */
const AFTER_A = new Set([
  "or",
  "and",
  "in",
  "is",
  "tr",
  "log",
  "ln",
  "exp",
  "cov",
  "sum",
  "sqrt",
  ...Object.keys(GREEK),
]);

/** A block of lines as HTML. Two spaces and more separate parts, which stay together where a narrow page permits. */
export function typesetBlock(block: string): string {
  const lines = block.split("\n").map((line) => {
    const parts = partsOf(line.trim()).map((part) => `<span class="part">${typeset(part)}</span>`);
    return `<p${line.startsWith(" ") ? ' class="more"' : ""}>${parts.join(" ")}</p>`;
  });
  return `<div class="formula">${lines.join("")}</div>`;
}

/**
 * A sentence that speaks of a formula: its Greek names, indices and exponents are set, its words are left as they are.
 *
 * @param text without tags
 */
export function typesetSentence(text: string): string {
  let html = "";
  for (let at = 0; at < text.length; ) {
    const [found = ""] = match(/[A-Za-z]+[0-9]*|[0-9]+|[\s\S]/y, text, at) ?? [];
    at += found.length;
    html += greekOf(found) ?? ESCAPES[found] ?? found;
    if (!isBase(found, text.slice(at))) continue;
    for (let piece = script(text, at); piece !== undefined; piece = script(text, at)) {
      html += piece[0].replaceAll(/<\/?i>/g, "");
      at = piece[1];
      const primes = match(/'(?=[_^])/y, text, at)?.[0] ?? "";
      html += primes;
      at += primes.length;
    }
  }
  return html;
}

/** The letter of a Greek name, with what is below it. */
function greekOf(name: string): string | undefined {
  const stem = /^(?:[A-Z]?[a-z]+)(?=[A-Z0-9]|$)/.exec(name)?.[0] ?? "";
  return stem in GREEK || stem.replace(/^d/, "") in GREEK ? letters(name).replaceAll(/<\/?i>/g, "") : undefined;
}

/** Whether an index or exponent may stand behind it; a name_of_a_file has none. */
function isBase(found: string, next: string): boolean {
  if (/^[A-Za-z]{2,}/.test(found) && !(found in GREEK))
    return /^(?:\^|_(?:[A-Za-z0-9]{1,2}(?![A-Za-z0-9_])|[{(]))/.test(next);
  return /^(?:\w+|['~|)\]>])$/.test(found);
}

/**
 * Whether a block is a table and no formula: at least three lines have two or more columns in common, each behind two
 * spaces.
 */
export function isTable(block: string): boolean {
  const counts = new Map<number, number>();
  for (const line of block.split("\n"))
    for (const { index } of line.matchAll(/(?<=\S {2,})\S/g)) counts.set(index, (counts.get(index) ?? 0) + 1);
  return [...counts.values()].filter((count) => count >= 3).length >= 2;
}

/** A formula, or a part of one, as HTML. */
export function typeset(text: string): string {
  let html = "";
  for (let at = 0; at < text.length; ) {
    const [piece, end] = nextPiece(text, at);
    html += piece;
    at = end;
  }
  return html;
}

/** HTML, and where what it stands for ends. */
type Piece = readonly [html: string, end: number];

function nextPiece(text: string, at: number): Piece {
  return script(text, at) ?? spaces(text, at) ?? number(text, at) ?? word(text, at) ?? sign(text, at);
}

/** What stands at a place of the text and matches; the pattern is sticky. */
function match(pattern: RegExp, text: string, at: number): RegExpExecArray | null {
  pattern.lastIndex = at;
  return pattern.exec(text);
}

/** Cuts a line at two spaces and more outside brackets, but for those that align signs below each other. */
function partsOf(line: string): string[] {
  const parts = [""];
  let depth = 0;
  const joined = line.replaceAll(/ +(?=[=~] )/g, " ").replaceAll(/(?<= ~) +/g, " ");
  for (const [piece] of joined.matchAll(/ {2,}|[\s\S]/g)) {
    if ("([{".includes(piece)) depth++;
    if (")]}".includes(piece)) depth--;
    if (depth === 0 && piece.length > 1) parts.push("");
    else parts[parts.length - 1] += piece;
  }
  return parts;
}

function spaces(text: string, at: number): Piece | undefined {
  const found = match(/ +/y, text, at);
  return found === null ? undefined : [found[0].length > 1 ? "\u2003" : " ", at + found[0].length];
}

function number(text: string, at: number): Piece | undefined {
  const found = match(/(?:\d+(?:\.\d+)?|\.\d+)(?:e[-+]?\d+)?/y, text, at);
  return found === null ? undefined : [found[0], at + found[0].length];
}

/** `_x` and `^x`; undefined where what follows is no index and no exponent. */
function script(text: string, at: number): Piece | undefined {
  const mark = text[at];
  if (mark !== "_" && mark !== "^") return undefined;
  const tag = mark === "_" ? "sub" : "sup";
  const found = mark === "_" ? index(text, at + 1) : exponent(text, at + 1);
  return found === undefined ? undefined : [`<${tag}>${found[0]}</${tag}>`, found[1]];
}

/** Letters, a number or a bracket; f_i,y_i without a space behind the comma is one index. */
function index(text: string, at: number): Piece | undefined {
  const first = bracketed(text, at) ?? scriptWord(text, at);
  if (first === undefined) return undefined;
  let [html, end] = first;
  for (let more = match(MORE, text, end); more !== null; more = match(MORE, text, end)) {
    html += typeset(more[0]);
    end += more[0].length;
  }
  return [html, end];
}

const MORE = /,[a-z](?:_[a-z0-9]+)?(?:\([^()]*\))?/y;

/** A bracket, T for the transpose, a lone + or *, or a word or number with its sign; a function takes its bracket. */
function exponent(text: string, at: number): Piece | undefined {
  const bracket = bracketed(text, at);
  if (bracket !== undefined) return bracket;
  if (match(/T(?![A-Za-z0-9])/y, text, at) !== null) return ["T", at + 1];
  const alone = match(/[+*](?![A-Za-z0-9(])/y, text, at);
  if (alone !== null) return [alone[0], at + 1];
  const signed = match(/[-+]?(?=[A-Za-z0-9.])/y, text, at);
  if (signed === null) return undefined;
  const from = at + signed[0].length;
  const found = number(text, from) ?? scriptWord(text, from);
  if (found === undefined) return undefined;
  const [html, end] = found;
  const isFunction = end - from > 1 && /[A-Za-z]/.test(text[from]!);
  const close = isFunction && text[end] === "(" ? closing(text, end) : undefined;
  const argument = close === undefined ? "" : typeset(text.slice(end, close));
  return [typeset(signed[0]) + html + argument, close ?? end];
}

/**
 * What stands in brackets behind _ or ^, without them: they only say how far it goes. Around a single letter they mean
 * something, as in y_(i), and stay.
 */
function bracketed(text: string, at: number): Piece | undefined {
  if (text[at] !== "{" && text[at] !== "(") return undefined;
  const close = closing(text, at);
  if (close === undefined) return undefined;
  const inner = text.slice(at + 1, close - 1);
  const isKept = text[at] === "(" && /^\w$/.test(inner);
  return [isKept ? `(${typeset(inner)})` : typeset(inner), close];
}

/** Behind the bracket that closes the one at a place. */
function closing(text: string, at: number): number | undefined {
  let depth = 0;
  for (let i = at; i < text.length; i++) {
    if ("([{".includes(text[i]!)) depth++;
    if (")]}".includes(text[i]!) && --depth === 0) return i + 1;
  }
  return undefined;
}

function scriptWord(text: string, at: number): Piece | undefined {
  const found = match(/[A-Za-z]+[0-9]*|[0-9]+/y, text, at);
  if (found === null) return undefined;
  const name = found[0];
  const end = at + name.length;
  if (name === "inf") return ["∞", end];
  if (/^[ijklmnt]{2,3}$/.test(name)) return [italic(name), end];
  return [letters(name), end];
}

function word(text: string, at: number): Piece | undefined {
  const found = match(/[A-Za-z]+[0-9]*/y, text, at);
  if (found === null) return undefined;
  const name = found[0];
  const end = at + name.length;
  if (name === "sum" && match(/ (?:over|of)\b/y, text, end) === null) return ["∑", end];
  if (name === "sqrt" && text[end] === "(") return ["√", end];
  if (name === "prop") return ["∝", end];
  if (name === "a" && isArticle(text, end)) return ["a", end];
  const hasTilde = name.length === 1 && text[end] === "~"; // the sign of a distribution has a space before it
  return hasTilde ? [italic(`${name}\u0303`), end + 1] : [letters(name), end];
}

/** A letter, a Greek letter, a difference, a letter with a number or a name below it; any other word as it is. */
function letters(name: string): string {
  const greek = GREEK[name];
  if (greek !== undefined) return italic(greek);
  if (name.length === 1 || PRODUCTS.has(name)) return italic(name);
  const difference = /^d([A-Za-z]|[a-z]{2,})$/.exec(name)?.[1];
  if (difference !== undefined && name !== "do" && (difference.length === 1 || difference in GREEK))
    return italic("d") + letters(difference);
  const [, stem = "", below = ""] = /^([A-Za-z]|[a-z]+?)([0-9]+|[A-Z][a-z]*)$/.exec(name) ?? [];
  const isStem = stem in GREEK || (stem.length === 1 && /^[0-9]/.test(below));
  return isStem ? `${letters(stem)}<sub>${letters(below)}</sub>` : name;
}

function isArticle(text: string, end: number): boolean {
  const next = match(/ ([a-z]{2,})/y, text, end)?.[1];
  return next !== undefined && !AFTER_A.has(next);
}

function italic(letter: string): string {
  return /^[0-9]/.test(letter) ? letter : `<i>${letter}</i>`;
}

/** Signs of two characters that have one of their own. */
const SIGNS: readonly (readonly [RegExp, string])[] = [
  [/<-(?= )/y, "←"],
  [/->/y, "→"],
  [/<=/y, "≤"],
  [/>=/y, "≥"],
  [/!=/y, "≠"],
  [/\.\./y, "…"],
  [/(?<= )\.(?= )/y, "·"],
  [/(?<=[A-Za-z]{2})-(?=[A-Za-z]{2})/y, "-"],
  [/-/y, "−"],
  [/(?<=[A-Za-z]{2})'s\b/y, "’s"],
  [/'/y, "′"],
];

function sign(text: string, at: number): Piece {
  const product = innerProduct(text, at);
  if (product !== undefined) return product;
  for (const [pattern, shown] of SIGNS) {
    const found = match(pattern, text, at);
    if (found !== null) return [shown, at + found[0].length];
  }
  const one = String.fromCodePoint(text.codePointAt(at)!);
  return [ESCAPES[one] ?? one, at + one.length];
}

const ESCAPES: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" };

/** <A, B>: brackets that touch what is inside; signs of comparison stand apart from both sides or inside an index. */
function innerProduct(text: string, at: number): Piece | undefined {
  const found = match(/(?<![^\s([{/])<(?![\s=-])([^<>]*[^\s<>-])>(?!=)/y, text, at);
  return found === null ? undefined : [`⟨${typeset(found[1]!)}⟩`, at + found[0].length];
}
