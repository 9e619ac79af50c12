export default function RunsView() {
  return <p className="missing">not yet</p>;
}
