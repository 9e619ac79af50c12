export default function CompareView() {
  return <p className="missing">not yet</p>;
}
