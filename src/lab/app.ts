/**
 * @file The lab's HTTP addresses (docs/formats.md, "The lab"), for its page and for other tools. Every answer is read
 * from the run folders on request.
 */
import { join } from "node:path";
import { serveStatic } from "@hono/node-server/serve-static";
import { type Context, Hono } from "hono";
import { bodyLimit } from "hono/body-limit";
import { setCookie } from "hono/cookie";
import { streamSSE } from "hono/streaming";
import { renderReport } from "../report/report.ts";
import { reportOf } from "../runner/errors.ts";
import { readingRun } from "../runner/records/readingRun.ts";
import { runMeasurements } from "../runner/records/runMeasurements.ts";
import { isEmpty, reportData, reportFrame } from "../runner/records/runReport.ts";
import { versions } from "../runner/versions.ts";
import { type SeriesOptions, seriesOf } from "../runs/metricSeries.ts";
import { compareRuns, courseOf } from "./compare.ts";
import { type Guarded, guard, isToken, TOKEN_COOKIE } from "./guard.ts";
import { Matrices } from "./matrix.ts";
import { NotFoundError, QueryError } from "./notFound.ts";
import { removeRun, restoreRun } from "./removed.ts";
import type { RunReader } from "./runReader.ts";
import { streamRun, streamRuns } from "./stream.ts";
import { listSweeps, sweepCalled } from "./sweeps.ts";

export interface LabOptions extends Guarded {
  readonly reader: RunReader;
  /** Folder of the built page. */
  readonly page: string;
}

/** chosen: most runs in one request for overviews; the files of all of them are read at once. */
const MOST_OVERVIEWS = 100;

/** chosen: most bytes in one request; the names of ten thousand runs take less. */
const MOST_BODY = 1_000_000;
const TOO_LARGE = `lab: expected a request of at most ${MOST_BODY} bytes, got a larger one`;

/** The server without its port. */
export function labApp({ reader, page, ...guarded }: LabOptions): Hono {
  const app = new Hono();
  app.use(guard(guarded));
  app.use(bodyLimit({ maxSize: MOST_BODY, onError: (context) => context.json({ error: TOO_LARGE }, 413) }));
  app.onError((error, context) => answerError(error, context));
  app.notFound((context) =>
    context.json({ error: "lab: nothing is at this address; docs/formats.md lists the addresses" }, 404),
  );
  if (guarded.token !== undefined) addSession(app, guarded.token);
  addRuns(app, reader);
  addRun(app, reader);
  addMoments(app, reader);
  addStream(app, reader);
  app.get("/api/sweeps", (context) => context.json(listSweeps(reader.sweeps)));
  app.get("/api/sweeps/:name", (context) => context.json(sweepCalled(reader.sweeps, context.req.param("name"))));
  app.all("/api/*", (context) => context.notFound());
  app.get(
    "*",
    serveStatic({ root: page, onFound: (path, context) => context.header("Cache-Control", cachedFor(path)) }),
  );
  return app;
}

/** The names of built files contain a hash of their content; the page itself is revalidated each time. */
const cachedFor = (path: string): string =>
  /[\\/]assets[\\/]/.test(path) ? "public, max-age=31536000, immutable" : "no-cache";

/** A page on another machine sends the token once, in the body of a request, so that no address contains it. */
function addSession(app: Hono, token: string): void {
  app.post("/api/session", async (context) => {
    if (!isToken((await context.req.text()).slice(0, 200), token))
      return context.json({ error: "lab: expected the token that crh lab printed, got another one" }, 401);
    setCookie(context, TOKEN_COOKIE, token, { httpOnly: true, sameSite: "Strict", path: "/" });
    return context.body(null, 204);
  });
}

function addRuns(app: Hono, reader: RunReader): void {
  app.get("/api/version", (context) => context.json(versions()));
  app.get("/api/runs", (context) => context.json(reader.list()));
  app.get("/api/overviews", (context) => {
    const ids = context.req.queries("run") ?? [];
    if (ids.length > MOST_OVERVIEWS)
      throw new QueryError(`expected at most ${MOST_OVERVIEWS} runs at once, got ${ids.length}`);
    const overviews = ids.map((id) => {
      try {
        return reader.overview(id);
      } catch (error) {
        return { id, problem: reportOf(error).line };
      }
    });
    return context.json(overviews);
  });
  app.post("/api/compare", async (context) =>
    context.json(await compareRuns(reader, await context.req.text(), context.req.raw.signal)),
  );
  app.delete("/api/runs/:id", (context) => {
    removeRun(reader, context.req.param("id"));
    return context.body(null, 204);
  });
  app.post("/api/removed/:id/restore", (context) => {
    restoreRun(reader, context.req.param("id"));
    return context.body(null, 204);
  });
}

function addRun(app: Hono, reader: RunReader): void {
  app.get("/api/runs/:id", async (context) => {
    const run = reader.open(context.req.param("id"));
    const frame = await readingRun(run.dir, () => reportFrame(run, { snapshots: [], metrics: [] }));
    const [snapshotSteps, momentSteps] = [run.snapshotSteps(), run.momentSteps()];
    return context.json({ summary: reader.summary(context.req.param("id")), frame, snapshotSteps, momentSteps });
  });
  app.get("/api/runs/:id/metrics", (context) =>
    context.json({ series: seriesOf(reader.metrics(context.req.param("id")), seriesOptions(context)) }),
  );
  app.get("/api/runs/:id/snapshots/:step", async (context) => {
    const run = reader.open(context.req.param("id"));
    const step = stepOf(context.req.param("step"));
    if (!run.snapshotSteps().includes(step)) throw new NotFoundError(`step ${step} was not measured`);
    const found = await readingRun(run.dir, () => run.snapshot(step));
    return context.json(found);
  });
  app.get("/api/runs/:id/measurements", async (context) => {
    const run = reader.open(context.req.param("id"));
    return context.json(await readingRun(run.dir, () => runMeasurements(run)));
  });
  app.get("/api/runs/:id/course", (context) =>
    context.json(courseOf(reader, context.req.param("id"), context.req.query("y"))),
  );
  app.get("/api/runs/:id/report", async (context) => {
    const run = reader.open(context.req.param("id"));
    const data = await readingRun(run.dir, () => reportData(run));
    if (isEmpty(data)) throw new NotFoundError("the run holds no measurement yet");
    context.header("Content-Security-Policy", ""); // the report carries its own, with the hash of its script
    return context.html(renderReport(data));
  });
}

/** Moments of a step, as the whole file and one matrix at a time. */
function addMoments(app: Hono, reader: RunReader): void {
  const matrices = new Matrices();
  app.get("/api/runs/:id/moments/:step", (context) => {
    const run = reader.open(context.req.param("id"));
    const bytes = run.momentBytes(momentStep(run.momentSteps(), context.req.param("step")));
    return context.body(new Uint8Array(bytes), 200, { "Content-Type": "application/octet-stream" });
  });
  app.get("/api/runs/:id/matrix/:step/:layer/:side/:name", (context) => {
    const { id, step, layer, side, name } = context.req.param();
    const run = reader.open(id);
    const path = run.momentsPath(momentStep(run.momentSteps(), step));
    const convention = context.req.query("convention");
    const found = matrices.read(path, { layer, side, name, convention });
    return context.body(found.bytes, 200, {
      "Content-Type": "application/octet-stream",
      "X-Shape": `${found.rows},${found.cols}`,
      "X-Type": "float32",
      "X-Convention": convention ?? "raw",
    });
  });
}

function addStream(app: Hono, reader: RunReader): void {
  app.get("/api/stream", (context) => {
    const id = context.req.query("run");
    const last = context.req.header("last-event-id") ?? context.req.query("since");
    if (id !== undefined) reader.dirOf(id);
    return streamSSE(context, (stream) =>
      id === undefined ? streamRuns(reader, stream, last) : streamRun(reader, id, stream, last),
    );
  });
}

function seriesOptions(context: Context): SeriesOptions {
  const names = context.req.query("names");
  const [from, points] = ["from", "points"].map((key) => wholeOf(key, context.req.query(key)));
  return {
    ...(names === undefined || names === "" ? {} : { names: names.split(",") }),
    ...(from === undefined ? {} : { from }),
    ...(points === undefined ? {} : { points: Math.max(1, points) }),
  };
}

function wholeOf(key: string, text: string | undefined): number | undefined {
  if (text === undefined || text === "") return undefined;
  if (!/^\d{1,15}$/.test(text))
    throw new QueryError(`expected ${key} to be a whole number, got ${JSON.stringify(text.slice(0, 40))}`);
  return Number(text);
}

function stepOf(text: string): number {
  const step = wholeOf("the step", text);
  if (step === undefined) throw new QueryError("expected a step, got none");
  return step;
}

function momentStep(kept: readonly number[], text: string): number {
  const step = stepOf(text);
  if (kept.includes(step)) return step;
  const which = kept.length === 0 ? "no step" : `step ${kept.join(", ")}`;
  throw new NotFoundError(
    `expected a step whose second moments were kept, got ${step}; this run kept those of ${which} (crh run --moments all)`,
  );
}

function answerError(error: Error, context: Context): Response {
  if (error instanceof NotFoundError) return context.json({ error: `lab: ${error.message}` }, 404);
  if (error instanceof QueryError) return context.json({ error: `lab: ${error.message}` }, 400);
  const { line, bug } = reportOf(error);
  return context.json({ error: line }, bug ? 500 : 422);
}

/** Folder of the built page, beside this room. */
export const builtPage = join(import.meta.dirname, "..", "web-page");
