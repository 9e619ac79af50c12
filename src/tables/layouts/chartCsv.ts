/**
 * @file The CSV of a line chart as exported by Weights & Biases: a column `Step`, and three columns for each run and
 * quantity, `<run> - <quantity>` and the same with `__MIN` and `__MAX`; every cell in quotation marks, empty without a
 * value. There the three differ if a chart averages over steps; here all are the value itself.
 */
import type { MetricOf } from "../table.ts";

/** Collects the columns of a chart, run by run. */
export class ChartCsv {
  readonly #columns: { readonly run: string; readonly name: string; readonly values: Map<number, number> }[] = [];

  /** Adds the quantities of one run; if a step has two values, the later one counts. */
  add(run: string, rows: Iterable<MetricOf>): void {
    const own = new Map<string, Map<number, number>>();
    for (const { step, name, value } of rows) {
      const values = own.get(name) ?? new Map<number, number>();
      own.set(name, values);
      values.set(step, value);
    }
    for (const [name, values] of own) this.#columns.push({ run, name, values });
  }

  /** Number of values added. */
  get count(): number {
    return this.#columns.reduce((sum, { values }) => sum + values.size, 0);
  }

  /** The lines with their line feeds: quantity by quantity, each with the runs in order of addition. */
  *lines(): Generator<string> {
    const names = [...new Set(this.#columns.map(({ name }) => name))];
    const columns = names.flatMap((name) => this.#columns.filter((column) => column.name === name));
    const titles = columns.flatMap(({ run, name }) => ["", "__MIN", "__MAX"].map((end) => `${run} - ${name}${end}`));
    yield line(["Step", ...titles]);
    const steps = new Set<number>();
    for (const { values } of columns) for (const step of values.keys()) steps.add(step);
    for (const step of [...steps].sort((x, y) => x - y)) {
      const cells = columns.flatMap(({ values }) => {
        const value = values.get(step);
        return Array<string>(3).fill(value === undefined ? "" : String(value));
      });
      yield line([String(step), ...cells]);
    }
  }
}

function line(cells: readonly string[]): string {
  return `${cells.map((cell) => `"${cell.replaceAll('"', '""')}"`).join(",")}\n`;
}
