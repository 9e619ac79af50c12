/**
 * @file Reads the imports of TypeScript sources and the import table of docs/architecture.md, and compares the two. No
 * parser: the formatter puts every static import at the start of a line, and comment lines are taken out before dynamic
 * ones are looked for.
 */
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, posix, relative, sep } from "node:path";

/** One source file below src/, its path with forward slashes ("measure/rank.ts"), and what it imports. */
export interface Source {
  readonly path: string;
  /**
   * Module names as they are written: "../linalg/matrix.ts", "node:fs", "zod". Static, type and dynamic imports alike.
   */
  readonly imports: readonly string[];
  /** Those of them that are there when the program runs: neither types alone nor types in brackets. */
  readonly loads: readonly string[];
  /** Module names of `export ... from`, without those that repeat types of a file in or below the same folder. */
  readonly reexports: readonly string[];
  /** Whether a dynamic import has a computed name, which no table can allow. */
  readonly computed: boolean;
}

/** One row of the table: what a room may import, and whether it runs in a browser. */
export interface Room {
  readonly name: string;
  /** "yes" or "no". */
  readonly browser: string;
  readonly rooms: Permission;
  /** Built-in modules of Node without the prefix "node:". */
  readonly builtins: Permission;
  readonly packages: Permission;
}

export type Permission = ReadonlySet<string> | "any";

/** Files that stand in src/ itself belong to this room. */
export const topLevel = "index.ts";

/** The public API, in Node and in browsers: the only files that may pass on what other files export. */
const publicIndex: readonly string[] = ["index.ts", "browser.ts"];

/** All TypeScript files below a folder. */
export function readSources(folder: string): Source[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && /\.tsx?$/.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name))
    .map((file) => scan(relative(folder, file).split(sep).join("/"), readFileSync(file, "utf8")))
    .sort((x, y) => (x.path < y.path ? -1 : 1));
}

/** The imports of one source text. */
export function scan(path: string, text: string): Source {
  const code = text.replace(/^\s*(?:\*|\/\*|\/\/).*$/gm, "");
  const names = (pattern: RegExp): string[] => [...code.matchAll(pattern)].map((match) => match[1]!);
  const exported = names(/^export\s+(?:type\s+)?(?:\*[^;"']*|\{[^}]*\}\s*)from\s*["']([^"']+)["']/gm);
  const repeatedTypes = new Set(names(/^export\s+type\s+\{[^}]*\}\s*from\s*["'](\.\/[^"']+)["']/gm));
  const reexports = exported.filter((name) => !repeatedTypes.has(name));
  const imports = [
    ...names(/^import\s+(?:[^;"']*?\sfrom\s+)?["']([^"']+)["']/gm),
    ...names(/\bimport\s*\(\s*["']([^"']+)["']/g),
    ...exported,
  ];
  const loads = [
    ...names(/^import\s+(?!type\b)(?:[^;"']*?\sfrom\s+)?["']([^"']+)["']/gm),
    ...names(/(?<!typeof )\bimport\s*\(\s*["']([^"']+)["']\s*\)(?!\s*\.[A-Z])/g),
    ...names(/^export\s+(?!type\b)(?:\*[^;"']*|\{[^}]*\}\s*)from\s*["']([^"']+)["']/gm),
  ];
  return { path, imports, loads, reexports, computed: /\bimport\s*\(\s*[^"'\s]/.test(code) };
}

/**
 * The rooms of a markdown table whose heads are `room`, `holds`, `may import`, `node:`, `packages`, `browser`. Names
 * stand in backquotes or bare, separated by commas; "-" is none and "any" anything.
 */
export function readTable(markdown: string): Room[] {
  const lines = markdown.split("\n");
  const head = lines.findIndex((line) => /^\|\s*room\s*\|\s*holds\s*\|\s*may import\s*\|/.test(line));
  if (head < 0) throw new Error('docs/architecture.md: expected a table "| room | holds | may import | ...", got none');
  const end = lines.findIndex((line, i) => i > head && !line.startsWith("|"));
  return lines.slice(head + 2, end < 0 ? undefined : end).map((line) => {
    const [name = "", , rooms = "", builtins = "", packages = "", browser = ""] = line
      .split("|")
      .slice(1, -1)
      .map((cell) => cell.replaceAll("`", "").trim());
    return {
      name,
      browser,
      rooms: permission(rooms),
      builtins: permission(builtins),
      packages: permission(packages),
    };
  });
}

function permission(cell: string): Permission {
  if (cell === "any") return "any";
  return new Set(cell === "-" ? [] : cell.split(",").map((name) => name.trim()));
}

/** The room of a file: its folder below src/, or `topLevel`. */
export function roomOf(path: string): string {
  return path.includes("/") ? path.slice(0, path.indexOf("/")) : topLevel;
}

/** What the sources do that the table does not allow, one line each; empty if they agree. */
export function violations(sources: readonly Source[], table: readonly Room[]): string[] {
  const found: string[] = [];
  const rooms = new Map(table.map((room) => [room.name, room]));
  const present = new Set(sources.map(({ path }) => roomOf(path)));
  for (const { name, rooms: allowed } of table) {
    if (!present.has(name)) found.push(`${name}: in the table, but src/ has no such room`);
    if (allowed !== "any")
      for (const other of allowed)
        if (!rooms.has(other)) found.push(`${name}: may import ${other}, which is no room of the table`);
  }
  for (const name of present) if (!rooms.has(name)) found.push(`${name}: in src/, but the table has no such room`);
  for (const source of sources) {
    const room = rooms.get(roomOf(source.path));
    if (room) found.push(...source.imports.flatMap((target) => judge(source.path, target, room) ?? []));
    if (source.computed) found.push(`${source.path}: imports a module whose name is computed; write the name out`);
    if (!publicIndex.includes(source.path))
      for (const target of source.reexports)
        found.push(`${source.path}: passes on ${target}; only src/${publicIndex.join(" and src/")} re-export`);
  }
  return found;
}

function judge(path: string, target: string, room: Room): string | undefined {
  const allows = (set: Permission, name: string): boolean => set === "any" || set.has(name);
  if (target.startsWith("node:")) {
    const name = target.slice("node:".length);
    return allows(room.builtins, name) ? undefined : `${path}: imports ${target}, which ${room.name} may not`;
  }
  if (!target.startsWith(".")) {
    const name = packageName(target);
    return allows(room.packages, name) ? undefined : `${path}: imports package ${name}, which ${room.name} may not`;
  }
  const resolved = resolveImport(path, target);
  if (resolved.startsWith("..")) return allowsOutside(path, target);
  const other = roomOf(resolved);
  if (other === room.name || allows(room.rooms, other)) return undefined;
  return `${path}: imports ${resolved}, and ${room.name} may not import ${other}`;
}

function allowsOutside(path: string, target: string): string {
  return `${path}: imports ${target}, which is outside of src/`;
}

function packageName(target: string): string {
  const parts = target.split("/");
  return parts.slice(0, target.startsWith("@") ? 2 : 1).join("/");
}

function resolveImport(path: string, target: string): string {
  return posix.normalize(posix.join(dirname(path), target));
}

/** Every cycle of imports between files that a depth-first walk meets, as "a.ts -> b.ts -> a.ts". */
export function cycles(sources: readonly Source[]): string[] {
  const edges = new Map(
    sources.map(({ path, imports }) => [
      path,
      imports.filter((target) => target.startsWith(".")).map((target) => resolveImport(path, target)),
    ]),
  );
  const found: string[] = [];
  const done = new Set<string>();
  const walk = (path: string, way: readonly string[]): void => {
    if (way.includes(path)) found.push([...way.slice(way.indexOf(path)), path].join(" -> "));
    if (way.includes(path) || done.has(path)) return;
    for (const next of edges.get(path) ?? []) walk(next, [...way, path]);
    done.add(path);
  };
  for (const path of edges.keys()) walk(path, []);
  return found;
}

/**
 * Files that files reach through what they load, themselves among them, and the modules from outside that these load;
 * both sorted. Types count for nothing.
 */
export function reached(sources: readonly Source[], from: readonly string[]): { files: string[]; outside: string[] } {
  const byPath = new Map(sources.map((source) => [source.path, source]));
  const [files, outside] = [new Set<string>(), new Set<string>()];
  const visit = (path: string): void => {
    if (files.has(path)) return;
    files.add(path);
    for (const name of byPath.get(path)!.loads) {
      if (name.endsWith(".css")) continue; // of the page, bundled
      if (name.startsWith(".")) visit(posix.join(posix.dirname(path), name));
      else outside.add(name);
    }
  };
  for (const path of from) visit(path);
  return { files: [...files].sort(), outside: [...outside].sort() };
}
