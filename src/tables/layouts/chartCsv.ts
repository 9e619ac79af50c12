/**
 * @file The CSV that the pages of Weights & Biases export of a line chart: a column `Step`, and of each run and
 * quantity three, `<run> - <quantity>` and the same with `__MIN` and `__MAX`, every cell in quotation marks, one
 * without a value empty. There the three differ where a chart averages over steps; here each is the value itself.
 */
import type { MetricOf } from "../table.ts";

/** Columns of a chart as runs come by. */
export class ChartCsv {
  readonly #columns: { readonly run: string; readonly name: string; readonly values: Map<number, number> }[] = [];

  /** Adds the quantities of one run; of two values at one step the later counts. */
  add(run: string, rows: Iterable<MetricOf>): void {
    const own = new Map<string, Map<number, number>>();
    for (const { step, name, value } of rows) {
      const values = own.get(name) ?? new Map<number, number>();
      own.set(name, values);
      values.set(step, value);
    }
    for (const [name, values] of own) this.#columns.push({ run, name, values });
  }

  /** Values that were added. */
  get count(): number {
    return this.#columns.reduce((sum, { values }) => sum + values.size, 0);
  }

  /** The lines with their ends: a quantity after the other, of each the runs in the order in which they came. */
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
