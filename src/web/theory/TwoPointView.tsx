export default function TwoPointView() {
  return <p className="missing">not yet</p>;
}
