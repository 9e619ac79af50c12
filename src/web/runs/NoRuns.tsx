/** @file Shown instead of the table while there are no runs. */
import { href } from "../route.ts";

export function NoRuns() {
  return (
    <section className="no-runs">
      <h1>No runs yet</h1>
      <p>
        A run is a folder that a command writes. It appears here as soon as it starts, and you can watch it train. In a
        terminal, in the folder in which you started the lab:
      </p>
      <pre>
        {`crh run fc2                     the paper's network of six layers, two minutes
crh run fc2 depth=3 decay=1e-3  with other parameters
crh sweep fc2 seed=0..4         five at once
crh analyze model.onnx --inputs x.npy --targets y.npy --loss cross-entropy
                                a model of your own`}
      </pre>
      <p>
        Or train a small network <a href={href(["play"])}>in this page</a>, or <a href={href(["open"])}>open a file</a>.
      </p>
    </section>
  );
}
