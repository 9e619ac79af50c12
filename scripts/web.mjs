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

/**
 * Plot moves lines by half a pixel on screens of one pixel to a pixel, where values are then read off wrongly: figures
 * are the same on every screen, and those of Node.
 */
const plotStyle = /[\\/]@observablehq[\\/]plot[\\/]src[\\/]style\.js$/;
const unmoved = {
  name: "crh-plot-offset",
  transform: {
    filter: { id: plotStyle },
    handler(code) {
      const found = /export const offset = .*;/;
      if (!found.test(code))
        throw new Error("web: expected Plot's offset in its style.js, got none; look what it is now");
      return { code: code.replace(found, "export const offset = 0;"), map: null };
    },
  },
};

/**
 * Zod tries whether it may compile schemas, which the page's policy forbids: the trial is caught, and browsers report
 * it all the same. Its interpreter is as good for a page.
 */
const uncompiled = {
  name: "crh-zod-jitless",
  transform: {
    filter: { id: /[\\/]zod[\\/]v4[\\/]core[\\/]core\.js$/ },
    handler(code) {
      const found = "__zod_globalConfig = {}";
      if (!code.includes(found))
        throw new Error("web: expected Zod's settings in its core.js, got none; look where they are now");
      return { code: code.replace(found, "__zod_globalConfig = { jitless: true }"), map: null };
    },
  },
};

const outDir = join(root, "dist", "web-page");
await build({
  configFile: false,
  root: join(root, "src", "web"),
  base: "./",
  logLevel: "warn",
  plugins: [tips, unmoved, uncompiled],
  resolve: { conditions: ["browser"] },
  worker: { format: "es", plugins: () => [uncompiled] },
  build: {
    outDir,
    emptyOutDir: true,
    target: "es2023",
    assetsInlineLimit: 0,
    chunkSizeWarningLimit: 1000,
    rolldownOptions: { checks: { pluginTimings: false } },
  },
});
await copyReproductions(outDir);
await writeDocuments();
