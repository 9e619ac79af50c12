/** @file Importing this file gives figures a document in Node, made by linkedom. */
import { parseHTML } from "linkedom";
import { drawOn, type SvgDocument } from "../figures/svgDocument.ts";

let shared: SvgDocument | undefined;

drawOn(() => {
  shared ??= parseHTML("<!doctype html><html><body></body></html>").document as SvgDocument;
  return shared;
});
