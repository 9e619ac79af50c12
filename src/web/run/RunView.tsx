/** @file The view of a run of the server: "#/run/ID". */
import type { Route } from "../route.ts";
import { httpSource } from "../source/httpSource.ts";
import { RunPage } from "./RunPage.tsx";

export default function RunView({ route }: { readonly route: Route }) {
  const id = route.path[1];
  if (id === undefined) return <p className="missing">The address names no run; expected #/run/ID.</p>;
  return <RunPage key={id} source={httpSource} id={id} isServed />;
}
