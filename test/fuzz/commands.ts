/** @file A command of the built program, in this process, and what none of them may show whatever the files hold. */
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";

/** The program as it is built: bundled, it would take this process for itself. */
const BUILT = pathToFileURL(resolve("dist", "cli", "main.js")).href;

const RAW = /<script>alert|<img src=x/;
const NO_NUMBER = /\b((?<!not: )NaN|(?<!correlation )undefined(?!-| \(1)|Infinity)\b|\[object /;

/** What a command must not do; never one of its own refusals, however it reads. */
export class Complaint extends Error {}

/** How many commands of this process ended well, and how many with a line. */
export const answers = { accepted: 0, refused: 0 };

/** @throws Complaint where the command calls what it met a bug, says more than one line, or shows what it must not */
export async function command(words: readonly string[]): Promise<void> {
  const written = { out: "", err: "" };
  const stream = (name: "out" | "err") => ({
    write: (text: string) => {
      written[name] += text;
    },
  });
  const { signal } = new AbortController();
  const { main } = (await import(/* @vite-ignore */ BUILT)) as typeof import("../../src/cli/main.ts");
  const env = { BROWSER: "none" };
  const code = await main(words, { stdout: stream("out"), stderr: stream("err"), env, interruption: () => signal });
  if (code === 0) answers.accepted++;
  else answers.refused++;
  const { out, err } = written;
  const complain = (what: string): never => {
    throw new Complaint(`${words.slice(0, 3).join(" ")} ${what}`.replaceAll("\n", " "));
  };
  if (/this is a bug/.test(err)) complain(err.slice(0, 300));
  if (code !== 0 && !/^(resume: .* is finished already\n|measure: [^\n]*\n)*[^\n]+\n$/.test(err))
    complain(`said ${err.slice(0, 300)}`);
  if (out.startsWith("<!doctype html>")) checkPage(out, complain);
  const visible = out.replace(/<script[\s\S]*?<\/script>|<style[\s\S]*?<\/style>/g, "");
  const none = NO_NUMBER.exec(visible);
  if (none !== null) complain(`shows ${JSON.stringify(around(visible, none.index))}`);
}

/** In quotes markup is text; on a terminal processIo takes control sequences out. */
export function checkPage(page: string, complain: (what: string) => never): void {
  const unquoted = page.replace(/="[^"]*"/g, '=""');
  const raw = RAW.exec(unquoted);
  if (raw !== null) complain(`shows raw ${JSON.stringify(around(unquoted, raw.index))}`);
}

const around = (text: string, at: number) => text.slice(Math.max(0, at - 60), at + 40);
