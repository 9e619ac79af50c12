/** @file A document for the tests that draw; it is made when one does, so that the others do not wait for it. */
import { createRequire } from "node:module";
import { drawOn, type SvgDocument } from "../src/figures/svgDocument.ts";

const require = createRequire(import.meta.url);
let shared: SvgDocument | undefined;

drawOn(() => {
  shared ??= require("linkedom").parseHTML("<!doctype html><html><body></body></html>").document as SvgDocument;
  return shared;
});
