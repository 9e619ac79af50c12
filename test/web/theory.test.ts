/**
 * @file The pages of the other theories: the curves of the two-point theory are those of `crh twopoint theory`, a
 * network that trains in the page is fitted as a run is, a penalty restores a symmetry at its critical value and takes
 * ranks, and noise takes a charge away that gradient descent keeps.
 */
import { readFileSync } from "node:fs";
import type { Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { main } from "../../src/cli/main.ts";
import { testIo } from "../cli/testIo.ts";
import { isSkipped, LabInBrowser } from "./lab.ts";

let lab: LabInBrowser;

beforeAll(async () => {
  if (isSkipped) return;
  lab = await LabInBrowser.start();
});

afterAll(async () => {
  await lab?.stop();
});

/** The rows behind the figure of that title. */
async function csvOf(page: Page, title: string): Promise<string[][]> {
  const block = page.locator("figure.block", { hasText: title });
  const [download] = await Promise.all([
    page.waitForEvent("download"),
    block.getByRole("button", { name: "CSV" }).click(),
  ]);
  const [, ...rows] = readFileSync(await download.path(), "utf8")
    .trim()
    .split("\n");
  return rows.map((row) => row.split(","));
}

/** Moves a slider by a key, as somebody without a mouse does. */
async function press(page: Page, label: string, key: string): Promise<void> {
  await page.getByLabel(label).focus();
  await page.keyboard.press(key);
}

describe.skipIf(isSkipped)("two points", () => {
  it("are drawn as crh twopoint theory has them, and end where Eq. 95 says", async () => {
    const constants = { h0: 0.05, y0: 0.001, etaH: 0.01, etaY: 0.06, dx2: 2, dy2: 0.8, time: 700 };
    const io = testIo();
    const words = Object.entries(constants).map(([key, value]) => `${key}=${value}`);
    expect(await main(["twopoint", "theory", ...words, "--json"], io), io.err()).toBe(0);
    const expected = JSON.parse(io.out()) as Record<"t" | "dh2" | "dy2" | "w", number[]>;
    const page = await lab.open(`/two-points?${words.join("&")}`);
    const rows = await csvOf(page, "H, Y and w by the theory");
    expect(rows).toHaveLength(expected.t.length);
    const column = (at: number) => rows.map((row) => Number(row[at]));
    const close = (found: number[], wanted: number[]) =>
      found.forEach((value, i) => {
        expect(Math.abs(value - wanted[i]!)).toBeLessThan(1e-9 * (1 + Math.abs(wanted[i]!)));
      });
    close(column(1), expected.t);
    close(column(2), expected.dh2);
    close(column(3), expected.dy2);
    close(column(4), expected.w);
    const end = Number(await page.locator("[data-final]").getAttribute("data-final"));
    expect(Math.abs(end - expected.dh2.at(-1)!)).toBeLessThan(0.01 * end);
    await page.context().close();
  });

  it("of a network that trains in the page are fitted, with the sentences of a run's report", async () => {
    const page = await lab.open("/two-points?steps=600&width=40&gain=0.9");
    await page.getByRole("button", { name: "Train" }).click();
    await page.locator("[data-state=finished]").waitFor({ timeout: 20_000 });
    await page.getByText(/^The theory holds in/).waitFor({ timeout: 15_000 });
    const said = await page.locator(".theory-finding").textContent();
    expect(said).toMatch(/^Hidden layer 2 (does not follow|follows) the two-point theory/);
    const rows = await csvOf(page, "the network over the theory");
    const measured = rows.filter(([of]) => of === "network");
    const theory = rows.filter(([of]) => of === "theory");
    expect(measured.length).toBeGreaterThan(500);
    expect(theory.length).toBeGreaterThan(100);
    // both begin at the same place
    expect(Math.abs(Number(theory[0]![2]) - Number(measured[0]![2]))).toBeLessThan(1e-3 * Number(measured[0]![2]));
    await page.context().close();
  });
});

describe.skipIf(isSkipped)("symmetry and noise", () => {
  it("show a broken symmetry below the critical penalty, and a whole one from it on", async () => {
    const page = await lab.open("/symmetry?loss=permutation&gamma=0.99");
    const place = page.locator("[data-critical]");
    expect(await place.getAttribute("data-critical")).toBe("4");
    expect(await place.getAttribute("data-below")).toBe("true");
    await press(page, "penalty γ over its critical value", "ArrowRight");
    await page.locator('[data-below="false"]').waitFor();
    expect(page.url()).toContain("gamma=1");
    const rows = await csvOf(page, "Loss under a penalty");
    const value = new Map(rows.filter(([of]) => of !== "loss").map(([, at, left]) => [Number(at), Number(left)]));
    expect([value.get(0), value.get(2), value.get(4), value.get(8)]).toEqual([1, 0.5, 0, 0]);
    await page.context().close();
  });

  it("takes a product of two maps rank by rank, as theory says, where decay is not towards a random point", async () => {
    const page = await lab.open("/symmetry?penalty=0.55");
    expect(await page.locator("[data-rank]").getAttribute("data-rank")).toBe("4");
    const section = page.locator("section", { hasText: "Rank by rank" });
    await section.getByRole("button", { name: "Train both" }).click();
    const said = section.locator("[data-plain]");
    await said.waitFor({ timeout: 60_000 });
    const read = async (name: string) => (await said.getAttribute(name))!.split(",").map(Number);
    const [plain, syre] = [await read("data-plain"), await read("data-syre")];
    for (const [i, s] of [2, 1.5, 1, 0.7].entries()) {
      expect(Math.abs(plain[i]! - (s - 0.55))).toBeLessThan(1e-3);
      expect(Math.abs(syre[i]! - (s - 0.55))).toBeLessThan(0.02);
    }
    expect(Math.max(...plain.slice(4))).toBeLessThan(1e-8);
    expect(Math.min(...syre.slice(4))).toBeGreaterThan(1e-6);
    const rows = await csvOf(page, "Singular values over the penalty");
    const third = rows.filter(([panel, curve]) => panel!.startsWith("on a linear") && curve === "theory 3");
    for (const [, , gamma, value] of third) expect(Number(value)).toBeCloseTo(1 - Number(gamma), 5);
    expect(Math.max(...third.map(([, , gamma]) => Number(gamma)))).toBeLessThan(1);
    await page.context().close();
  });

  it("keep a charge under gradient descent and lose it under SGD", async () => {
    const page = await lab.open("/symmetry?steps=3000&lr=0.03");
    const section = page.locator("section", { hasText: "Charges under" });
    await section.getByRole("button", { name: "Train both" }).click();
    await page.locator("[data-state=finished]").waitFor({ timeout: 20_000 });
    const said = page.locator("[data-sgd]");
    const [sgd, gd] = await Promise.all(
      ["data-sgd", "data-gd"].map(async (name) => Number(await said.getAttribute(name))),
    );
    expect(gd).toBeGreaterThan(0.9 * (2 ** 2 - 0.3 ** 2));
    expect(sgd).toBeLessThan(0.1 * gd!);
    const way = (await csvOf(page, "The path to noise balance")).filter(([name]) => name?.includes("SGD"));
    const [u, w] = way.at(-1)!.slice(-2).map(Number) as [number, number];
    expect(Math.abs(Math.abs(u) - Math.abs(w))).toBeLessThan(0.2);
    await page.context().close();
  });

  it("without an error on its console, and without another host", () => {
    expect(lab.errors).toEqual([]);
    expect(lab.elsewhere).toEqual([]);
  });
});
