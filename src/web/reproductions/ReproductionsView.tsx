export default function ReproductionsView() {
  return <p className="missing">not yet</p>;
}
