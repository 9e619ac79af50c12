/**
 * @file The plays of this visit: the one or two networks that train now, and earlier ones. Views are notified at most
 * once per frame.
 */
import type { Look } from "../trainer/messages.ts";
import { Trainer } from "../trainer/trainer.ts";
import type { Slot } from "./address.ts";
import { type Given, measuredSteps, USUAL_SPEED } from "./defaults.ts";
import { newPlay, type PlayData, type Played, told } from "./playData.ts";

/** chosen: most past plays; each takes a few megabytes. */
const MOST_PAST = 20;

export interface SessionState {
  readonly plays: Readonly<Partial<Record<Slot, PlayData>>>;
  /** Latest first. */
  readonly past: readonly PlayData[];
}

export class Session {
  #state: SessionState = { plays: {}, past: [] };
  #count = 0;
  #speed: number | undefined = USUAL_SPEED;
  #look: Look | undefined;
  readonly #trainers = new Map<Slot, Trainer>();
  readonly #listeners = new Set<() => void>();
  #isDue = false;

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  readonly state = (): SessionState => this.#state;

  /** Begins a play; the slot's earlier play becomes a past one. */
  start(slot: Slot, played: Played, { paused = false }: { readonly paused?: boolean } = {}): void {
    const { setting, given, changes, device } = played;
    this.#keep(slot);
    this.#set(slot, newPlay(++this.#count, played));
    this.#trainer(slot).start({
      setting,
      parameters: given,
      changes,
      options: {
        measure: measuredSteps(Number(given.steps) || 1),
        speed: this.#speed,
        look: this.#look,
        device,
        ...(paused && { paused }),
      },
    });
  }

  pause(): void {
    for (const slot of this.#slots()) this.#trainers.get(slot)?.pause();
  }

  resume(): void {
    for (const slot of this.#slots()) this.#trainers.get(slot)?.resume();
  }

  /** Changes parameters of a network that trains or is paused, from its next step. */
  adjust(slot: Slot, values: Given): void {
    this.#trainers.get(slot)?.adjust(values);
  }

  step(steps: number): void {
    for (const slot of this.#slots()) this.#trainers.get(slot)?.step(steps);
  }

  /** Removes the network from a slot; its play is kept among the past ones. */
  clear(slot: Slot): void {
    this.#keep(slot);
    this.#trainers.get(slot)?.close();
    this.#trainers.delete(slot);
    this.#set(slot, undefined);
  }

  /** Shows a past play in place of the first network. */
  open(play: PlayData): void {
    this.clear("a");
    this.#state = { ...this.#state, past: this.#state.past.filter(({ number }) => number !== play.number) };
    this.#set("a", play);
  }

  /** Steps per second; undefined for no limit. */
  get speed(): number | undefined {
    return this.#speed;
  }

  setSpeed(speed: number | undefined): void {
    this.#speed = speed;
    for (const trainer of this.#trainers.values()) trainer.setSpeed(speed);
  }

  lookAt(look: Look | undefined): void {
    this.#look = look;
    for (const trainer of this.#trainers.values()) trainer.lookAt(look);
  }

  /** Ends the workers; past plays stay. */
  close(): void {
    for (const slot of this.#slots()) this.clear(slot);
  }

  #slots(): Slot[] {
    return [...this.#trainers.keys()];
  }

  #trainer(slot: Slot): Trainer {
    const known = this.#trainers.get(slot);
    if (known !== undefined) return known;
    const trainer = new Trainer((event) => {
      const play = this.#state.plays[slot];
      if (play !== undefined) this.#set(slot, told(play, event));
    });
    this.#trainers.set(slot, trainer);
    return trainer;
  }

  /** Adds a slot's play to the past ones if it took a step. */
  #keep(slot: Slot): void {
    const play = this.#state.plays[slot];
    if (play === undefined || play.step === 0) return;
    const ended = play.state === "finished" || play.state === "failed" ? play : { ...play, state: "stopped" as const };
    this.#state = { ...this.#state, past: [ended, ...this.#state.past].slice(0, MOST_PAST) };
  }

  #set(slot: Slot, play: PlayData | undefined): void {
    const { [slot]: _, ...others } = this.#state.plays;
    this.#state = { ...this.#state, plays: play === undefined ? others : { ...others, [slot]: play } };
    if (this.#isDue) return;
    this.#isDue = true;
    const tell = () => {
      this.#isDue = false;
      for (const listener of this.#listeners) listener();
    };
    // A hidden page has no frames.
    if (document.hidden) setTimeout(tell, 100);
    else requestAnimationFrame(tell);
  }
}
