/**
 * @file The process that reads damaged files: node child.mjs SHARED SEED KIND FROM TO. Writes a line before each case
 * and one after, so that whoever watches knows which case a crash or a hang belongs to.
 */

import { writeSync } from "node:fs";
import { argv } from "node:process";
import { Random } from "../../src/random/random.ts";
import { reportOf } from "../../src/runner/errors.ts";
import { answers, Complaint } from "./commands.ts";
import { mutate } from "./mutate.ts";
import { type Kind, subjects } from "./subjects.ts";

const [shared, seed, kind, from, to] = argv.slice(2) as [string, string, Kind, string, string];
const list = subjects(shared === "-" ? undefined : shared)[kind];
const only = process.env.CRH_FUZZ_WRITE; // writes the damaged file of the one case there, to look at it

/** A pipe whose reader is slow refuses what does not fit: again until it takes it. */
function say(line: string): void {
  for (let left = Buffer.from(line); left.length > 0; )
    try {
      left = left.subarray(writeSync(1, left));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EAGAIN") throw error;
    }
}

for (let i = Number(from); i < Number(to); i++) {
  const random = new Random(Number(seed)).split(`${kind} ${i}`);
  const subject = list[i % list.length]!;
  const donor = () => list[random.below(list.length)]!.bytes;
  const structural = random.below(4) > 0; // other damage seldom passes the parser
  let bytes: Uint8Array;
  if (subject.hostile !== undefined && i < list.length) bytes = subject.hostile(subject.bytes);
  else if (subject.structural !== undefined && structural) bytes = subject.structural(subject.bytes, random);
  else bytes = mutate(subject.bytes, random, donor());
  if (only !== undefined) (await import("node:fs")).writeFileSync(only, bytes);
  say(`start ${i} ${subject.name}\n`);
  const start = process.cpuUsage();
  let outcome = "result";
  try {
    await subject.use(bytes);
  } catch (error) {
    const { line, bug } = reportOf(error);
    const message = error instanceof Error ? error.message : String(error);
    const unclear = bug || error instanceof Complaint || /[\n\p{Cc}]/u.test(message) || message.length > 500;
    outcome = `${unclear ? "unclear" : "error"} ${line}`;
    if (unclear && error instanceof Error) outcome += ` | ${(error.stack ?? "").split("\n").slice(1, 9).join(" ")}`;
  }
  const { user, system } = process.cpuUsage(start); // another's load is no fault of a file
  const ms = Math.round((user + system) / 1000);
  const rss = Math.round(process.resourceUsage().maxRSS / 1024);
  say(`end ${i} ${ms} ${rss} ${outcome.replace(/\s+/g, " ")}\n`);
}
say(`commands ${answers.accepted} ${answers.refused}\n`);
