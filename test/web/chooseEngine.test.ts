/** @file Which engine a training of the page takes, by its request and by time, and what it does when one fails. */
import { describe, expect, it } from "vitest";
import type { Engine, Program } from "../../src/engine/engine.ts";
import { nodeEngine } from "../../src/engineNode/nodeEngine.ts";
import { fasterOf, SHORT_STEP } from "../../src/web/trainer/automatic.ts";
import { EngineChooser, type Engines } from "../../src/web/trainer/chooseEngine.ts";
import type { TrainerEvent, TrainRequest, WantedDevice } from "../../src/web/trainer/messages.ts";
import { stepTime } from "../../src/web/trainer/stepTime.ts";
import { SettingTraining } from "../../src/web/trainer/trainSetting.ts";

const small = { depth: 2, width: 8, inputs: 6, outputs: 6, terms: 6, samples: 100, steps: 60 };
const requestOf = (device: WantedDevice, more: Partial<TrainRequest> = {}): TrainRequest => ({
  setting: "fc2",
  parameters: small,
  changes: [],
  ...more,
  options: { measure: [30], ...more.options, device },
});

/** An engine of another name, which does something before each call. */
function changedEngine(name: string, before: () => void): Engine {
  const changed = (program: Program): Program => ({
    ...program,
    run: async (feeds, fetch) => {
      before();
      return program.run(feeds, fetch);
    },
  });
  return { name, compile: async (model, options) => changed(await nodeEngine.compile(model, options)) };
}

const wasm: Engine = { ...nodeEngine, name: "wasm" };
const webgpu: Engine = { ...nodeEngine, name: "webgpu" };

interface Loaded extends Engines {
  readonly loaded: string[];
}

function enginesOf(wasm: Engine, webgpu: Engine | Error, missing?: string): Loaded {
  const loaded: string[] = [];
  const load = (engine: Engine | Error, name: string) => async () => {
    loaded.push(name);
    if (engine instanceof Error) throw engine;
    return engine;
  };
  return { loaded, wasm: load(wasm, "wasm"), webgpu: load(webgpu, "webgpu"), withoutWebgpu: async () => missing };
}

/** Microseconds of a step that engines are found to take. */
type Planted = Readonly<Record<string, number>>;

const plantedTime = (times: Planted) => async (engine: Engine) => times[engine.name]!;

interface Trained {
  readonly heard?: (event: TrainerEvent) => void;
  readonly times?: Planted;
}

/** Trains to the end. */
async function trained(request: TrainRequest, engines: Engines, { heard = () => {}, times = {} }: Trained = {}) {
  const events: TrainerEvent[] = [];
  const post = (event: TrainerEvent) => {
    events.push(event);
    heard(event);
  };
  const chooser = new EngineChooser(engines, plantedTime(times));
  const training = new SettingTraining(request, post);
  await training.run((signal) => chooser.choose(request, { post, signal }));
  return {
    events,
    engines: events.flatMap((event) => (event.type === "built" ? [event.built.engine] : [])),
    problems: events.flatMap((event) => (event.type === "fallback" ? [event.problem] : [])),
    times: events.flatMap((event) => (event.type === "timed" ? [event.times] : [])),
    /** Of the last engine alone. */
    losses: events
      .slice(events.findLastIndex(({ type }) => type === "built"))
      .flatMap((event) => (event.type === "progress" ? event.metrics : []))
      .filter(({ name }) => name === "train/loss"),
    states: events.flatMap((event) => (event.type === "state" ? [event.state] : [])),
  };
}

describe("the engine of a training", () => {
  it("is WebAssembly or WebGPU as asked, and no other is loaded", async () => {
    for (const device of ["wasm", "webgpu"] as const) {
      const engines = enginesOf(wasm, webgpu);
      const found = await trained(requestOf(device), engines);
      expect([found.engines, engines.loaded, found.problems]).toEqual([[device], [device], []]);
    }
  });

  it("is WebAssembly where there is no WebGPU or it cannot be loaded, which is said where it was asked for", async () => {
    const none = await trained(requestOf("webgpu"), enginesOf(wasm, webgpu, "there is none"));
    expect([none.engines, none.problems]).toEqual([["wasm"], ["there is none"]]);
    const silent = await trained(requestOf("automatic"), enginesOf(wasm, webgpu, "there is none"));
    expect([silent.engines, silent.problems, silent.times]).toEqual([["wasm"], [], []]);
    const broken = await trained(requestOf("webgpu"), enginesOf(wasm, new Error("not loaded")));
    expect([broken.engines, broken.problems]).toEqual([["wasm"], ["not loaded"]]);
  });

  it("is the faster one of device automatic, and WebGPU is not loaded where steps are short", async () => {
    const chosen = async (times: Planted) => {
      const engines = enginesOf(wasm, webgpu);
      const found = await trained(requestOf("automatic"), engines, { times });
      return { ...found, loaded: [...new Set(engines.loaded)] };
    };
    const quick = await chosen({ wasm: 9000, webgpu: 1000 });
    expect([quick.engines, quick.times]).toEqual([["webgpu"], [{ wasm: 9000, webgpu: 1000 }]]);
    const slow = await chosen({ wasm: 9000, webgpu: 20_000 });
    expect([slow.engines, slow.times]).toEqual([["wasm"], [{ wasm: 9000, webgpu: 20_000 }]]);
    const short = await chosen({ wasm: SHORT_STEP - 1, webgpu: 0 });
    expect([short.engines, short.times, short.loaded]).toEqual([["wasm"], [{ wasm: SHORT_STEP - 1 }], ["wasm"]]);
    const broken = enginesOf(wasm, new Error("no device"));
    const without = await trained(requestOf("automatic"), broken, { times: { wasm: 9000 } });
    expect([without.engines, without.times]).toEqual([["wasm"], [{ wasm: 9000, problem: "no device" }]]);
  });

  it("keeps to WebAssembly unless WebGPU is faster by half", () => {
    expect(fasterOf({ wasm: 3000, webgpu: 2100 })).toBe("wasm");
    expect(fasterOf({ wasm: 3000, webgpu: 1900 })).toBe("webgpu");
    expect(fasterOf({ wasm: 3000 })).toBe("wasm");
  });

  it("is timed once for a graph, whatever seed and rate are", async () => {
    let times = 0;
    const chooser = new EngineChooser(enginesOf(wasm, webgpu), async () => {
      times++;
      return 1;
    });
    const signal = new AbortController().signal;
    const timed = async (parameters: Record<string, unknown>) => {
      const before = times;
      const request = requestOf("automatic", { parameters: { ...small, ...parameters } });
      await chooser.choose(request, { post: () => {}, signal });
      return times > before;
    };
    expect(await timed({})).toBe(true);
    expect(await timed({ seed: 7, lr: 0.5, steps: 10, decay: 0 })).toBe(false);
    expect(await timed({ width: 9 })).toBe(true);
    expect(await timed({ width: 9, optimizer: "adam" })).toBe(true);
  });
});

describe("the time of a step", () => {
  const { signal } = new AbortController();

  it("is taken of more steps than a short training has, and leaves what is trained as it was", async () => {
    let calls = 0;
    const request = requestOf("wasm", { parameters: { ...small, steps: 1 } });
    expect(
      await stepTime(
        changedEngine("counted", () => void calls++),
        request,
        signal,
      ),
    ).toBeGreaterThan(0);
    expect(calls).toBeGreaterThan(3);
    const plain = await trained(requestOf("wasm"), enginesOf(wasm, webgpu));
    await stepTime(wasm, requestOf("wasm"), signal);
    expect(plain.losses).toHaveLength(60);
    expect((await trained(requestOf("wasm"), enginesOf(wasm, webgpu))).losses).toEqual(plain.losses);
  });

  it("is that of the steps before a loss that is no number, which the training itself may never reach", async () => {
    const wild = (parameters: Record<string, unknown>) =>
      requestOf("wasm", { parameters: { ...small, ...parameters } });
    expect(await stepTime(wasm, wild({ lr: 1e6 }), signal)).toBeGreaterThan(0);
    await expect(stepTime(wasm, wild({ gain: 1e30 }), signal)).rejects.toThrow("finite loss");
  });

  it("ends soon where the training is stopped", async () => {
    const stop = new AbortController();
    let calls = 0;
    const engine = changedEngine("stopped", () => {
      if (++calls === 2) stop.abort();
    });
    await stepTime(engine, requestOf("wasm"), stop.signal);
    expect(calls).toBeLessThan(6);
  });
});

describe("a training whose device is lost", () => {
  /** An engine that works until it is lost. */
  function losable() {
    let isLost = false;
    const engine = changedEngine("lost", () => {
      if (isLost) throw new Error("engine: the device\nis lost");
    });
    const lose = () => {
      isLost = true;
    };
    return { engine, lose };
  }

  it("begins anew on WebAssembly, to the losses that it has there", async () => {
    const { engine, lose } = losable();
    const found = await trained(requestOf("webgpu"), enginesOf(wasm, engine), {
      heard: (event) => event.type === "snapshot" && event.snapshot.step === 30 && lose(),
    });
    expect(found.engines).toEqual(["lost", "wasm"]);
    expect(found.problems).toEqual(["engine: the device is lost"]);
    expect(found.states).toEqual(["preparing", "running", "preparing", "running", "finished"]);
    const plain = await trained(requestOf("wasm"), enginesOf(wasm, webgpu));
    expect(found.losses).toEqual(plain.losses);
  });

  it("takes the changes and single steps of before with it", async () => {
    const { engine, lose } = losable();
    const events: TrainerEvent[] = [];
    const pauses = [
      () => training.tell({ type: "step", steps: 3 }),
      () => {
        training.tell({ type: "adjust", values: { lr: "0.2" } });
        lose();
        training.tell({ type: "step", steps: 2 });
      },
      () => training.tell({ type: "resume" }),
    ];
    const training = new SettingTraining(requestOf("webgpu", { options: { paused: true } }), (event) => {
      events.push(event);
      if (event.type === "state" && event.state === "paused") setTimeout(() => pauses.shift()!());
    });
    await training.run(async () => ({ engine, spare: async () => wasm }));
    const anew = events.slice(events.findIndex(({ type }) => type === "fallback"));
    expect(anew.flatMap((event) => (event.type === "snapshot" ? [event.snapshot.step] : []))).toEqual([
      0, 3, 5, 30, 60,
    ]);
    const changes = [{ step: 3, values: { lr: "0.2" } }];
    const plain = await trained(requestOf("wasm", { changes }), enginesOf(wasm, webgpu));
    const losses = anew.flatMap((event) => (event.type === "progress" ? event.metrics : []));
    expect(losses.filter(({ name }) => name === "train/loss")).toEqual(plain.losses);
    expect(pauses).toEqual([]);
  });

  it("is not tried again where the loss was no number", async () => {
    const diverged = await trained(requestOf("webgpu", { parameters: { ...small, lr: 1e6 } }), enginesOf(wasm, webgpu));
    expect([diverged.engines, diverged.states.at(-1)]).toEqual([["webgpu"], "failed"]);
  });
});
