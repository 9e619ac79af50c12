export default function SweepsView() {
  return <p className="missing">not yet</p>;
}
