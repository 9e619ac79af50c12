import { expect, test } from "vitest";
import { attentionOf, headPlace, layerNames } from "../../../src/measure/network/layerNames.ts";

const heads = (...names: string[]) => names.map((name) => ({ name, kind: "head" as const }));
const called = (...names: string[]) => [...layerNames(heads(...names)).values()];

test("a head is called by its block and number, whatever its record is named after", () => {
  expect(called("blocks.0.attn.MatMul_1[0]", "blocks.1.attn.MatMul_1[11]")).toEqual([
    "block 0, head 0",
    "block 1, head 11",
  ]);
  expect(called("transformer.h.0.attn.heads[3]", "transformer.h.10.attn.heads[0]")[1]).toBe("block 10, head 0");
  expect(called("layers.0[1]")).toEqual(["block 0, head 1"]);
});

test("where blocks do not tell attentions apart, modules do, else their whole names", () => {
  const own = ["decoder.0.self.MatMul[0]", "decoder.0.cross.MatMul[0]"];
  expect(called(...own)).toEqual(["block 0 self, head 0", "block 0 cross, head 0"]);
  const both = ["encoder.0.attn.MatMul[0]", "decoder.0.attn.MatMul[0]"];
  expect(called(...both)).toEqual(["encoder.0.attn, head 0", "decoder.0.attn, head 0"]);
  expect(called("a.0.attn.MatMul_1[0]", "a.0.attn.MatMul_2[0]")[1]).toBe("a.0.attn.MatMul_2, head 0");
  expect(called("MatMul_7[2]")).toEqual(["MatMul_7, head 2"]);
  expect(called("b.0.MatMul[0]", "b.0.MatMul[0]#2")).toEqual(["b.0.MatMul, head 0", "b.0.MatMul#2, head 0"]);
});

test("other layers, and heads whose names others have, keep theirs", () => {
  const layers = [
    { name: "block 0, head 0", kind: "linear" as const },
    { name: "x[0]", kind: "conv" as const },
  ];
  expect(layerNames([...layers, ...heads("b.0.MatMul[0]", "h1")]).size).toBe(0);
});

test("heads of a second call belong to it", () => {
  expect(headPlace("b.MatMul[3]#2")).toEqual({ attention: "b.MatMul#2", head: 3 });
  expect(headPlace("b.mlp")).toBeUndefined();
  expect(attentionOf("b.mlp")).toBe("b.mlp");
});
