import { expect, test } from "vitest";
import { citedEquations, equationAnchor, linkEquations, renderEquations } from "../../src/report/citations.ts";
import { theoryEquations } from "../../src/report/theoryEquations.ts";

test("citations in text are found, ranges filled in; those of a paper, in code, links, pictures and attributes are not", () => {
  expect(citedEquations("<p>A (Eq. 53), B (Eqs. 33 to 35, 86 and 87).</p>")).toEqual([33, 34, 35, 53, 86, 87]);
  expect(citedEquations("<p>The paper's Eq. 10, the paper&#39;s Eq. 11 and paper Eq. 12</p>")).toEqual([]);
  expect(
    citedEquations(
      '<code>Eq. 2</code><a href="#x">Eq. 3</a><svg><text>Eq. 4</text></svg><td data-label="Eq. 5">x</td>',
    ),
  ).toEqual([]);
  expect(citedEquations("Eq. 9999")).toEqual([]);
});

test("a citation links to where its equation stands, and stays text where it stands nowhere", () => {
  const anchorOf = (number: number) => (number === 53 ? equationAnchor(53) : undefined);
  expect(linkEquations("<p>Eqs. 53, 54</p>", anchorOf)).toBe('<p>Eqs. <a class="eq" href="#eq-53">53</a>, 54</p>');
});

test("the list has the equations by their anchors, escaped", () => {
  const html = renderEquations([52, 53]);
  expect(html).toContain('id="eq-53"');
  expect(html).toContain("sum_{i&lt;=k}");
  expect(html).toContain("2 equations");
  expect(html).not.toMatch(/<=|\*|`/);
  expect(renderEquations([])).toBe("");
});

test("every equation has a title and a formula", () => {
  for (const [number, { title, formula }] of Object.entries(theoryEquations)) {
    expect(title).toMatch(new RegExp(`^Eq\\. ${number}: \\S`));
    expect(formula).toMatch(/\S/);
  }
});
