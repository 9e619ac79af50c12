import { describe, expect, test } from "vitest";
import { shortenRunName, undatedRunName } from "../../src/cli/shortRunName.ts";
import { dimmer, renderTable, shorten, shortenName } from "../../src/cli/table.ts";
import { printable } from "../../src/formats/printable.ts";
import { formatBytes, formatCount, formatDuration, formatQuantity, formatRate } from "../../src/formats/quantities.ts";

describe("a table", () => {
  const columns = [
    { header: "name", shrinkTo: 6 },
    { header: "value", align: "right" as const },
  ];

  test("aligns names left and numbers right", () => {
    expect(
      renderTable(columns, [
        ["a", "1"],
        ["long name", "12.5"],
      ]),
    ).toBe("name       value\na              1\nlong name   12.5\n");
  });

  test("shortens names, never numbers, to fit the width", () => {
    const text = renderTable(columns, [["blocks.3.mlp.up", "123456"]], { width: 16 });
    expect(text).toBe("name       value\nblo…p.up  123456\n");
    expect(renderTable(columns, [["blocks.3.mlp.up", "123456"]], { width: 3 })).toContain("123456");
  });

  test("leaves out what it can do without, the highest number first, and only where it has to", () => {
    const many = [...columns, { header: "seed", dispensable: 1 }, { header: "rate", dispensable: 2 }];
    const headerAt = (width: number) =>
      renderTable(many, [["blocks.3.mlp.up", "123456", "7", "8"]], { width }).split("\n")[0]!;
    expect(headerAt(26).split(/ +/)).toEqual(["name", "value", "seed", "rate"]);
    expect(headerAt(25).split(/ +/)).toEqual(["name", "value", "seed"]);
    expect(headerAt(19).split(/ +/)).toEqual(["name", "value"]);
    expect(headerAt(3).split(/ +/)).toEqual(["name", "value"]);
  });

  test("makes the header quiet on request", () => {
    expect(renderTable(columns, [], { dim: dimmer(true) })).toBe("\u001b[2mname  value\u001b[22m\n");
    expect(renderTable(columns, [], { dim: dimmer(false) })).toBe("name  value\n");
  });

  test("does not pass on what a terminal would obey", () => {
    expect(renderTable(columns, [["a\u001b[2Jb\n", "1"]])).toContain("a·[2Jb·");
    expect(printable("a\u202eb\u0007")).toBe("a·b·");
  });
});

test("a run's name loses its year, then its date, and keeps setting and digits", () => {
  const id = "2026-11-29-fc2-9db5f0";
  expect(shortenRunName(id, 21)).toBe(id);
  expect(shortenRunName(id, 20)).toBe("11-29-fc2-9db5f0");
  expect(shortenRunName(id, 12)).toBe("fc2-9db5f0");
  expect(shortenRunName("2026-11-29-my-own-1a2b3c", 13)).toBe("my-own-1a2b3c");
  expect(shortenRunName("a folder of my own", 9)).toBe("a fo… own");
  expect(undatedRunName("2026-11-29-fc2")).toBe("2026-11-29-fc2");
});

test("a shortened name keeps both ends", () => {
  expect(shorten("blocks.3.mlp.up", 9)).toBe("bloc…p.up");
  expect(shorten("short", 5)).toBe("short");
  expect(shorten("abc", 1)).toBe("…");
  expect(shortenName("transformer.h.0.attn.c_attn", 18)).toBe("t.h.0.attn.c_attn");
  expect(shortenName("transformer.h.11.attn.heads[3]", 16)).toBe("t.h.11.…heads[3]");
  expect(shortenName("transformer.h.11.attn.heads[3]", 18)).toBe("t.h.11.a.heads[3]");
  expect(shortenName("lm_head", 18)).toBe("lm_head");
  expect(shorten("abc", 0)).toBe("");
});

test.each([
  [400, "0.4 s"],
  [9_949, "9.9 s"],
  [9_960, "10 s"],
  [59_499, "59 s"],
  [59_600, "1 min 00 s"],
  [200_000, "3 min 20 s"],
  [3_899_000, "1 h 05 min"],
  [183_600_000, "2 d 3 h"],
])("%d ms reads %s", (durationMs, text) => expect(formatDuration(durationMs)).toBe(text));

test("numbers keep a readable length", () => {
  expect(formatCount(1234567)).toBe("1,234,567");
  expect([0.414, 12.34, 99.96, 1240.4].map(formatRate)).toEqual(["0.41", "12.3", "100.0", "1,240"]);
  expect([0, 0.31214, 1.2e-7, 2.5e9, Number.NaN].map(formatQuantity)).toEqual([
    "0.000",
    "0.3121",
    "1.200e-7",
    "2.500e+9",
    "NaN",
  ]);
  expect([12, 3400, 5.6e6, 7.89e9].map(formatBytes)).toEqual(["12 bytes", "3.4 kB", "5.6 MB", "7.9 GB"]);
});
