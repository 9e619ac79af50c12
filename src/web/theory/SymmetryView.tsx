/**
 * @file Symmetry and noise: when penalties restore a symmetry of the loss, and where the noise of SGD leads along one
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
        A network’s parameters can change without changing its output. A penalty and the noise of the gradients choose
        among such parameters: the penalty makes neurons vanish, the noise balances layers.
      </p>
      <Landscape />
      <Rotation />
      <Charges />
    </>
  );
}
