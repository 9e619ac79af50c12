export default function RunView() {
  return <p className="missing">not yet</p>;
}
