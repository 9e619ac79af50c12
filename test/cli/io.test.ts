/**
 * @file What reaches a terminal: this program's own tones and cleared lines, and nothing that names and messages of
 * others would have it obey; and what reaches the program of signals.
 */
import { spawnSync } from "node:child_process";
import { expect, test } from "vitest";
import { withoutControl } from "../../src/cli/io.ts";

const stranger = "layer\u001b[2J\u001b]0;title\u0007\u009b31m\u202eend\b";

test("where nobody looks no control character passes, but line ends and tabs", () => {
  expect(withoutControl(`a\tb\n${stranger}`, false)).toBe("a\tb\nlayer·[2J·]0;title··31m·end·");
  expect(withoutControl("\u001b[2mquiet\u001b[22m", false)).toBe("·[2mquiet·[22m");
});

test("on a terminal own tones and cleared lines pass, and nothing else", () => {
  const own = "\r12 %\u001b[K\n\u001b[1;32mholds\u001b[22;39m";
  expect(withoutControl(own, true)).toBe(own);
  expect(withoutControl(stranger, true)).toBe("layer·[2J·]0;title··31m·end·");
  expect(withoutControl("\u001b[2J\u001b[31;1;4;5m\u001b[1000D", true)).toBe("·[2J·[31;1;4;5m·[1000D");
});

test("SIGTERM asks to stop, however often it comes; a second Ctrl-C ends the process", () => {
  const io = new URL("../../dist/cli/io.js", import.meta.url).href;
  const program = `
    import { setTimeout as sleep } from "node:timers/promises";
    const { processIo } = await import("${io}");
    const signal = processIo().interruption();
    for (const name of ["SIGTERM", "SIGTERM", "SIGHUP", "SIGTERM", "SIGINT"]) {
      process.kill(process.pid, name);
      await sleep(50);
      console.log(name, signal.aborted);
    }`;
  const { status, stdout } = spawnSync(process.execPath, ["--input-type=module", "-e", program], { encoding: "utf8" });
  expect(stdout).toBe("SIGTERM true\nSIGTERM true\nSIGHUP true\nSIGTERM true\n");
  expect(status).toBe(130);
});
