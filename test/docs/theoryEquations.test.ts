import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";

const root = join(import.meta.dirname, "..", "..");

/**
 * What a page shows of each equation of docs/theory.md: its title, the formula with what leads to it, and its letters.
 */
function equationsModule(theory: string): string {
  const entries = [...theory.matchAll(/^### Eq\. (\d+): (.*)\n\n((?:(?!#{2,3} ).*\n)*)/gm)].map(
    ([, number, title, body = ""]) => {
      const [, lead = "", formula = "", letters = ""] =
        /^((?:(?! {4}).*\n)*?)\n?((?: {4}.*\n|\n(?= {4}))+)\n?((?:(?![-|*#]).+\n)*)/.exec(body) ?? [];
      const fields = {
        title: `Eq. ${number}: ${title}`,
        lead: joined(lead),
        formula: unindented(formula),
        letters: joined(letters),
      };
      return `  ${number}: ${JSON.stringify(fields)},\n`;
    },
  );
  return `/**
 * @file The equations of docs/theory.md as pages show them. Written by test/docs/theoryEquations.test.ts (vitest -u)
 * and not by hand.
 */

export interface TheoryEquation {
  readonly title: string;
  /** What stands before the formula, "" where nothing does. */
  readonly lead: string;
  readonly formula: string;
  /** What its letters are, "" where the formula says so. */
  readonly letters: string;
}

export const theoryEquations: Readonly<Record<number, TheoryEquation>> = {
${entries.join("")}};
`;
}

function joined(lines: string): string {
  return lines.trim().replaceAll("\n", " ");
}

function unindented(lines: string): string {
  return lines.trimEnd().replaceAll(/^ {4}/gm, "");
}

it("pages show the equations that docs/theory.md has", async () => {
  const theory = readFileSync(join(root, "docs", "theory.md"), "utf8");
  await expect(equationsModule(theory)).toMatchFileSnapshot(join(root, "src", "report", "theoryEquations.ts"));
});
