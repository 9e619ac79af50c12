/** @file Layers by their names, as --layers takes them. */

/** Whether a name is one of the globs: in "blocks.*.mlp.*" a star stands for any letters, a question mark for one. */
export function layerSelection(globs: readonly string[]): (name: string) => boolean {
  const patterns = globs.map((glob) => {
    const pattern = glob
      .replace(/[.+^${}()|[\]\\]/g, "\\$&")
      .replaceAll("*", ".*")
      .replaceAll("?", ".");
    return new RegExp(`^${pattern}$`);
  });
  return (name) => patterns.some((pattern) => pattern.test(name));
}
