/** @file `crh lab`: serves the page that shows runs, until Ctrl-C. */
import { startLab } from "../../lab/lab.ts";
import { openAddress } from "../browser.ts";
import type { Io } from "../io.ts";

export interface LabCommandOptions {
  readonly runs: string;
  readonly sweeps: string;
  readonly port: number;
  readonly host?: string;
  readonly open: boolean;
}

/** @throws Error in one line where the port is taken */
export async function labCommand(options: LabCommandOptions, io: Io): Promise<void> {
  const { runs, sweeps, port, host, open } = options;
  const lab = await startLab({ runs, sweeps, port, ...(host === undefined ? {} : { host }) });
  io.stdout.write(`${lab.url}\n`);
  if (open) await openAddress(lab.url, io);
  io.stderr.write("crh lab: Ctrl-C ends it\n");
  const signal = io.interruption();
  await new Promise<void>((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener("abort", () => resolve(), { once: true });
  });
  await lab.close();
}
