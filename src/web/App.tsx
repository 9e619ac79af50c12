/** @file The frame of every view: navigation above, the view below. Each view is loaded when it is first opened. */
import { type ComponentType, useEffect, useRef, useState } from "react";
import { ErrorNote, Problem } from "./ErrorNote.tsx";
import { href, type Route, useRoute } from "./route.ts";
import { hasServer } from "./source/httpSource.ts";
import { ThemeButton } from "./ThemeButton.tsx";

type View = ComponentType<{ readonly route: Route }>;

interface Place {
  /** First part of the path. */
  readonly path: string;
  readonly title: string;
  /** Whether it needs a server with runs. */
  readonly ofServer: boolean;
  /** Whether the navigation lists it. */
  readonly isListed: boolean;
  readonly load: () => Promise<{ readonly default: View }>;
}

const places: readonly Place[] = [
  place("runs", "Runs", () => import("./runs/RunsView.tsx"), { ofServer: true }),
  place("run", "Run", () => import("./run/RunView.tsx"), { ofServer: true, isListed: false }),
  place("compare", "Compare", () => import("./compare/CompareView.tsx"), { ofServer: true }),
  place("sweeps", "Sweeps", () => import("./sweeps/SweepsView.tsx"), { ofServer: true }),
  place("play", "Playground", () => import("./play/PlayView.tsx")),
  place("two-points", "Two points", () => import("./theory/TwoPointView.tsx")),
  place("symmetry", "Symmetry and noise", () => import("./theory/SymmetryView.tsx")),
  place("open", "Open a file", () => import("./open/OpenView.tsx")),
  place("reproductions", "Reproductions", () => import("./reproductions/ReproductionsView.tsx")),
];

function place(path: string, title: string, load: Place["load"], { ofServer = false, isListed = true } = {}): Place {
  return { path, title, ofServer, isListed, load };
}

export function App() {
  const route = useRoute();
  const [isServed, setServed] = useState<boolean>();
  useEffect(() => void hasServer().then(setServed), []);
  const shown = places.filter(({ ofServer, isListed }) => isListed && (isServed !== false || !ofServer));
  const wanted = route.path[0] ?? (isServed === false ? "play" : "runs");
  const here = places.find(({ path }) => path === wanted);
  const view = useView(here); // loads while the server is asked
  const main = useRef<HTMLElement>(null);
  useEffect(() => {
    document.title = here === undefined ? "crh-lab" : `${[here.title, ...route.path.slice(1)].join(" ")} – crh-lab`;
  }, [here, route.path]);
  if (isServed === undefined) return null;
  return (
    <>
      <button type="button" className="skip" onClick={() => main.current?.focus()}>
        Skip to the content
      </button>
      <header className="bar">
        <a className="brand" href={href([])}>
          crh-lab
        </a>
        <nav aria-label="Rooms">
          {shown.map(({ path, title }) => (
            <a key={path} href={href([path])} aria-current={path === wanted ? "page" : undefined}>
              {title}
            </a>
          ))}
          <a href="docs/index.html">Docs</a>
        </nav>
        <ThemeButton />
      </header>
      <main id="main" ref={main} tabIndex={-1}>
        <ErrorNote key={wanted}>
          {here === undefined && <Unknown />}
          {here !== undefined && view === undefined && <p className="soft">Loading …</p>}
          {view?.View !== undefined && <view.View route={route} />}
          {view?.error !== undefined && <Problem error={view.error} />}
        </ErrorNote>
      </main>
    </>
  );
}

interface LoadedView {
  readonly place: Place;
  readonly View?: View;
  /** The reason why it could not be loaded. */
  readonly error?: Error;
}

/** The view of a place, once loaded. React's own `lazy` would delay it by 300 ms to avoid flicker. */
function useView(place: Place | undefined): LoadedView | undefined {
  const [loaded, setLoaded] = useState<LoadedView>();
  useEffect(() => {
    let isCurrent = true;
    place?.load().then(
      ({ default: View }) => isCurrent && setLoaded({ place, View }),
      (error: Error) => isCurrent && setLoaded({ place, error }),
    );
    return () => {
      isCurrent = false;
    };
  }, [place]);
  return loaded?.place === place ? loaded : undefined;
}

function Unknown() {
  return (
    <section>
      <h1>Nothing here</h1>
      <p className="missing">
        This view does not exist. <a href={href(["runs"])}>All runs</a>
      </p>
    </section>
  );
}
