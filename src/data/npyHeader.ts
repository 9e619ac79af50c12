/**
 * @file The text header of a NumPy .npy file: a Python dict literal with the keys descr, fortran_order and shape. A
 * small strict parser of that grammar only; nothing is evaluated. After NEP 1 and numpy.lib.format.
 */
import { quote } from "../formats/quote.ts";
import type { ElementType } from "./array.ts";

export interface NpyHeader {
  readonly dtype: ElementType;
  readonly littleEndian: boolean;
  readonly fortranOrder: boolean;
  readonly shape: readonly number[];
}

const elementTypes: ReadonlyMap<string, ElementType> = new Map([
  ["f2", "float16"],
  ["f4", "float32"],
  ["f8", "float64"],
  ["i1", "int8"],
  ["i2", "int16"],
  ["i4", "int32"],
  ["i8", "int64"],
  ["u1", "uint8"],
  ["u2", "uint16"],
  ["u4", "uint32"],
  ["u8", "uint64"],
  ["b1", "bool"],
]);

/** Most dimensions of an array (numpy 2's NPY_MAXDIMS). */
const MAX_RANK = 64;

interface Token {
  readonly kind: "text" | "integer" | "boolean" | "mark";
  readonly value: string;
}

/**
 * Parses the header of a .npy file, e.g. `{'descr': '<f8', 'fortran_order': False, 'shape': (3, 4), }`.
 *
 * @param text the header without magic, version and length
 * @throws RangeError if it is not such a dict, TypeError if the elements are not plain numbers
 */
export function parseNpyHeader(text: string, where: string): NpyHeader {
  const reader = new TokenReader(tokenize(text, where), where);
  let descr: string | undefined;
  let fortranOrder: boolean | undefined;
  let shape: number[] | undefined;
  reader.expectMark("{");
  while (!reader.accept("}")) {
    const key = reader.take("text", "a key");
    reader.expectMark(":");
    if (key === "descr" && descr === undefined) {
      if (reader.accept("[")) throw new TypeError(notNumbers("a structured array", where));
      descr = reader.take("text", "an element type");
    } else if (key === "fortran_order" && fortranOrder === undefined) {
      fortranOrder = reader.take("boolean", "True or False") === "True";
    } else if (key === "shape" && shape === undefined) {
      shape = readShape(reader);
    } else reader.fail("each of descr, fortran_order and shape once, no other key", key);
    if (reader.accept(",")) continue;
    reader.expectMark("}");
    break;
  }
  if (!reader.atEnd()) reader.fail("nothing after the dict");
  if (descr === undefined || fortranOrder === undefined || shape === undefined)
    return reader.fail("the keys descr, fortran_order and shape", "fewer");
  return { ...elementType(descr, where), fortranOrder, shape };
}

/** A tuple of extents: (), (3,), (3, 4) or (3, 4,); (3) is not a tuple in Python. */
function readShape(reader: TokenReader): number[] {
  const shape: number[] = [];
  reader.expectMark("(");
  while (!reader.accept(")")) {
    const text = reader.take("integer", "a dimension");
    const extent = Number(text);
    if (!Number.isSafeInteger(extent) || shape.length === MAX_RANK)
      reader.fail(`at most ${MAX_RANK} dimensions below 2^53`, text);
    shape.push(extent);
    if (reader.accept(",")) continue;
    if (shape.length === 1) reader.fail('"," after the only dimension');
    reader.expectMark(")");
    break;
  }
  return shape;
}

/** Reads token by token; an unexpected token gives an error that names the expected one. */
class TokenReader {
  readonly #tokens: readonly Token[];
  readonly #where: string;
  #at = 0;

  constructor(tokens: readonly Token[], where: string) {
    this.#tokens = tokens;
    this.#where = where;
  }

  take(kind: Token["kind"], expected: string): string {
    const token = this.#tokens[this.#at];
    if (token?.kind !== kind) return this.fail(expected);
    this.#at++;
    return token.value;
  }

  accept(mark: string): boolean {
    const token = this.#tokens[this.#at];
    const found = token?.kind === "mark" && token.value === mark;
    if (found) this.#at++;
    return found;
  }

  expectMark(mark: string): void {
    if (!this.accept(mark)) this.fail(`"${mark}"`);
  }

  atEnd(): boolean {
    return this.#at === this.#tokens.length;
  }

  fail(expected: string, got = this.#tokens[this.#at]?.value ?? "its end"): never {
    const shown = quote(got, 20);
    throw new RangeError(
      `${this.#where}: expected ${expected} in the .npy header, got ${shown}; save the array with np.save again`,
    );
  }
}

function tokenize(text: string, where: string): Token[] {
  // one token each; Python 2 wrote 3 as "3L"
  const pattern = /\s*(?:'([^'\\\n]*)'|"([^"\\\n]*)"|(\d+)L?|(True|False)|([{}():,[\]]))/y;
  const tokens: Token[] = [];
  const end = text.trimEnd().length;
  while (pattern.lastIndex < end) {
    const start = pattern.lastIndex;
    const match = pattern.exec(text);
    if (match === null) {
      const shown = quote(text.slice(start, start + 20), 20);
      throw new RangeError(
        `${where}: expected a Python dict as .npy header, got ${shown}; save the array with np.save again`,
      );
    }
    const [, single, double, integer, boolean, mark] = match;
    if (integer !== undefined) tokens.push({ kind: "integer", value: integer });
    else if (boolean !== undefined) tokens.push({ kind: "boolean", value: boolean });
    else if (mark !== undefined) tokens.push({ kind: "mark", value: mark });
    else tokens.push({ kind: "text", value: single ?? double ?? "" });
  }
  return tokens;
}

/** Splits a descr such as "<f8" into element type and byte order ("=" and "|" count as little-endian). */
function elementType(descr: string, where: string): { dtype: ElementType; littleEndian: boolean } {
  const [, order, code] = /^([<>|=]?)(\w+)$/.exec(descr) ?? [];
  if (code?.startsWith("O"))
    throw new TypeError(notNumbers("Python objects (a pickle, which can run code when opened)", where));
  const dtype = code === undefined ? undefined : elementTypes.get(code);
  if (dtype === undefined) throw new TypeError(notNumbers(`element type ${quote(descr, 20)}`, where));
  return { dtype, littleEndian: order !== ">" };
}

function notNumbers(got: string, where: string): string {
  return `${where}: expected an array of f2 f4 f8 i1..i8 u1..u8 or b1, got ${got}; save it as numbers, e.g. np.save(file, array.astype(np.float32))`;
}
