/** @file What is open on the page: it reads files and measures models, and says which file could not be read. */
import { useCallback, useEffect, useRef, useState } from "react";
import type { AnalysisReport } from "../../report/reportData.ts";
import { type FolderSource, folderSource } from "../source/folderSource.ts";
import type { OpenedArrays, OpenedModel } from "./ModelForm.tsx";
import type { ModelFound, ModelProgress, ModelRequest } from "./measureModel.ts";
import type { OpenedFile } from "./messages.ts";
import { analysisOf, commandOf } from "./openedAnalysis.ts";
import { GivenUp, Opener } from "./opener.ts";
import { type Picked, runFolders } from "./pickedFiles.ts";
import { reportPage } from "./reportPage.ts";

/** What is open. */
export interface Opened {
  readonly runs?: FolderSource;
  readonly report?: { readonly name: string; readonly html: string };
  readonly moments?: { readonly name: string; readonly data: AnalysisReport };
  readonly model?: { readonly name: string; readonly model: OpenedModel };
  readonly arrays: ReadonlyMap<string, OpenedArrays>;
  readonly found?: { readonly data: AnalysisReport; readonly found: ModelFound; readonly command: string };
}

const nothing: Opened = { arrays: new Map() };

/** What has been opened and measured, and how to open and measure more. */
export function useOpened() {
  const opener = useRef<Opener>(undefined);
  opener.current ??= new Opener();
  useEffect(() => () => opener.current?.giveUp(), []);
  const [opened, setOpened] = useState<Opened>(nothing);
  const [errors, setErrors] = useState<readonly string[]>([]);
  const [busy, setBusy] = useState<string>();
  const [progress, setProgress] = useState<ModelProgress>();

  const take = useCallback(async (pick: () => Picked | Promise<Picked>) => {
    setErrors([]);
    try {
      const picked = await pick();
      const roots = runFolders(picked);
      if (roots.length > 0) {
        setOpened({ arrays: new Map(), runs: folderSource(picked.files, roots) });
        return;
      }
      await readAll([...picked.files.values()], opener.current!, { setBusy, setOpened, setErrors });
    } catch (error) {
      setErrors([(error as Error).message]);
    } finally {
      setBusy(undefined);
    }
  }, []);

  const clear = () => {
    opener.current!.giveUp();
    setOpened(nothing);
    setErrors([]);
  };

  const measure = async (request: ModelRequest) => {
    const { model } = opened;
    if (model === undefined) return;
    setErrors([]);
    setBusy("Measuring");
    setProgress(undefined);
    try {
      const found = await opener.current!.measure(model.name, request, setProgress);
      const command = commandOf(model.name, request);
      setOpened((now) => ({ ...now, found: { found, command, data: analysisOf(model.name, request, found) } }));
    } catch (error) {
      setErrors([(error as Error).message]);
      if (error instanceof GivenUp) setOpened(nothing);
    } finally {
      setBusy(undefined);
      setProgress(undefined);
    }
  };

  return { opened, errors, busy, progress, take, clear, measure, stop: () => opener.current!.giveUp() };
}

interface Setters {
  setBusy(words: string | undefined): void;
  setOpened(change: (now: Opened) => Opened): void;
  setErrors(change: (now: readonly string[]) => readonly string[]): void;
}

/** Reads files one after another. One that cannot be read adds an error line and does not stop the others. */
async function readAll(
  files: readonly File[],
  opener: Opener,
  { setBusy, setOpened, setErrors }: Setters,
): Promise<void> {
  const models = files.filter(({ name }) => /\.onnx$/i.test(name));
  const weights = (name: string) => models.length > 0 && /\.(data|bin|weights?)$|\.onnx[._]/i.test(name);
  const beside = files.filter(({ name }) => weights(name) && !/\.onnx$/i.test(name));
  for (const file of files) {
    if (beside.includes(file)) continue;
    setBusy(`Reading ${file.name}`);
    try {
      const read = await opener.read(file, /\.onnx$/i.test(file.name) ? beside : []);
      const change = fileAdded(file.name, read);
      setOpened(change);
    } catch (error) {
      const { message } = error as Error;
      const line = message.includes(file.name) ? message : `${file.name}: ${message}`;
      setErrors((now) => [...now, line]);
      if (error instanceof GivenUp) {
        setOpened(() => nothing);
        return;
      }
    }
  }
}

/** Adds a file to what is open. @throws Error in one line for a page that is not a report */
function fileAdded(name: string, read: OpenedFile): (now: Opened) => Opened {
  if (read.kind === "report") {
    const report = { name, html: reportPage(read.html) };
    return () => ({ ...nothing, report });
  }
  if (read.kind === "moments") {
    const data = analysisOf(name, undefined, { ...read, notes: [], samples: read.snapshot.samples });
    return () => ({ ...nothing, moments: { name, data } });
  }
  if (read.kind === "model") return ({ arrays }) => ({ arrays, model: { name, model: read } });
  return ({ model, arrays }) => ({ ...(model && { model }), arrays: new Map([...arrays, [name, read]]) });
}
