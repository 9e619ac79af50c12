/** @file A page that trains and measures, as a user of crh-lab would write it; the test calls what it leaves on the window. */
import { buildExperiment, renderReport, settings, snapshot, train, webEngine } from "crh-lab/browser";
import * as ort from "onnxruntime-web/wasm";
import { lossFigure } from "../../../src/figures/loss.ts";
import { recorded } from "../recorded.ts";

const engine = webEngine(ort);

window.names = settings.map(({ name }) => name);
window.record = (given, steps) => recorded({ engine, buildExperiment, train, snapshot }, given, steps);
window.draw = (metrics) => lossFigure(metrics).svg;
window.report = renderReport;
