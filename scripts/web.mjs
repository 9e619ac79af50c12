/**
 * @file Builds the page of the lab (src/web) into dist/web-page, after src/ was compiled: the page's script of values
 * under the pointer is the report's, taken from there. Figures of the studies and the documents go beside it.
 */
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { build } from "vite";
import { writeDocuments } from "./documents.mjs";
import { copyReproductions } from "./reproductions.mjs";
import { root } from "./setup.mjs";

const { tipScript } = await import(pathToFileURL(join(root, "dist", "report", "tipScript.js")).href);

/** A file of the page beside those that are bundled. */
const tips = {
  name: "crh-tips",
  transformIndexHtml: () => [{ tag: "script", attrs: { src: "./tips.js", defer: true }, injectTo: "head" }],
  generateBundle() {
    this.emitFile({ type: "asset", fileName: "tips.js", source: `{${tipScript}}` });
  },
};

const outDir = join(root, "dist", "web-page");
await build({
  configFile: false,
  root: join(root, "src", "web"),
  base: "./",
  logLevel: "warn",
  plugins: [tips],
  resolve: { conditions: ["browser"] },
  worker: { format: "es" },
  build: {
    outDir,
    emptyOutDir: true,
    target: "es2023",
    assetsInlineLimit: 0,
    chunkSizeWarningLimit: 1000,
  },
});
await copyReproductions(outDir);
await writeDocuments();
