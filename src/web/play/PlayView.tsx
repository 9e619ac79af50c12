export default function PlayView() {
  return <p className="missing">not yet</p>;
}
