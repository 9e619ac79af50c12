import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";

/** Columns that code and comments keep to. */
const COLUMNS = 120;

const source = fileURLToPath(new URL("../../src/", import.meta.url));
const generated = "onnx_pb.ts";
const rooms = readdirSync(source, { withFileTypes: true }).flatMap((one) => (one.isDirectory() ? [one.name] : []));

/** Lines of comments beyond the limit, `file:line`; what a string holds is no comment. */
function longComments(path: string, text: string): string[] {
  return text.split("\n").flatMap((line, i) => {
    const isComment = /^\s*(\*|\/\*|\/\/)/.test(line) || /[;,{})] \/\/ [^"'`]*$/.test(line);
    return isComment && [...line].length > COLUMNS ? [`${path}:${i + 1}`] : [];
  });
}

describe("comments", () => {
  it.each(rooms)("of %s keep to the columns that code keeps to", (room) => {
    const folder = `${source}${room}/`;
    const files = readdirSync(folder, { recursive: true, encoding: "utf8" }).filter(
      (name) => /\.tsx?$/.test(name) && !name.endsWith(generated),
    );
    expect(files.length).toBeGreaterThan(0);
    expect(files.flatMap((name) => longComments(`${room}/${name}`, readFileSync(folder + name, "utf8")))).toEqual([]);
  });

  it("that are too long are found at the start of a line and behind code, and long strings are not", () => {
    const long = "x".repeat(COLUMNS);
    expect(longComments("a.ts", ` * ${long}\nconst a = 1; // ${long}\nconst b = "${long}";\n// short`)).toEqual([
      "a.ts:1",
      "a.ts:2",
    ]);
  });
});
