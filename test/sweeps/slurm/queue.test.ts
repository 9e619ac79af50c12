import { expect, test } from "vitest";
import { parseQueue } from "../../../src/sweeps/slurm/queue.ts";

test("tasks are told apart by what Slurm does with them, and those that are over are left out", () => {
  const lines = [
    "17|0|RUNNING|None|0|/a/slurm/submit-1.sh|",
    "17|1|COMPLETING|None|0|/a/slurm/submit-1.sh|",
    "17|2|PENDING|Resources|0|/a/slurm/submit-1.sh|",
    "17|3|PENDING|BeginTime|2|/a/slurm/submit-1.sh|",
    "17|4|PENDING|JobHeldUser|0|/a/slurm/submit-1.sh|",
    "17|5|PENDING|(launch failed requeued held)|1|/a/slurm/submit-1.sh|",
    "17|6|REQUEUE_HOLD|None|1|/a/slurm/submit-1.sh|",
    "17|7|SUSPENDED|None|0|/a/slurm/submit-1.sh|",
    "17|8|TIMEOUT|TimeLimit|0|/a/slurm/submit-1.sh|",
    "17|9|CANCELLED|None|0|/a/slurm/submit-1.sh|",
    "18|N/A|RUNNING|None|0|no array|",
    "19|0|RUNNING|None|3|/a|b/slurm/submit-2.sh|",
    "",
  ];
  const tasks = parseQueue(lines.join("\n"));
  expect(tasks.map(({ array, task, state }) => `${array}_${task} ${state}`)).toEqual([
    ...["17_0 running", "17_1 ending", "17_2 queued", "17_3 requeued", "17_4 held", "17_5 held", "17_6 held"],
    ...["17_7 running", "19_0 running"],
  ]);
  expect(tasks.at(-1)).toMatchObject({ restarts: 3, command: "/a|b/slurm/submit-2.sh" });
});

test("a line for tasks that wait alike is read as a task each, the last of a step too", () => {
  const read = (tasks: string) =>
    parseQueue(`17|${tasks}|PENDING|JobArrayTaskLimit|0|/a/slurm/submit-1.sh|`).map(({ task }) => task);
  expect(read("17-25:2%8")).toEqual([17, 19, 21, 23, 25]);
  expect(read("0-2,5,7-8")).toEqual([0, 1, 2, 5, 7, 8]);
  expect(read("3%1")).toEqual([3]);
  expect(() => read("0-2,5,...")).toThrow(/^expected numbers of tasks from squeue, got "0-2,5,\.\.\."$/);
});
