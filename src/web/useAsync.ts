/** @file Something that a view reads: not there yet, the value, or the error. */
import { useEffect, useRef, useState } from "react";

export interface Loaded<T> {
  readonly value?: T;
  readonly error?: Error;
  readonly isLoading: boolean;
}

/**
 * Reads again when the key changes; the earlier value stays until the next one arrives.
 *
 * @param key names what is read; undefined if there is nothing to read
 */
export function useAsync<T>(key: string | undefined, read: () => Promise<T>): Loaded<T> {
  const [loaded, setLoaded] = useState<Loaded<T>>({ isLoading: key !== undefined });
  const latest = useRef(read);
  latest.current = read;
  useEffect(() => {
    if (key === undefined) return;
    let isCurrent = true;
    setLoaded((before) => ({ ...before, isLoading: true }));
    latest.current().then(
      (value) => isCurrent && setLoaded({ value, isLoading: false }),
      (error: Error) => isCurrent && setLoaded({ error, isLoading: false }),
    );
    return () => {
      isCurrent = false;
    };
  }, [key]);
  return loaded;
}
