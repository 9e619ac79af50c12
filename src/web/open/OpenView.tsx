/**
 * @file Opens files dropped on the page: a report, moments, a run folder, a model with data. Everything is read and
 * measured in this browser; nothing is sent anywhere.
 */
import { type DragEvent, useEffect, useRef, useState } from "react";
import { grouped } from "../../findings/numbers.ts";
import type { AnalysisReport } from "../../report/reportData.ts";
import { Problem } from "../ErrorNote.tsx";
import { RunPage } from "../run/RunPage.tsx";
import type { FolderSource } from "../source/folderSource.ts";
import { ModelForm, type OpenedArrays } from "./ModelForm.tsx";
import type { ModelProgress, ModelRequest } from "./measureModel.ts";
import { chosenFiles, droppedFiles, type Picked } from "./pickedFiles.ts";
import { ReportFigures } from "./ReportFigures.tsx";
import { SaveAnalysis } from "./SaveAnalysis.tsx";
import "./open.css";
import { type Opened, useOpened } from "./useOpened.ts";

export default function OpenView() {
  const { opened, errors, busy, progress, take, clear, measure, stop } = useOpened();
  const { runs, report, moments, model, arrays, found } = opened;
  const isEmpty = !runs && !report && !moments && !model && arrays.size === 0;
  return (
    <>
      <h1>Open a file</h1>
      <p className="soft">
        A report, a moments file, a run folder, or an ONNX model with data. Everything is read and measured in this
        browser; nothing leaves this machine.
      </p>
      <DropZone take={take} clear={isEmpty ? undefined : clear} />
      <p role="status" className={busy === undefined ? "unseen" : "open-busy"}>
        {busy !== undefined && (
          <>
            <span>{progressWords(busy, progress)}</span>
            {progress !== undefined && <progress max={progress.of || 1} value={progress.done} aria-label="Progress" />}
            <button type="button" onClick={stop}>
              Stop
            </button>
          </>
        )}
      </p>
      {errors.map((message) => (
        <Problem key={message} error={new Error(message)} />
      ))}
      {isEmpty && errors.length === 0 && busy === undefined && <Kinds />}
      {runs !== undefined && <FolderRuns source={runs} />}
      {report !== undefined && <Report {...report} />}
      {moments !== undefined && (
        <>
          <h2>{moments.name}</h2>
          <Facts data={moments.data} />
          <SaveAnalysis data={moments.data} name={moments.name} />
          <ReportFigures data={moments.data} />
        </>
      )}
      {(model !== undefined || arrays.size > 0) && (
        <ModelSection {...{ model, arrays }} isBusy={busy !== undefined} measure={(request) => void measure(request)} />
      )}
      {found !== undefined && <Results found={found} name={model?.name ?? "model"} />}
    </>
  );
}

interface DropZoneProps {
  readonly take: (pick: () => Picked | Promise<Picked>) => Promise<void>;
  /** Undefined if there is nothing to clear. */
  readonly clear: (() => void) | undefined;
}

/** Takes dropped or chosen files. */
function DropZone({ take, clear }: DropZoneProps) {
  const [isOver, setOver] = useState(false);
  const drop = (event: DragEvent) => {
    event.preventDefault();
    setOver(false);
    void take(() => droppedFiles(event.dataTransfer));
  };
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: the buttons inside do the same from the keyboard
    <div
      className={`open-drop${isOver ? " over" : ""}`}
      onDragOver={(event) => {
        event.preventDefault();
        setOver(true);
      }}
      onDragLeave={() => setOver(false)}
      onDrop={drop}
    >
      <span>Drop files or a folder here, or choose</span>
      <FileButton label="Files" onFiles={(files) => void take(() => chosenFiles(files))} />
      <FileButton label="A run folder" isFolder onFiles={(files) => void take(() => chosenFiles(files))} />
      {clear !== undefined && (
        <button type="button" onClick={clear}>
          Clear
        </button>
      )}
    </div>
  );
}

interface ModelSectionProps extends Pick<Opened, "arrays"> {
  readonly model: Opened["model"] | undefined;
  readonly isBusy: boolean;
  readonly measure: (request: ModelRequest) => void;
}

/** The opened model and data, with the form that measures them. */
function ModelSection({ model, arrays, isBusy, measure }: ModelSectionProps) {
  return (
    <section>
      <h2>{model?.name ?? "Data without a model"}</h2>
      <FileList arrays={arrays} />
      {model === undefined && <p className="missing">Add the ONNX model to which these data belong.</p>}
      {model !== undefined && arrays.size === 0 && (
        <p className="missing">Add data for it: npy, npz, safetensors, IDX or CIFAR files, gzipped or not.</p>
      )}
      {model !== undefined && <ModelForm model={model.model} files={arrays} isBusy={isBusy} measure={measure} />}
    </section>
  );
}

/** What was found for a model, and the command that finds the same. */
function Results({ found, name }: { readonly found: NonNullable<Opened["found"]>; readonly name: string }) {
  return (
    <section>
      <h2>Results</h2>
      <Facts data={found.data} />
      {found.found.notes.map((note) => (
        <p key={note}>
          <small>{note}</small>
        </p>
      ))}
      <p className="soft">The same in a terminal:</p>
      <pre>{found.command}</pre>
      <SaveAnalysis data={found.data} name={name} />
      <ReportFigures data={found.data} />
    </section>
  );
}

function progressWords(busy: string, progress: ModelProgress | undefined): string {
  if (progress === undefined) return `${busy} …`;
  if (progress.what === "preparing") return `Preparing the graph for ${grouped(progress.of)} samples …`;
  if (progress.what === "samples") return `${grouped(progress.done)} of ${grouped(progress.of)} samples`;
  return `Measuring ${grouped(progress.of)} layers …`;
}

function FileButton({
  label,
  isFolder = false,
  onFiles,
}: {
  readonly label: string;
  readonly isFolder?: boolean;
  onFiles(files: FileList): void;
}) {
  const input = useRef<HTMLInputElement>(null);
  useEffect(() => {
    if (isFolder) input.current?.setAttribute("webkitdirectory", "");
  }, [isFolder]);
  return (
    <>
      <button type="button" onClick={() => input.current?.click()}>
        {label}
      </button>
      <input
        ref={input}
        type="file"
        hidden
        multiple
        aria-label={label}
        onChange={({ target }) => {
          if (target.files !== null && target.files.length > 0) onFiles(target.files);
          target.value = "";
        }}
      />
    </>
  );
}

function Kinds() {
  return (
    <dl className="open-kinds">
      <dt>report.html</dt>
      <dd>shown as it is, without its scripts.</dd>
      <dt>moments (.safetensors)</dt>
      <dd>second moments written by crh run, crh analyze or a capture; measured here, with all figures.</dd>
      <dt>a run folder</dt>
      <dd>run.json with its metrics, snapshots and moments, or a folder with several runs.</dd>
      <dt>a model (.onnx) with data</dt>
      <dd>
        measures every linear map on your samples: inputs and targets as npy, npz, safetensors, IDX or CIFAR files,
        gzipped or not. Drop them together.
      </dd>
    </dl>
  );
}

function FileList({ arrays }: { readonly arrays: ReadonlyMap<string, OpenedArrays> }) {
  return (
    <ul className="open-files">
      {[...arrays].map(([name, { format, arrays: list }]) => (
        <li key={name}>
          <span className="mono">{name}</span>{" "}
          <small>
            {format}:{" "}
            {list
              .slice(0, 6)
              .map(({ name: key, shape }) => `${key} (${shape.join(", ")})`)
              .join("; ")}
            {list.length > 6 && ` and ${list.length - 6} more`}
          </small>
        </li>
      ))}
    </ul>
  );
}

function Facts({ data }: { readonly data: AnalysisReport }) {
  const last = data.snapshots.at(-1);
  if (last === undefined) return null;
  const { loss, accuracy, samples, objective, layers, skipped } = last;
  return (
    <p className="open-facts">
      {layers.length} layers · {grouped(samples)} samples · {objective}
      {loss.mean !== null && ` · loss ${Number(loss.mean.toPrecision(4))}`}
      {accuracy !== undefined && ` · accuracy ${accuracy.toFixed(3)}`}
      {skipped.length > 0 && ` · ${skipped.length} parts not measured (${skipped[0]!.reason})`}
    </p>
  );
}

function Report({ name, html }: { readonly name: string; readonly html: string }) {
  return (
    <section>
      <h2>{name}</h2>
      <p className="soft">
        Shown without its scripts; open the file itself for values under the pointer and tables to save.
      </p>
      <iframe
        className="open-report"
        title={name}
        sandbox="allow-same-origin" // without scripts; this page follows its internal links
        srcDoc={html}
        onLoad={({ currentTarget }) => followAnchors(currentTarget.contentDocument!)}
      />
    </section>
  );
}

/** Follows links within the report, which would otherwise lead to this page's address, that of its frame. */
function followAnchors(report: Document): void {
  report.addEventListener("click", (event) => {
    const link = (event.target as Element).closest("a");
    const anchor = link?.getAttribute("href")?.slice(1);
    if (anchor === undefined) return;
    event.preventDefault();
    report.getElementById(anchor)?.scrollIntoView();
  });
}

/** The runs of a dropped folder, each as the lab shows a run. */
function FolderRuns({ source }: { readonly source: FolderSource }) {
  const [id, choose] = useState(source.ids[0]!);
  return (
    <>
      {source.ids.length > 1 && (
        <label className="open-row">
          Run{" "}
          <select value={id} onChange={({ target }) => choose(target.value)}>
            {source.ids.map((one) => (
              <option key={one}>{one}</option>
            ))}
          </select>
        </label>
      )}
      <RunPage key={id} source={source} id={id} />
    </>
  );
}
