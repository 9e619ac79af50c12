/** @file Layouts of other programs: checksums and event files byte for byte as TensorBoard writes them, charts as W&B. */
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { ChartCsv } from "../../src/tables/layouts/chartCsv.ts";
import { crc32c, maskedCrc32c } from "../../src/tables/layouts/crc32c.ts";
import { fileVersionRecord, scalarRecord } from "../../src/tables/layouts/tensorboardEvents.ts";

describe("CRC-32C", () => {
  test("has the check values of RFC 3720, B.4", () => {
    expect(crc32c(new TextEncoder().encode("123456789"))).toBe(0xe3069283);
    expect(crc32c(new Uint8Array(32))).toBe(0x8a9136aa);
    expect(crc32c(new Uint8Array(32).fill(255))).toBe(0x62a8ab43);
    expect(crc32c(Uint8Array.from({ length: 32 }, (_, i) => i))).toBe(0x46dd794e);
    expect(maskedCrc32c(new Uint8Array())).toBe(0xa282ead8);
  });
});

describe("event files", () => {
  test("are those of TensorBoard's own writer, byte for byte", () => {
    const reference = JSON.parse(readFileSync(new URL("tensorboard.reference.json", import.meta.url), "utf8")) as {
      wallTime: number;
      events: [step: number, values: Record<string, number>][];
      hex: string;
    };
    const { wallTime } = reference;
    const records = reference.events.map(([step, values]) =>
      scalarRecord({ wallTime, step, scalars: Object.entries(values).map(([tag, value]) => ({ tag, value })) }),
    );
    const bytes = Buffer.concat([fileVersionRecord(wallTime), ...records]);
    expect(bytes.toString("hex")).toBe(reference.hex);
  });
});

describe("the CSV of a chart", () => {
  test("has a column Step and three columns a run and quantity, every cell in quotation marks", () => {
    const chart = new ChartCsv();
    chart.add("one", [
      { step: 0, name: "loss", value: 1 },
      { step: 10, name: "loss", value: 0.5 },
      { step: 10, name: "lr", value: 0.1 },
    ]);
    chart.add('t"wo', [
      { step: 5, name: "loss", value: 9 },
      { step: 5, name: "loss", value: 2 },
    ]);
    expect([...chart.lines()].join("")).toBe(
      [
        '"Step","one - loss","one - loss__MIN","one - loss__MAX","t""wo - loss","t""wo - loss__MIN","t""wo - loss__MAX","one - lr","one - lr__MIN","one - lr__MAX"',
        '"0","1","1","1","","","","","",""',
        '"5","","","","2","2","2","","",""',
        '"10","0.5","0.5","0.5","","","","0.1","0.1","0.1"',
        "",
      ].join("\n"),
    );
    expect(chart.count).toBe(4);
  });
});
