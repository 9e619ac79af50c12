/**
 * @file The address holds the whole view after the #: a path and parameters, "#/run/ID?step=100". A link shows the same
 * view, and the browser's back button returns to the previous one.
 */
import { useCallback, useSyncExternalStore } from "react";

export interface Route {
  /** Parts of the path: ["run", "2026-..."]. */
  readonly path: readonly string[];
  readonly params: URLSearchParams;
}

/** The address of a view. Undefined and empty values are left out. */
export function href(
  path: readonly string[],
  params: Readonly<Record<string, string | readonly string[] | undefined>> = {},
): string {
  const query = new URLSearchParams();
  for (const [key, value] of Object.entries(params))
    for (const one of typeof value === "string" ? [value] : (value ?? [])) if (one !== "") query.append(key, one);
  const text = query.toString();
  return `#/${path.map(encodeURIComponent).join("/")}${text === "" ? "" : `?${text}`}`;
}

export function parseRoute(hash: string): Route {
  const [path = "", query = ""] = hash.replace(/^#\/?/, "").split(/\?(.*)/s);
  const parts = path.split("/").filter((part) => part !== "");
  return { path: parts.map(decoded), params: new URLSearchParams(query) };
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

const subscribe = (changed: () => void): (() => void) => {
  addEventListener("hashchange", changed);
  return () => removeEventListener("hashchange", changed);
};

let known = { hash: "", route: parseRoute("") };
const currentRoute = (): Route => {
  if (location.hash !== known.hash) known = { hash: location.hash, route: parseRoute(location.hash) };
  return known.route;
};

export const useRoute = (): Route => useSyncExternalStore(subscribe, currentRoute);

/**
 * A parameter of the address, and its setter. Setting it replaces the history entry, so that a slider leaves no trail.
 */
export function useParam(name: string, initial = ""): [string, (value: string) => void] {
  const { params } = useRoute();
  const set = useCallback(
    (value: string) => setParams({ [name]: value === initial ? undefined : value }),
    [name, initial],
  );
  return [params.get(name) ?? initial, set];
}

/** Changes parameters of the address. Undefined removes one; a list gives one several values. */
export function setParams(changes: Readonly<Record<string, string | readonly string[] | undefined>>): void {
  const { path, params } = currentRoute();
  const next = new URLSearchParams(params);
  for (const [key, value] of Object.entries(changes)) {
    next.delete(key);
    for (const one of typeof value === "string" ? [value] : (value ?? [])) next.append(key, one);
  }
  const text = next.toString();
  const hash = `#/${path.map(encodeURIComponent).join("/")}${text === "" ? "" : `?${text}`}`;
  if (hash === location.hash) return;
  history.replaceState(null, "", hash);
  dispatchEvent(new HashChangeEvent("hashchange"));
}
