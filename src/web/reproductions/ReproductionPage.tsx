/** @file One study: its figures, its claims, the score card and its runs. */
import type { ScoreRecord } from "../../studies/scoreRecord.ts";
import { Problem } from "../ErrorNote.tsx";
import { href } from "../route.ts";
import { useAsync } from "../useAsync.ts";
import { Dot } from "./Dot.tsx";
import { type ListedStudy, readJson } from "./listedStudy.ts";

export function ReproductionPage({ study }: { readonly study: ListedStudy | undefined }) {
  const folder = study?.words === undefined ? undefined : `reproductions/${study.folder}`;
  const { value, error } = useAsync(folder, () => readJson<ScoreRecord>(`${folder}/score.json`));
  if (study === undefined) return <Problem error={new Error("No study has this name.")} />;
  return (
    <section className="study">
      <p className="soft eyebrow">
        <a href={href(["reproductions"])}>Reproductions</a>, {study.name}
      </p>
      <h1>{study.title}</h1>
      <p className="finding">{study.words ?? "This study was not run."}</p>
      {error !== undefined && <Problem error={error} />}
      {value !== undefined && folder !== undefined && <Body record={value} folder={folder} />}
      <h2>Run it again</h2>
      <pre>
        crh reproduce {study.name}
        {value === undefined || value.size === "small" ? "" : ` --size ${value.size}`}
      </pre>
    </section>
  );
}

function Body({ record, folder }: { readonly record: ScoreRecord; readonly folder: string }) {
  return (
    <>
      {record.figures.map(({ name, caption }) => (
        <figure key={name} className="block">
          <div className="wide">
            <img className="raster" src={`${folder}/${name}.svg`} alt={caption} />
          </div>
          <figcaption>
            {caption}{" "}
            <a href={`${folder}/${name}.svg`} download>
              SVG
            </a>
          </figcaption>
        </figure>
      ))}
      <h2>Claim</h2>
      <p>{record.statement}</p>
      <p className="soft">{record.source}</p>
      <h2>Score card</h2>
      <ul className="claims">
        {record.claims.map((claim) => (
          <li key={claim.name}>
            <p className="claim">
              <Dot verdict={claim.verdict} /> {claim.statement}
            </p>
            <p>
              <b>{claim.verdict}</b>: {claim.numbers}
              {claim.because !== undefined && <span className="soft"> {claim.because}</span>}
            </p>
            <p className="soft small">
              {claim.figure}. Measured: {claim.measured}. It holds if {claim.threshold}.
            </p>
          </li>
        ))}
      </ul>
      {record.notes.length > 0 && (
        <>
          <h2>Notes</h2>
          <ul>
            {record.notes.map((note) => (
              <li key={note}>{note}</li>
            ))}
          </ul>
        </>
      )}
      {record.runs.length > 0 && (
        <details>
          <summary>
            {record.runs.length} {record.runs.length === 1 ? "run" : "runs"}
          </summary>
          <pre>{record.runs.map(({ command }) => command).join("\n")}</pre>
        </details>
      )}
    </>
  );
}
