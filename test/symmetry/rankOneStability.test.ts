import { describe, expect, it } from "vitest";
import { gram, identity, matrix } from "../../src/linalg/matrix.ts";
import { Random } from "../../src/random/random.ts";
import { rankOneSharpness } from "../../src/symmetry/rankOneStability.ts";
import { combined, normals } from "./cases.ts";

describe("rankOneSharpness", () => {
  it("is the trace of the Hessian by second differences, with residuals as large as the labels", () => {
    const random = new Random(1);
    const [n, dx, dy] = [40, 4, 3];
    const x = normals(random, n, dx);
    const y = normals(random, n, dy);
    const theta = normals(random, 1, dx + dy).data;
    const loss = (at: Float64Array) => {
      let sum = 0;
      for (let i = 0; i < n; i++) {
        let h = 0;
        for (let j = 0; j < dx; j++) h += at[dy + j]! * x.data[i * dx + j]!;
        for (let k = 0; k < dy; k++) sum += (at[k]! * h - y.data[i * dy + k]!) ** 2;
      }
      return sum / n;
    };
    // the loss is quadratic in each single parameter, so a wide difference is exact
    const second = theta.map((_, i) => {
      const moved = (by: number) => loss(theta.map((value, j) => value + (i === j ? by : 0)));
      return moved(1) - 2 * moved(0) + moved(-1);
    });
    const G = gram(x, "a");
    const found = rankOneSharpness(theta.slice(0, dy), theta.slice(dy), combined(1 / n, G, 0, G));
    expect(found / second.reduce((sum, value) => sum + value, 0)).toBeCloseTo(1, 12);
  });

  it("refuses sizes that do not fit", () => {
    expect(() => rankOneSharpness([1], [1], identity(2))).toThrow(
      "expected w of 2 values for an inputMoment of 2 rows",
    );
    expect(() => rankOneSharpness([1], [1, 1], matrix(2, 2, [1, 1, 0, 1]))).toThrow("expected a symmetric inputMoment");
  });
});
