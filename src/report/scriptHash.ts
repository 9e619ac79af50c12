/**
 * @file The hash of the page's script, the only one that the page's policy allows. Written by
 * test/report/scriptHash.test.ts (vitest -u), not by hand, because browsers compute SHA-256 only asynchronously.
 */
export const scriptHash = "sha256-0RnSVihfGacnk0Ut5dd5B4oCuElmXVD/Mk+YhUsFvLg=";
