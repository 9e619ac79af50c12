/** @file Starts the page of the lab at the view in the address. */
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { paletteVariables } from "../figures/palette.ts";
import { App } from "./App.tsx";
import { enterSession } from "./source/httpSource.ts";
import "./style.css";

/** The hues of all figures come from src/figures/palette.ts. */
const hues = document.createElement("style");
hues.textContent =
  `:root{${paletteVariables("light")}}` +
  `@media (prefers-color-scheme:dark){:root:not([data-theme=light]){${paletteVariables("dark")}}}` +
  `:root[data-theme=dark]{${paletteVariables("dark")}}`;
document.head.append(hues);

await enterSession();
createRoot(document.getElementById("lab")!).render(
  <StrictMode>
    <App />
  </StrictMode>,
);
