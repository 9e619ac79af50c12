/** The figure of watched quantities and its section in a report. */
import { parseHTML } from "linkedom";
import { describe, expect, test } from "vitest";
import { watchedFigure } from "../../src/figures/watched.ts";
import { WATCHED_SCHEMA, watchedCourse, watchedNumber } from "../../src/findings/watchedRecord.ts";
import { renderReport, reportFigures } from "../../src/report/report.ts";
import { plantedRun, plantedSteps } from "./planted.ts";

const falling = plantedSteps.map((step) => ({ step, value: 1 / (1 + step) }));
const options = { axis: "charge", log: true, expected: [{ meaning: "at rest", value: 0.01 }] };

describe("watchedFigure", () => {
  test("draws a line for each quantity and a dashed one for what is expected, with every value in the table", () => {
    const ends = falling.map(({ step, value }) => ({ step, value: step === 0 ? 0 : value }));
    const figure = watchedFigure(
      [
        { name: "C", points: falling },
        { name: "D", points: ends },
      ],
      options,
    )!;
    expect(figure.panels[0]!.match(/aria-label="[CD]"/g)).toEqual(['aria-label="C"', 'aria-label="D"']);
    expect(figure.legendParts.join()).toMatch(/C.*D.*at rest/);
    expect(figure.svg).not.toMatch(/NaN|Infinity/);
    expect(figure.csv.trim().split("\n")).toHaveLength(1 + 2 * plantedSteps.length);
  });

  test("takes a linear axis where nothing is above 0, and is not there without values", () => {
    const below = watchedFigure(
      [
        {
          name: "C",
          points: [
            { step: 0, value: -1 },
            { step: 9, value: 0 },
          ],
        },
      ],
      options,
    )!;
    expect(below.svg).toContain(">−1<");
    expect(watchedFigure([{ name: "C", points: [] }], options)).toBeUndefined();
    expect(watchedFigure([{ name: "C", points: [{ step: 0, value: 2 }] }], options)!.svg).toContain("<circle");
  });

  test("keeps to thirty decades", () => {
    const figure = watchedFigure(
      [
        {
          name: "C",
          points: [
            { step: 0, value: 1 },
            { step: 1, value: 1e-90 },
          ],
        },
      ],
      options,
    )!;
    expect(figure.svg).not.toContain("1e−60");
  });
});

test("a report has a section for each group of watched quantities, with what they are", () => {
  const run = plantedRun({ d: 12, names: ["layers.0"] });
  const groups = [
    {
      ...{ title: "Charge", axis: "u² − w²", log: true, expected: [] },
      quantities: [{ name: "C", meaning: "u² − w² <of> the run" }],
    },
    { title: "Product", axis: "uw", log: false, expected: [], quantities: [{ name: "uw", meaning: "their product" }] },
  ];
  const metrics = [...run.metrics, ...falling.map(({ step, value }) => ({ step, name: "watch/C", value }))];
  const data = { ...run, metrics, watched: { schema: WATCHED_SCHEMA, groups } } as const;
  const { document } = parseHTML(renderReport(data));
  const [charge, product] = [...document.querySelectorAll("figure")].filter((figure) =>
    /Charge|Product/.test(figure.querySelector("h3")?.textContent ?? ""),
  );
  expect(charge!.textContent).toContain("C: u² − w² <of> the run");
  expect(product!.textContent).toContain("The run recorded no value.");
  expect(document.querySelector("#summary")!.textContent).toContain("Watched: C 1.0e−5 (was 1); see their figures.");
  expect(reportFigures(data).map(({ name }) => name)).toContain("02-watched-1");
});

test("a course is in order of steps, and small numbers are written as powers of ten", () => {
  const rows = [5, 0, 3].map((step) => ({ step, name: "watch/C", value: step }));
  expect(watchedCourse([...rows, { step: 1, name: "lr", value: 1 }], "C").map(({ step }) => step)).toEqual([0, 3, 5]);
  expect([watchedNumber(0), watchedNumber(1.2345), watchedNumber(-2e-7)]).toEqual(["0", "1.23", "−2.0e−7"]);
});
