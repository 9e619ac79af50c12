/**
 * @file Loaded into a worker before everything else (node --import): a disk that takes three seconds for each checkpoint, in
 * the first start of the tasks of an array below CRH_SLOW_TASKS. Such a job lasts long and needs little of a processor.
 */
import fs from "node:fs";
import { syncBuiltinESMExports } from "node:module";

const { SLURM_ARRAY_TASK_ID: task, SLURM_RESTART_COUNT: restarts = "0", CRH_SLOW_TASKS: slow = "0" } = process.env;
const real = fs.writeFileSync;

if (task !== undefined && Number(task) < Number(slow) && restarts === "0")
  fs.writeFileSync = (path, ...rest) => {
    if (String(path).includes("/checkpoints/")) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 3000);
    return real(path, ...rest);
  };
syncBuiltinESMExports();
