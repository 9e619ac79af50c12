/**
 * @file Symmetry and noise: where penalties restore a symmetry of the loss, and where the noise of SGD leads along one
 * (docs/theory.md Eqs. 100 to 109, 118, 119).
 */
import { Charges } from "./Charges.tsx";
import { Landscape } from "./Landscape.tsx";
import { Rotation } from "./Rotation.tsx";
import "./theory.css";

export default function SymmetryView() {
  return (
    <>
      <h1>Symmetry and noise</h1>
      <p>
        Networks have parameters that can be changed without a change of the output. A penalty and the noise of the
        gradients choose among them: one makes neurons vanish, the other balances layers.
      </p>
      <Landscape />
      <Rotation />
      <Charges />
    </>
  );
}
