/** @file A lab on a temporary folder of runs that a test writes, and clients that speak to it as they like. */
import { mkdtempSync, rmSync } from "node:fs";
import { type IncomingHttpHeaders, type OutgoingHttpHeaders, request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Lab, startLab } from "../../src/lab/lab.ts";
import { createRun, type NewRun, type RunFolder } from "../../src/runs/runFolder.ts";
import { PAGE } from "../web/lab.ts";

const newRun: NewRun = {
  setting: "fc2",
  seed: 7,
  config: { depth: 5, lr: 0.1 },
  steps: 1000,
  argv: ["run", "fc2"],
  versions: { crh: "0.1.0", node: "20.19.0", onnxruntime: "1.30.0" },
};

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
  readonly text: string;
}

export class LabOfRuns {
  readonly root = mkdtempSync(join(tmpdir(), "crh-lab-"));
  lab!: Lab;

  async start(port = 0, host?: string): Promise<void> {
    this.lab = await startLab({
      runs: this.root,
      sweeps: join(this.root, "sweeps"),
      port,
      page: PAGE,
      ...(host === undefined ? {} : { host }),
    });
  }

  async stop(): Promise<void> {
    await this.lab.close();
    rmSync(this.root, { recursive: true, force: true });
  }

  addRun(id: string, given: Partial<NewRun> = {}): RunFolder {
    return createRun(this.root, { ...newRun, id, ...given });
  }

  /** A request with exactly these headers, a wrong Host too, and its path as it is written. */
  ask(path: string, { method = "GET", headers = {}, body = "" } = {} as Asked): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const asked = request({ host: "127.0.0.1", port: this.lab.port, path, method, headers }, (response) => {
        const parts: Buffer[] = [];
        response.on("data", (part: Buffer) => parts.push(part));
        response.on("end", () => {
          const all = Buffer.concat(parts);
          resolve({ status: response.statusCode!, headers: response.headers, body: all, text: all.toString() });
        });
      });
      asked.on("error", reject);
      asked.end(body);
    });
  }

  async json<T>(path: string): Promise<T> {
    return JSON.parse((await this.ask(path)).text) as T;
  }
}

export interface Asked {
  readonly method?: string;
  readonly headers?: OutgoingHttpHeaders;
  readonly body?: string;
}

export interface StreamEvent {
  readonly id: string;
  readonly event: string;
  readonly data: unknown;
}

/** A client of server-sent events, which can be slow, go away, and say what it heard last. */
export class Listener {
  readonly events: StreamEvent[] = [];
  readonly #request: ReturnType<typeof request>;
  /** When the server ends the stream, or it breaks. */
  readonly ended: Promise<void>;

  constructor(port: number, path: string, lastEventId?: string) {
    const headers = lastEventId === undefined ? {} : { "Last-Event-ID": lastEventId };
    let rest = "";
    this.#request = request({ host: "127.0.0.1", port, path, headers, agent: false });
    this.ended = new Promise((resolve) => {
      this.#request.on("error", () => resolve());
      this.#request.on("response", (response) => {
        response.setEncoding("utf8");
        response.on("data", (part: string) => {
          const blocks = (rest + part).split("\n\n");
          rest = blocks.pop()!;
          for (const block of blocks) this.#take(block);
        });
        response.on("error", () => resolve());
        response.on("close", () => resolve());
      });
    });
    this.#request.end();
  }

  #take(block: string): void {
    const field = (name: string) =>
      block
        .split("\n")
        .find((line) => line.startsWith(`${name}: `))
        ?.slice(name.length + 2);
    const [event, data, id] = ["event", "data", "id"].map(field);
    if (event !== undefined) this.events.push({ event, data: JSON.parse(data!), id: id! });
  }

  of(event: string): unknown[] {
    return this.events.filter((one) => one.event === event).map(({ data }) => data);
  }

  /** Steps of all metrics that were told, in order. */
  steps(): number[] {
    return (this.of("metrics") as { step: number }[][]).flat().map(({ step }) => step);
  }

  close(): void {
    this.#request.destroy();
  }
}
