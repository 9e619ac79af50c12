/** @file Light, dark, or the system's choice; kept for the next visit. */
import { useEffect, useState } from "react";

const themes = ["system", "light", "dark"] as const;
type Theme = (typeof themes)[number];
const KEY = "crh-lab-theme";

function stored(): Theme {
  try {
    return themes.find((one) => one === localStorage.getItem(KEY)) ?? "system";
  } catch {
    return "system"; // storage is denied
  }
}

export function ThemeButton() {
  const [theme, setTheme] = useState(stored);
  useEffect(() => {
    if (theme === "system") delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = theme;
    try {
      localStorage.setItem(KEY, theme);
    } catch {
      // the choice holds for this visit
    }
  }, [theme]);
  const next = themes[(themes.indexOf(theme) + 1) % themes.length]!;
  return (
    <button
      type="button"
      className="theme"
      onClick={() => setTheme(next)}
      title={`Colours: ${theme}; change to ${next}`}
    >
      {theme === "system" ? "◐" : theme === "light" ? "○" : "●"}
      <span className="unseen"> Colours: {theme}</span>
    </button>
  );
}
