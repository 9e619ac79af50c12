/**
 * @file Names of runs: <yyyy-mm-dd>-<setting>-<6 hex digits>, the date in UTC, the digits from a hash of the
 * configuration, the time and the process.
 */
import { createHash } from "node:crypto";

/** @param attempt incremented if a run of that name already exists */
export function runId(
  setting: string,
  config: Readonly<Record<string, unknown>>,
  { now, pid, attempt = 0 }: { now: Date; pid: number; attempt?: number },
): string {
  const time = now.toISOString();
  const hash = createHash("sha256")
    .update(JSON.stringify([config, time, pid, attempt]))
    .digest("hex")
    .slice(0, 6);
  const name = setting.replace(/[^A-Za-z0-9._]+/g, "-").replace(/^[-.]+|[-.]+$/g, "") || "run";
  return `${time.slice(0, 10)}-${name}-${hash}`;
}
