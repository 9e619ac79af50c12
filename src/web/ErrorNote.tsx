/** @file States in one line what went wrong in a view; the rest of the page stays usable. */
import { Component, type ReactNode } from "react";

export class ErrorNote extends Component<{ readonly children: ReactNode }, { readonly error?: Error }> {
  override state: { readonly error?: Error } = {};

  static getDerivedStateFromError(error: Error) {
    return { error };
  }

  override render() {
    const { error } = this.state;
    return error === undefined ? this.props.children : <Problem error={error} />;
  }
}

/** An error in one line. */
export function Problem({ error }: { readonly error: Error }) {
  return (
    <p className="problem" role="alert">
      {error.message}
    </p>
  );
}
