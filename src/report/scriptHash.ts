/**
 * @file The hash of the page's script, by which its policy lets that script run and no other. Written by
 * test/report/scriptHash.test.ts (vitest -u) and not by hand: browsers compute SHA-256 asynchronously alone.
 */
export const scriptHash = "sha256-0RnSVihfGacnk0Ut5dd5B4oCuElmXVD/Mk+YhUsFvLg=";
