/** @file Saves a measurement made on the page: the report as a file, and the measures as JSON. */
import { type ReportData, renderReport } from "../../report/report.ts";

export function SaveAnalysis({ data, name }: { readonly data: ReportData; readonly name: string }) {
  const base = name.replace(/\.[A-Za-z]\w*$/, "").replace(/[^A-Za-z0-9.-]+/g, "-");
  return (
    <p className="open-row">
      <button type="button" onClick={() => save(`${base}.report.html`, renderReport(data), "text/html")}>
        Save the report
      </button>
      <button
        type="button"
        onClick={() => save(`${base}.json`, `${JSON.stringify(data.snapshots.at(-1))}\n`, "application/json")}
      >
        Save the measures (JSON)
      </button>
    </p>
  );
}

function save(name: string, text: string, type: string): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([text], { type }));
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
}
