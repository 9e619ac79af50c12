/**
 * @file Numbers and times as text for the terminal.
 */

/** 12345 as "12,345". */
export function formatCount(count: number): string {
  return Math.round(count).toLocaleString("en-US");
}

/** The number with a fixed number of decimals; zero has no sign: "0.00", not "-0.00". */
export function formatDecimals(value: number, decimals: number): string {
  return value.toFixed(decimals).replace(/^-(?=0\.?0*$)/, "");
}

/** Three significant digits, without an exponent unless needed: "1,240", "12.3", "0.41". */
export function formatRate(rate: number): string {
  if (rate >= 100) return formatCount(rate);
  return rate >= 10 ? rate.toFixed(1) : rate.toFixed(2);
}

/** A loss or another positive quantity in four significant digits: "0.3121", "1.200e-7". */
export function formatQuantity(value: number): string {
  if (!Number.isFinite(value)) return String(value);
  const size = Math.abs(value);
  if (size !== 0 && (size < 1e-4 || size >= 1e6)) return value.toExponential(3);
  return value.toPrecision(4);
}

/** "0.4 s", "47 s", "3 min 20 s", "1 h 05 min", "2 d 3 h". */
export function formatDuration(durationMs: number): string {
  const seconds = durationMs / 1000;
  if (seconds < 9.95) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${String(whole % 60).padStart(2, "0")} s`;
  const minutes = Math.round(whole / 60);
  if (minutes < 1440) return `${Math.floor(minutes / 60)} h ${String(minutes % 60).padStart(2, "0")} min`;
  const hours = Math.round(minutes / 60);
  return `${Math.floor(hours / 24)} d ${hours % 24} h`;
}

/** "3.2 GB", powers of 1000. */
export function formatBytes(bytes: number): string {
  if (bytes >= 1e9) return `${(bytes / 1e9).toFixed(1)} GB`;
  if (bytes >= 1e6) return `${(bytes / 1e6).toFixed(1)} MB`;
  return bytes >= 1e3 ? `${(bytes / 1e3).toFixed(1)} kB` : `${bytes} bytes`;
}
