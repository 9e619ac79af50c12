/** @file A formula of docs/theory.md with its number, typeset as in the report. */
export function Equation({ of }: { readonly of: string }) {
  // biome-ignore lint/security/noDangerouslySetInnerHtml: a constant of src/report/equations.ts
  return <p className="theory-equation" dangerouslySetInnerHTML={{ __html: of }} />;
}
