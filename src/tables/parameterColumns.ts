/**
 * @file The parameters of runs as columns: one for each parameter of any run, with a type that fits all values.
 */
import type { Cell, Column, ColumnType } from "./table.ts";

/** Keys of config.json that are not parameters, or are also in run.json. */
const OTHERS = new Set(["setting", "smaller", "run", "seed", "steps"]);

/** Prefix of a parameter whose name is already a column of a table. */
const PREFIX = "param_";

/** Every parameter of a run as a value of a table; lists and objects as JSON. */
export function parametersOf(config: Readonly<Record<string, unknown>>): Map<string, Cell> {
  return new Map(
    Object.entries(config)
      .filter(([name]) => !OTHERS.has(name))
      .map(([name, value]) => [name, cellOf(value)]),
  );
}

function cellOf(value: unknown): Cell {
  if (value === null || value === undefined) return null;
  if (typeof value === "string" || typeof value === "boolean") return value;
  if (typeof value === "number") return Number.isFinite(value) ? value : null;
  return JSON.stringify(value);
}

/** Collects the parameters of runs one by one; it stores names and types, not runs. */
export class ParameterColumns {
  readonly #taken: ReadonlySet<string>;
  readonly #types = new Map<string, ColumnType | undefined>();

  /** @param taken names of existing columns; SQL ignores case */
  constructor(taken: Iterable<string> = []) {
    this.#taken = new Set([...taken].map((name) => name.toLowerCase()));
  }

  add(config: Readonly<Record<string, unknown>>): void {
    for (const [name, value] of parametersOf(config)) this.#types.set(name, joined(this.#types.get(name), value));
  }

  /** Names of the parameters in order of first appearance. */
  get names(): string[] {
    return [...this.#types.keys()];
  }

  /** One column per parameter; "param_layer" for the parameter `layer`, since tables have a column of that name. */
  get columns(): Column[] {
    const used = new Set(this.#taken);
    return [...this.#types].map(([parameter, type = "text"]) => {
      let name = used.has(parameter.toLowerCase()) ? `${PREFIX}${parameter}` : parameter;
      while (used.has(name.toLowerCase())) name = `${PREFIX}${name}`;
      used.add(name.toLowerCase());
      return { name, type };
    });
  }

  /** The values of one run, in the order of the columns. */
  values(config: Readonly<Record<string, unknown>>): Cell[] {
    const own = parametersOf(config);
    return [...this.#types].map(([name, type]) => {
      const value = own.get(name) ?? null;
      return type === "text" && value !== null ? String(value) : value;
    });
  }
}

/** The narrowest type for all earlier values and a new one; undefined while there is none. */
function joined(type: ColumnType | undefined, value: Cell): ColumnType | undefined {
  if (value === null) return type;
  const own = typeof value === "number" ? (Number.isSafeInteger(value) ? "integer" : "number") : kindOf(value);
  if (type === undefined || type === own) return own;
  const areNumbers = [type, own].every((one) => one === "integer" || one === "number");
  return areNumbers ? "number" : "text";
}

const kindOf = (value: string | boolean): ColumnType => (typeof value === "boolean" ? "boolean" : "text");
