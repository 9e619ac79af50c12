/**
 * @file Numbers as text: typographic minus signs, grouped thousands as in the terminal, durations in words. Independent
 * of locale and time zone.
 */

/** The number with a fixed number of decimals. */
export function fixed(value: number, decimals = 3): string {
  const text = Math.abs(value).toFixed(decimals);
  return value < 0 && Number(text) !== 0 ? `−${text}` : text;
}

/**
 * The number in scientific notation with two digits where it is very large or small: 3.6e6, 4.8e−4.
 */
export function scientific(value: number): string {
  return value.toExponential(1).replace("+", "").replaceAll("-", "−");
}

/** An integer in groups of three digits: 100,000. */
export function grouped(value: number): string {
  return String(value).replace(/\B(?=(\d{3})+(?!\d))/g, ",");
}

/** The number with three significant digits. */
export function brief(value: number): string {
  return String(Number(value.toPrecision(3))).replaceAll("-", "−");
}

/** 3.2 s, 4 min 10 s, 2 h 5 min. */
export function duration(milliseconds: number): string {
  const seconds = milliseconds / 1000;
  if (seconds < 60) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${whole % 60} s`;
  return `${Math.floor(whole / 3600)} h ${Math.floor((whole % 3600) / 60)} min`;
}

/** 2026-03-01 14:05 UTC, from ISO 8601; other text stays as it is. */
export function dateTime(iso: string): string {
  const found = /^(\d{4}-\d\d-\d\d)T(\d\d:\d\d)(?::[\d.]+)?Z$/.exec(iso);
  return found ? `${found[1]} ${found[2]} UTC` : iso;
}

/** "a", "a and b", "a, b and c". */
export function listed(items: readonly string[]): string {
  return items.length < 2 ? items.join("") : `${items.slice(0, -1).join(", ")} and ${items.at(-1)}`;
}

/** "1 layer", "6 layers". */
export function counted(count: number, noun: string): string {
  return `${grouped(count)} ${noun}${count === 1 ? "" : "s"}`;
}
