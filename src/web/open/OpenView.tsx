export default function OpenView() {
  return <p className="missing">not yet</p>;
}
