/** @file `crh twopoint theory` and `crh twopoint fit`: their JSON, their tables, and one line for whatever is wrong. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { zipSync } from "fflate";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { main } from "../../src/cli/main.ts";
import { encodeNpy } from "../../src/data/npy.ts";
import type { LayerFit } from "../../src/twopoint/fitLayers.ts";
import { lossCurve } from "../../src/twopoint/lossCurve.ts";
import { twoPointTheory } from "../../src/twopoint/theory.ts";
import { planted, trajectory } from "../twopoint/planted.ts";
import { testIo } from "./testIo.ts";

const dir = mkdtempSync(join(tmpdir(), "crh-twopoint-"));
afterAll(() => rmSync(dir, { recursive: true, force: true }));

async function crh(args: string, columns?: number) {
  const io = testIo(columns === undefined ? {} : { columns });
  const words = args.split(" ").map((word) => word.replace(/^@/, `${dir}/`));
  const code = await main(["twopoint", ...words], io);
  // biome-ignore lint/suspicious/noControlCharactersInRegex: escape sequences are control characters
  return { code, out: io.out().replace(/\u001b\[\d+m/g, ""), err: io.err() };
}

const [deep, shallow] = [trajectory(planted.deep), trajectory(planted.shallow)];
const csv = (lines: readonly string[], header = "step,layer,dh2,dy2,w"): string => `${[header, ...lines].join("\n")}\n`;
const linesOf = (layer: string, { step, dh2, dy2, w }: typeof deep): string[] =>
  step.map((time, i) => [time, layer, dh2[i], dy2[i], w[i]].join(","));
const both = [...linesOf("0", shallow), ...linesOf("1", { ...shallow, dh2: shallow.dh2.map((value) => value * 2) })];

beforeAll(() => {
  const write = (name: string, content: string | Uint8Array): void => writeFileSync(join(dir, name), content);
  write("both.csv", csv(both));
  const loss = lossCurve(0.5, { t: shallow.step, dy2: shallow.dy2, w: shallow.w }, { etaYbar: 0.01, ybar0: 0.9 });
  write(
    "loss.csv",
    csv(
      shallow.step.map((time, i) => `${time},${loss[i]}`),
      "step,loss",
    ),
  );
  const { step, dh2, dy2, w } = shallow;
  write(
    "others.csv",
    `\uFEFF${csv(
      step.map((time, i) => [w[i], "x", dy2[i], dh2[i], time].join(", ")),
      "w, note, dy2, dh2, step",
    )}`,
  );
  const column = (values: readonly number[], shape = [values.length]) =>
    encodeNpy({ dtype: "float64", shape, data: Float64Array.from(values) });
  const npz = (dh: Uint8Array) =>
    zipSync({ "step.npy": column(step), "dh2.npy": dh, "dy2.npy": column(dy2), "w.npy": column(w) });
  write("rows.npz", npz(column(dh2)));
  write(
    "layers.npz",
    npz(
      column(
        dh2.flatMap((value) => [value, 2 * value]),
        [step.length, 2],
      ),
    ),
  );
  write("without.npz", zipSync({ "step.npy": column(step), "dh2.npy": column(dh2), "w.npy": column(w) }));
  const nothing = column([]);
  write("none.npz", zipSync({ "step.npy": nothing, "dh2.npy": nothing, "dy2.npy": nothing, "w.npy": nothing }));
  write("semicolons.csv", csv(["0;1;1;1"], "step;dh2;dy2;w"));
  const paired = (pair: string, lines: readonly string[]) => lines.map((line) => `${line},${pair}`);
  const others = linesOf("0", { ...shallow, dh2: dh2.map((value) => 3 * value) });
  write("pairs.csv", csv([...paired("0-1", others), ...paired("0-2", both)], "step,layer,dh2,dy2,w,pair"));
  write("dead.csv", csv([...both, ...linesOf("2", { ...shallow, dh2: dh2.map(() => 0) })]));
  write("zero.csv", csv(linesOf("2", { ...shallow, dh2: dh2.map((value, i) => (i === 3 ? 0 : value)) })));
  write(
    "still.csv",
    csv(linesOf("2", { ...shallow, dh2: dh2.map(() => 1), dy2: dy2.map(() => 0.5), w: w.map(() => 0) })),
  );
  write("nan.csv", csv([...both.slice(0, 20), "210,0,nan,0.1,0.1", ...both.slice(21)]));
  write("blank.csv", csv([...both.slice(0, 20), "210,0,,0.1,0.1", ...both.slice(21)]));
  write("torn.csv", csv(both).slice(0, -30));
  write("unsorted.csv", csv([...both.slice(1, 40), both[0]!]));
  write("nine.csv", csv(both.slice(0, 9)));
  write("empty.csv", "");
  write("header.csv", csv([]));
  write(
    "missing.csv",
    csv(
      both.map((line) => line.replace(/,[^,]*$/, "")),
      "step,layer,dh2,dy2",
    ),
  );
  write("twice.csv", csv(both, "step,layer,dh2,dh2,w"));
  write("bytes.csv", Uint8Array.of(0xff, 0xfe, 0x00, 0x80, 0x81));
});

describe("crh twopoint theory", () => {
  test("prints the solution as JSON, with either spelling of the start", async () => {
    const { code, out } = await crh("theory H0=0.01 Y0=0.001 w0=-0.005 etaH=0.02 etaY=0.05 time=500 points=11 --json");
    expect(code).toBe(0);
    const found = JSON.parse(out);
    expect(Object.keys(found)).toEqual(["t", "dh2", "dy2", "w"]);
    expect(found.t).toEqual([0, 50, 100, 150, 200, 250, 300, 350, 400, 450, 500]);
    const constants = { dx2: 1, dy2: 0.5, etaH: 0.02, etaY: 0.05 };
    const own = twoPointTheory(constants, { dh2: 0.01, dy2: 0.001, w: -0.005 }, found.t);
    expect(found.w).toEqual([...own.w]);
    const lower = await crh("theory h0=0.01 y0=0.001 w0=-0.005 etah=0.02 etay=0.05 time=500 points=11 --json");
    expect(lower.out).toBe(out);
  });

  test("has a default for everything: 301 points, one output that grows towards its target", async () => {
    const { t, dy2, w } = JSON.parse((await crh("theory --json")).out);
    expect(t.length).toBe(301);
    expect((dy2[0] - w[0]) ** 2).toBeCloseTo(0.5 * dy2[0], 15);
    expect(dy2.at(-1)).toBeCloseTo(0.5, 9);
  });

  test("says in words where it ends, and in which regime", async () => {
    for (const columns of [80, 100]) {
      const { out } = await crh("theory h0=0.01", columns);
      expect(out).toMatch(/In the end dh2 is 0\.4791/);
      expect(out).toMatch(/The regime is rich: 98 %/);
      expect(out).toMatch(/^ *3000 +0\.4791 +0\.5000 +0$/m);
      for (const line of out.split("\n")) expect(line.length).toBeLessThanOrEqual(columns);
    }
    expect((await crh("theory h0=2")).out).toMatch(/The regime is lazy: 5 %/);
    expect((await crh("theory h0=0.5")).out).toMatch(/The regime lies between rich and lazy/);
  });

  test("solves the altered systems too", async () => {
    const [theory, altered] = await Promise.all(
      ["theory", "dh2-doubled"].map(async (system) => JSON.parse((await crh(`theory --json --system ${system}`)).out)),
    );
    expect(altered.dh2.at(-1)).toBeGreaterThan(1.2 * theory.dh2.at(-1));
  });

  test("explains its parameters", async () => {
    const { code, out } = await crh("theory --help");
    expect(code).toBe(0);
    expect(out).toMatch(/etaH, etaY +effective rates per step/);
  });

  test.each([
    ["etHa=1", /^crh twopoint theory: expected a parameter, got "etHa"; did you mean etaH\?$/m],
    ["nonsense=1", /^crh twopoint theory: expected a parameter, got "nonsense"; known: dx2, dy2, /],
    ["etaH=fast", /^crh twopoint theory: expected etaH to be a number, got "fast"; for instance etaH=0\.02$/m],
    ["etaH=", /^crh twopoint theory: expected etaH to be a number, got ""; /],
    ["etaH=1 etah=2", /^crh twopoint theory: expected etaH once, got it twice; give it once$/m],
    ["etaH", /^crh twopoint theory: expected key=value, got "etaH"; for instance etaH=0\.02$/m],
    ["h0=0", /^crh twopoint theory: expected h0 above 0, got 0; /],
    ["y0=-1", /^crh twopoint theory: expected y0 of at least 0, got -1; it is a squared distance$/m],
    ["w0=-1", /^crh twopoint theory: expected w0 from -0\.00222\d* to 0\.00224\d*, got -1; y0 - w0 is dy \. dy\*/],
    ["dx2=-1", /^crh twopoint theory: expected dx2 above 0, got -1; /],
    ["points=1", /^crh twopoint theory: expected a whole number of points from 2 to 1000000, got 1; /],
    ["--system other", /^crh twopoint theory: expected one of theory, .* as --system, got other;/],
  ])("refuses %s in one line", async (words, line) => {
    const { code, out, err } = await crh(`theory ${words}`);
    expect([code, out]).toEqual([2, ""]);
    expect(err).toMatch(line);
    expect(err.trim().split("\n").length).toBe(1);
  });
});

describe("crh twopoint fit", () => {
  test("prints the rates of every layer as JSON", async () => {
    const { code, out, err } = await crh("fit @both.csv --dx2 1 --dy2 0.5 --json");
    expect([code, err]).toEqual([0, ""]);
    const { layers } = JSON.parse(out) as { layers: LayerFit[] };
    expect(layers.map(({ layer }) => layer)).toEqual([0, 1]);
    const [first] = layers;
    expect(first!.status).toBe("ok");
    expect(first!.etaH.value! / 0.018).toBeCloseTo(1, 6);
    expect(first!.etaH.interval![0]).toBeLessThan(0.018);
    expect(first!.r2.w).toBeCloseTo(1, 9);
    expect(first!.finalDistance.predicted! / first!.finalDistance.measured!).toBeCloseTo(1, 6);
    expect(first!.regime).toBe("rich");
  });

  test("prints a row a layer that fits 80 and 100 columns", async () => {
    for (const columns of [80, 100]) {
      const { out } = await crh("fit @both.csv --dx2 1 --dy2 0.5 --loss @loss.csv", columns);
      expect(out).toMatch(/^0 +0\.0180/m);
      expect(out).toMatch(/^Third rate, of the outputs' mean, from the loss: /m);
      for (const line of out.split("\n")) expect(line.length).toBeLessThanOrEqual(columns);
    }
  });

  test("fits one layer, and the third rate from the losses", async () => {
    const { out } = await crh("fit @both.csv --dx2 1 --dy2 0.5 --layer 0 --loss @loss.csv --json");
    const { layers } = JSON.parse(out) as { layers: LayerFit[] };
    expect(layers.map(({ layer }) => layer)).toEqual([0]);
    expect(layers[0]!.loss!.etaYbar! / 0.01).toBeCloseTo(1, 4);
    expect(layers[0]!.loss!.r2).toBeCloseTo(1, 8);
  });

  test.each([
    ["others.csv", "columns in another order, with a byte order mark, blanks and a column too many"],
    ["rows.npz", "arrays"],
    ["layers.npz", "arrays with a column a layer"],
  ])("reads %s: %s", async (name) => {
    const { out } = await crh(`fit @${name} --dx2 1 --dy2 0.5 --json`);
    const { layers } = JSON.parse(out) as { layers: LayerFit[] };
    expect(layers.map(({ layer }) => layer)).toEqual(name === "layers.npz" ? [0, 1] : [0]);
    expect(layers[0]!.etaH.value! / 0.018).toBeCloseTo(1, 6);
  });

  test("prints the layers that can be fitted, one line for the other, and fails", async () => {
    const { code, out, err } = await crh("fit @dead.csv --dx2 1 --dy2 0.5 --json");
    expect(code).toBe(1);
    const { layers } = JSON.parse(out) as { layers: LayerFit[] };
    expect(layers.map(({ status }) => status)).toEqual(["ok", layers[1]!.status, "unusable"]);
    expect(err).toMatch(
      /^crh twopoint fit: dead\.csv, layer 2: expected dh2 above 0, got 0 at step 0; the theory divides by it, [^\n]*\n$/,
    );
  });

  test("fits the pair that is asked for", async () => {
    const { code, out } = await crh("fit @pairs.csv --pair 0-2 --layer 0 --dx2 1 --dy2 0.5 --json");
    expect(code).toBe(0);
    const alone = await crh("fit @both.csv --layer 0 --dx2 1 --dy2 0.5 --json");
    expect(JSON.parse(out)).toEqual(JSON.parse(alone.out));
  });

  test("says where nothing moves", async () => {
    const { code, out } = await crh("fit @still.csv --dx2 1 --dy2 0.5");
    expect(code).toBe(0);
    expect(out).toMatch(/no-movement$/m);
    expect(out).toMatch(/^Layer 2: Nothing changes, so the rates are undetermined\.$/m);
  });

  test.each([
    [
      "@nan.csv",
      1,
      /^crh twopoint fit: nan\.csv: expected a number for dh2 in row 21, got "nan"; leave such rows out$/m,
    ],
    [
      "@blank.csv",
      1,
      /^crh twopoint fit: blank\.csv: expected a number for dh2 in row 21, got ""; leave such rows out$/m,
    ],
    [
      "@torn.csv",
      1,
      /^crh twopoint fit: torn\.csv: expected 5 values in row \d+, got \d; the file may be cut off, write it again$/m,
    ],
    [
      "@zero.csv",
      1,
      /^crh twopoint fit: zero\.csv, layer 2: expected dh2 above 0, got 0 at step 30; the theory divides by it/,
    ],
    [
      "@nine.csv",
      1,
      /^crh twopoint fit: nine\.csv, layer 0: expected at least 10 points, got 9; record the distances more often$/m,
    ],
    [
      "@unsorted.csv",
      1,
      /^crh twopoint fit: unsorted\.csv, layer 0: expected ascending steps, got 0 after 390; sort the rows$/m,
    ],
    [
      "@empty.csv",
      1,
      /^crh twopoint fit: empty\.csv: expected a CSV with columns step, dh2, dy2, w, got an empty file$/m,
    ],
    [
      "@header.csv",
      1,
      /^crh twopoint fit: header\.csv: expected rows of numbers, got none below the header; record some steps$/m,
    ],
    [
      "@missing.csv",
      1,
      /^crh twopoint fit: missing\.csv: expected a column w, got "step,layer,dh2,dy2"; name it in the first line$/m,
    ],
    [
      "@twice.csv",
      1,
      /^crh twopoint fit: twice\.csv: expected (one column dh2, got two; rename one of them|a column dy2)/,
    ],
    [
      "@bytes.csv",
      1,
      /^crh twopoint fit: bytes\.csv: expected a CSV in UTF-8 or an npz, got other bytes; save the table as CSV$/m,
    ],
    ["@without.npz", 1, /^crh twopoint fit: without\.npz: expected an array dy2, got "step, dh2, w"/],
    [
      "@nowhere.csv",
      1,
      /^crh twopoint fit: expected a file that can be used at .*nowhere\.csv, got none \(ENOENT\); check the path$/m,
    ],
    [
      "@semicolons.csv",
      1,
      /^crh twopoint fit: semicolons\.csv: expected a column step, got "step;dh2;dy2;w"; separate columns by commas$/m,
    ],
    ["@none.npz", 1, /^crh twopoint fit: none\.npz: expected arrays with values, got empty ones; record some steps$/m],
    [
      "@pairs.csv",
      1,
      /^crh twopoint fit: pairs\.csv: expected one pair of points, got 2: "?0-1, 0-2"?; choose one by --pair/,
    ],
    [
      "@pairs.csv --pair 1-2",
      1,
      /^crh twopoint fit: pairs\.csv: expected a pair of the file for --pair, got "1-2"; it has/,
    ],
    [
      "@both.csv --pair 0-1",
      1,
      /^crh twopoint fit: both\.csv: expected a column pair for --pair 0-1, got none; leave --pair out$/m,
    ],
    ["@both.csv --layer 5", 2, /^crh twopoint fit: expected a layer of both\.csv, got "5"; known: 0, 1$/m],
    [
      "@both.csv --loss @both.csv",
      1,
      /^crh twopoint fit: both\.csv: expected a column loss, got "step,layer,dh2,dy2,w"; name it in /,
    ],
  ])("refuses %s in one line", async (words, expected, line) => {
    const { code, out, err } = await crh(`fit ${words} --dx2 1 --dy2 0.5 --json`);
    expect([code, out]).toEqual([expected, ""]);
    expect(err).toMatch(line);
    expect(err.trim().split("\n").length).toBe(1);
  });

  test.each(["0", "-1", "x", "", "Infinity"])("refuses a distance of %j", async (value) => {
    const io = testIo();
    const words = ["twopoint", "fit", join(dir, "both.csv"), `--dx2=${value}`, "--dy2", "0.5"];
    expect(await main(words, io)).toBe(2);
    expect(io.err()).toMatch(
      /^crh twopoint fit: expected --dx2 above 0, got "[^"]*"; it is the squared distance of the two/,
    );
  });
});
