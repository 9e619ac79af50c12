/**
 * @file Loaded into the built program before everything else (node --import): lets one of its writing calls go wrong. CRH_FAULT is
 * "<kind> <n>" with n the number of the call, counted from 1 over the functions below:
 *   SIGKILL n   the process is killed in the middle of call n: a file is half written, a rename not yet done
 *   SIGSTOP n   the process stops in the middle of call n; once it goes on, so does the call
 *   SIGINT n    the user interrupts just before call n
 *   ENOSPC n    from call n on the disk is full: half of the bytes are written, then the call fails
 *   FULL text   the same from the first call on whose path contains the text
 *   count       nothing goes wrong; at the end the number of calls is written to the file CRH_FAULT_COUNT
 */
import fs from "node:fs";
import { syncBuiltinESMExports } from "node:module";

const [kind, at] = (process.env.CRH_FAULT ?? "count").split(" ");
const real = { ...fs };
let calls = 0;
let inside = false;
let full = false;

function half(data) {
  return data.slice(0, Math.floor(data.length / 2));
}

function fullDisk(syscall) {
  return Object.assign(new Error(`ENOSPC: no space left on device, ${syscall}`), { code: "ENOSPC", syscall });
}

function faulty(name, whenBroken) {
  fs[name] = (...args) => {
    if (inside) return real[name](...args); // Node's own appendFileSync calls writeFileSync
    inside = true;
    try {
      calls++;
      if (kind === "SIGINT" && calls === Number(at)) process.kill(process.pid, "SIGINT");
      if (kind === "SIGKILL" && calls === Number(at)) {
        whenBroken(...args);
        process.kill(process.pid, "SIGKILL");
      }
      if (kind === "SIGSTOP" && calls === Number(at)) return stopped(name, args);
      full ||= kind === "FULL" ? String(args[0]).includes(at) : kind === "ENOSPC" && calls >= Number(at);
      if (full) {
        whenBroken(...args);
        throw fullDisk(name);
      }
      return real[name](...args);
    } finally {
      inside = false;
    }
  };
}

/** The call, stopped half way with its file open, as the system would stop it. */
function stopped(name, [path, data]) {
  const stop = () => process.kill(process.pid, "SIGSTOP");
  if (name === "renameSync") {
    stop();
    return real.renameSync(path, data);
  }
  const descriptor = real.openSync(path, name === "appendFileSync" ? "a" : "w");
  try {
    real.writeSync(descriptor, half(data));
    stop();
    real.writeSync(descriptor, data.slice(half(data).length));
  } finally {
    real.closeSync(descriptor);
  }
}

for (const name of ["writeFileSync", "appendFileSync"])
  faulty(name, (path, data, ...rest) => real[name](path, half(data), ...rest));
faulty("renameSync", () => {});
syncBuiltinESMExports();

if (kind === "count") process.on("exit", () => real.writeFileSync(process.env.CRH_FAULT_COUNT, String(calls)));
