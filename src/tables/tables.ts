/** @file All tables of runs except the table of runs itself (runColumns.ts), in the order of listing. */
import { alignmentsTable } from "./alignmentsTable.ts";
import { exponentsTable, phasesTable } from "./lawsTables.ts";
import { layersTable } from "./layersTable.ts";
import { metricsTable } from "./metricsTable.ts";
import { pairsTable } from "./pairsTable.ts";
import { ranksTable } from "./ranksTable.ts";
import type { Table } from "./table.ts";
import { trajectoriesTable } from "./trajectoriesTable.ts";

export const tables: readonly Table[] = [
  metricsTable,
  alignmentsTable,
  ranksTable,
  exponentsTable,
  phasesTable,
  layersTable,
  pairsTable,
  trajectoriesTable,
];
