/**
 * @file Exports of the library as its declarations (dist/**\/*.d.ts) have them: the signature and what is said above it.
 * Declarations are written by the compiler, so that a small reader of brackets, strings and comments is enough.
 */

export interface Declaration {
  readonly kind: "function" | "class" | "interface" | "type" | "const";
  /** As TypeScript writes it, without `export declare`; of a function all its forms. */
  readonly signature: string;
  /** What the comment above it says, without the stars; "" where there is none. */
  readonly comment: string;
}

/**
 * @param text of a .d.ts file
 * @throws Error where the file does not declare the name
 */
export function declarationOf(text: string, name: string, file: string): Declaration {
  const start = new RegExp(
    `^export (?:declare )?(?:abstract )?(function|class|interface|type|const) ${name}(?![\\w$])`,
    "gm",
  );
  const found = [...text.matchAll(start)];
  if (found.length === 0)
    throw new Error(
      `site: expected the declaration of ${name} in ${file}, got none; list it in the file that declares it`,
    );
  const kind = found[0]![1] as Declaration["kind"];
  const signatures = found.map(({ index }) => text.slice(index, endOf(text, index, kind)));
  return {
    kind,
    signature: withoutPrivate(signatures.join("\n")).replaceAll(/^export (declare )?/gm, ""),
    comment: commentBefore(text, found[0]!.index),
  };
}

/** The file, relative to this one and without .ts, that a file has a name of which it passes on. */
export function passedOnFrom(text: string, name: string): string | undefined {
  for (const [, names = "", file] of text.matchAll(/^export type \{([^}]*)\} from "(.*)\.ts";$/gm))
    if (names.split(",").some((one) => one.trim() === name)) return file;
  return undefined;
}

/** What the first comment of a file says of the file, behind @file. */
export function fileComment(text: string): string {
  const first = /^\/\*\*[\s\S]*?\*\//.exec(text)?.[0] ?? "";
  return first.includes("@file") ? plain(first).replace(/^@file\s+/, "") : "";
}

/** Behind the `;` or, of a body, the `}` that ends a declaration. */
function endOf(text: string, from: number, kind: string): number {
  let depth = 0;
  for (const { 0: token, index } of text.slice(from).matchAll(/\/\*[\s\S]*?\*\/|"(?:\\.|[^"\\])*"|=>|[{}()[\];]/g)) {
    if ("([{".includes(token)) depth++;
    if (")]}".includes(token)) depth--;
    const isBody = kind === "interface" || kind === "class";
    if (depth === 0 && token === (isBody ? "}" : ";")) return from + index + 1;
  }
  return text.length;
}

function commentBefore(text: string, at: number): string {
  const comment = /\/\*\*(?:(?!\*\/)[\s\S])*\*\/\n$/.exec(text.slice(0, at))?.[0] ?? "";
  return comment.includes("@file") ? "" : plain(comment);
}

function plain(comment: string): string {
  return comment
    .replace(/^\/\*\*/, "")
    .replace(/\*\/\s*$/, "")
    .replaceAll(/^\s*\* ?/gm, "")
    .trim();
}

/** Members that users cannot reach, with their comments. */
function withoutPrivate(signature: string): string {
  return signature.replaceAll(/(?:^ +\/\*\*(?:(?!\*\/)[\s\S])*\*\/\n)?^ +(?:private |#private)[^\n]*\n/gm, "");
}
