/**
 * @file Reads all measurements of a run off the page's thread and hands them over one by one: parsing seven megabytes
 * at once would block the page.
 */
import type { Snapshot } from "../../measure/snapshot.ts";

addEventListener("message", async ({ data: address }: MessageEvent<string>) => {
  try {
    const response = await fetch(address);
    if (!response.ok) {
      const said = (await response.json().catch(() => undefined)) as { error?: string } | undefined;
      throw new Error(said?.error ?? `The server answered ${response.status}.`);
    }
    for (const snapshot of (await response.json()) as Snapshot[]) postMessage({ snapshot });
    postMessage({ done: true });
  } catch (error) {
    postMessage({ error: (error as Error).message });
  }
});
