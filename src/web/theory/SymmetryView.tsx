export default function SymmetryView() {
  return <p className="missing">not yet</p>;
}
