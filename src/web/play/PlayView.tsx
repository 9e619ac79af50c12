/**
 * @file The playground: one network or two that train in the page, and what is measured of them. What is set is in the
 * address; what was played is kept for this visit.
 */
import { startTransition, useCallback, useEffect, useMemo, useRef, useState } from "react";
import { counted } from "../../findings/numbers.ts";
import type { Convention } from "../../measure/snapshot.ts";
import { conventions } from "../../moments/moments.ts";
import { Problem } from "../ErrorNote.tsx";
import { type Route, setParams } from "../route.ts";
import type { ParameterChange } from "../trainer/messages.ts";
import { changesInWords, deviceOf, differences, type Plan, type Slot } from "./address.ts";
import { Controls } from "./Controls.tsx";
import { isPlaySetting, playDefaults, playSettings, speeds } from "./defaults.ts";
import { History } from "./History.tsx";
import { NetworkFigures } from "./NetworkFigures.tsx";
import "./play.css";
import { isUnderWay, isWaiting, type PlayData } from "./playData.ts";
import { RunsOn } from "./RunsOn.tsx";
import { HIDDEN } from "./relationLines.ts";
import { Session, type SessionState } from "./session.ts";
import { Tour } from "./Tour.tsx";
import type { Hands } from "./tourSteps.tsx";
import { isSamePlay, useAdjusting } from "./useAdjusting.ts";
import { usePlan } from "./usePlan.ts";

/** One for the visit: whoever comes back from another view finds the plays as they were. */
const session = new Session();

/** Drawn in slices: the page stays quick while figures are made anew. */
function useSession(): SessionState {
  const [state, setState] = useState(session.state);
  useEffect(() => session.subscribe(() => startTransition(() => setState(session.state()))), []);
  return state;
}

const slotNames: Readonly<Record<Slot, string>> = { a: "Network 1", b: "Network 2" };
/** The layer whose matrices are shown first: the first between two hidden representations. */
const FIRST_LAYER = "layers.1";

export default function PlayView({ route: { params } }: { readonly route: Route }) {
  const planned = usePlan(params);
  const { plan, fields, wrong, error, setPlan } = planned;
  const { plays, past } = useSession();
  const [edited, setEdited] = useState<Slot>("a");
  const [compared, setCompared] = useState<readonly number[]>([]);
  /** The step of the tour in which an entry of a matrix was read. */
  const [readIn, setReadIn] = useState<number>();
  const slot = plan.b === undefined ? "a" : edited;
  const adjusting = useAdjusting(planned, { session, plays, slot });
  const convention = conventionOf(params.get("convention"));
  const layers = (plays.a?.snapshots[0]?.layers ?? []).map(({ name }) => name);
  const isThere = (name: string | null): name is string =>
    name !== null && (layers.length === 0 || layers.includes(name));
  const [wantedScope, wantedLayer] = [params.get("scope"), params.get("layer") ?? FIRST_LAYER];
  const scope = isThere(wantedScope) ? wantedScope : HIDDEN;
  const layer = isThere(wantedLayer) ? wantedLayer : layers[0]!;
  const isLogSteps = params.get("axis") === "log";
  const shown = useMemo(() => ({ convention, scope, layer, isLogSteps }), [convention, scope, layer, isLogSteps]);
  const tour = Number(params.get("tour")) || undefined;
  const device = deviceOf(params);

  useEffect(() => session.lookAt({ layer, convention }), [layer, convention]);
  useEffect(() => () => session.pause(), []);

  const start = (of: Plan, paused = false) => {
    const { setting, changes } = of;
    session.start("a", { setting, given: of.a, changes: changes?.a ?? [], device }, { paused });
    if (of.b === undefined) session.clear("b");
    else session.start("b", { setting, given: of.b, changes: changes?.b ?? [], device }, { paused });
  };
  const choose = useCallback(
    (scope: string) => setParams({ scope, ...(scope === HIDDEN ? {} : { layer: scope }) }),
    [],
  );
  const onRead = useCallback(() => setReadIn(tour), [tour]);
  const latest = useRef(adjusting);
  latest.current = adjusting;
  const change = useCallback(
    (key: string, value: string) => {
      if (latest.current.adjust(key, value)) return;
      const given = { ...(slot === "b" ? plan.b! : plan.a), [key]: value };
      if (slot === "b") setPlan({ ...plan, b: given });
      else {
        // What the second network shares with the first goes along.
        const own =
          plan.b === undefined ? undefined : plan.b[key] === plan.a[key] ? { ...plan.b, [key]: value } : plan.b;
        setPlan({ ...plan, a: given, b: own });
      }
    },
    [plan, slot, setPlan],
  );
  const open = useCallback(
    (play: PlayData) => {
      session.open(play);
      session.clear("b");
      setPlan({ setting: play.setting, a: play.given, b: undefined, changes: { a: play.changes } });
      setParams({ device: play.device === "automatic" ? undefined : play.device });
      setCompared((before) => before.filter((number) => number !== play.number));
    },
    [setPlan],
  );
  const compare = useCallback(
    (number: number, isCompared: boolean) =>
      setCompared((before) => (isCompared ? [...before, number] : before.filter((one) => one !== number))),
    [],
  );
  const behind = useMemo(() => past.filter(({ number }) => compared.includes(number)), [past, compared]);

  const now = Object.values(plays);
  const isRunning = now.some(isUnderWay);
  const isPaused = !isRunning && now.some(isWaiting);
  const isSame = isSamePlay(plan, "a", plays.a) && isSamePlay(plan, "b", plays.b);
  const isChanged = now.length > 0 && !(isSame && now.every((play) => play.device === device));
  const isWrong = wrong.a !== undefined || wrong.b !== undefined;

  const hands: Hands = {
    play: (next) => {
      setPlan(next);
      start(next);
    },
    run: () => session.resume(),
    look: (layer) => setParams({ layer }),
  };
  const step = (steps: number) => {
    if (!isPaused || isChanged) start(plan, true);
    session.step(steps);
  };

  return (
    <div className={`play${tour === undefined ? "" : " touring"}`}>
      <div className="play-head">
        <div>
          <h1>Playground</h1>
          <p className="soft">
            Networks train here, in your browser, by the engine of <code>crh run</code>; nothing is sent anywhere. While
            they train, see how activations, gradients and weights of each layer come to align.
          </p>
        </div>
        <div className="tools">
          <CopyLink />
          {tour === undefined && (
            <button type="button" onClick={() => setParams({ tour: "1" })}>
              Take the tour
            </button>
          )}
        </div>
      </div>
      {error !== undefined && <Problem error={error} />}
      <div className="play-bars">
        <div className="play-bar">
          {isRunning ? (
            <button type="button" className="primary" onClick={() => session.pause()}>
              Pause
            </button>
          ) : isPaused && !isChanged ? (
            <button type="button" className="primary" onClick={() => session.resume()}>
              Go on
            </button>
          ) : (
            <button type="button" className="primary" disabled={isWrong} onClick={() => start(plan)}>
              Run
            </button>
          )}
          <button type="button" disabled={isRunning || isWrong} onClick={() => step(1)}>
            Step
          </button>
          <button type="button" disabled={isRunning || isWrong} onClick={() => step(10)}>
            10 steps
          </button>
          <button type="button" disabled={now.length === 0 || isWrong} onClick={() => start(plan, true)}>
            Reset
          </button>
          <button
            type="button"
            className="to-settings"
            onClick={() => document.querySelector(".play-side")?.scrollIntoView({ block: "start" })}
          >
            Settings ↓
          </button>
        </div>
        <div className="play-options">
          <Speed />
          <label>
            <input
              type="checkbox"
              checked={plan.b !== undefined}
              onChange={({ target }) => {
                const { a, changes } = plan;
                setPlan({ ...plan, b: target.checked ? a : undefined, changes: { a: changes?.a, b: changes?.a } });
                setEdited(target.checked ? "b" : "a");
                if (!target.checked) session.clear("b");
              }}
            />{" "}
            two networks
          </label>
          <label>
            <input
              type="checkbox"
              checked={isLogSteps}
              onChange={({ target }) => setParams({ axis: target.checked ? "log" : undefined })}
            />{" "}
            log steps
          </label>
          <label>
            layer{" "}
            <select value={layer} onChange={({ target }) => setParams({ layer: target.value })}>
              {[...new Set([...layers, layer])].map((name) => (
                <option key={name}>{name}</option>
              ))}
            </select>
          </label>
          <label>
            convention{" "}
            <select
              value={convention}
              onChange={({ target }) => setParams({ convention: target.value === "paper" ? undefined : target.value })}
            >
              {conventions.map((name) => (
                <option key={name}>{name}</option>
              ))}
            </select>
          </label>
        </div>
      </div>
      {isChanged && (
        <p className="play-changed" role="status">
          The settings are not those of the network that is shown: what was changed needs a reset. Run or Reset begins
          anew with them.
        </p>
      )}
      <div className="play-room">
        <form
          className="play-side"
          data-tour="controls"
          aria-label="Settings"
          onSubmit={(event) => event.preventDefault()}
        >
          <label className="setting">
            setting{" "}
            <select
              value={plan.setting}
              onChange={({ target }) => {
                if (isPlaySetting(target.value))
                  setPlan({ setting: target.value, a: playDefaults[target.value], b: undefined });
              }}
            >
              {playSettings.map((name) => (
                <option key={name}>{name}</option>
              ))}
            </select>
            <button type="button" onClick={() => setPlan({ ...plan, a: playDefaults[plan.setting], b: undefined })}>
              Defaults
            </button>
          </label>
          <RunsOn device={device} />
          {plan.b !== undefined && (
            <fieldset className="slots">
              <legend className="unseen">Whose settings</legend>
              {(["a", "b"] as const).map((one) => (
                <button key={one} type="button" aria-pressed={slot === one} onClick={() => setEdited(one)}>
                  {slotNames[one]}
                </button>
              ))}
              <p className="soft">{differenceWords(plan)}</p>
            </fieldset>
          )}
          {wrong[slot] !== undefined && fields?.every(({ key }) => key !== wrong[slot]!.key) && (
            <Problem error={new Error(wrong[slot].message)} />
          )}
          <Course
            changes={plan.changes?.[slot]}
            forget={() => setPlan({ ...plan, changes: { ...plan.changes, [slot]: [] } })}
          />
          {fields !== undefined && (
            <Controls
              fields={fields}
              given={adjusting.shown}
              adjustable={adjusting.adjustable}
              differing={plan.b === undefined ? [] : differences(plan.a, plan.b)}
              problem={adjusting.wrong ?? wrong[slot]}
              change={change}
            />
          )}
        </form>
        <div className="play-figures">
          {now.length === 0 ? (
            <p className="missing">
              Press Run: the engine is loaded and training begins. With the settings as they are all six relations of
              the hidden layers pass 0.6 within some 300 steps.
            </p>
          ) : (
            <div className={`play-networks${plays.b === undefined ? "" : " two"}`}>
              {(["a", "b"] as const).map((one) => {
                const play = plays[one];
                return play === undefined ? null : (
                  <NetworkFigures
                    key={one}
                    title={plays.b === undefined ? "The network" : slotNames[one]}
                    play={play}
                    other={plays[one === "a" ? "b" : "a"]}
                    compared={behind}
                    shown={shown}
                    choose={choose}
                    onRead={onRead}
                  />
                );
              })}
            </div>
          )}
          <History {...{ past, convention, compared, compare, open }} />
        </div>
      </div>
      {tour !== undefined && (
        <Tour
          key={tour}
          place={tour}
          seen={{ a: plays.a, b: plays.b, layer, hasRead: readIn === tour }}
          hands={hands}
          go={(place) => setParams({ tour: place === undefined ? undefined : String(place) })}
        />
      )}
    </div>
  );
}

interface CourseProps {
  readonly changes: readonly ParameterChange[] | undefined;
  readonly forget: () => void;
}

/** What changes while it trains, in words. */
function Course({ changes = [], forget }: CourseProps) {
  if (changes.length === 0) return null;
  return (
    <p className="course">
      Changed while it trains: {changesInWords(changes)}.{" "}
      <button type="button" onClick={forget}>
        Forget
      </button>
    </p>
  );
}

const conventionOf = (name: string | null): Convention => conventions.find((one) => one === name) ?? "paper";

function differenceWords({ a, b }: Plan): string {
  const count = differences(a, b ?? a).length;
  return count === 0 ? "The two are the same; change one." : `They differ in ${counted(count, "parameter")}.`;
}

function Speed() {
  const [name, setName] = useState(() => speeds.find(({ speed }) => speed === session.speed)!.name);
  return (
    <label>
      speed{" "}
      <select
        value={name}
        onChange={({ target }) => {
          setName(target.value);
          session.setSpeed(speeds.find((one) => one.name === target.value)?.speed);
        }}
      >
        {speeds.map((one) => (
          <option key={one.name}>{one.name}</option>
        ))}
      </select>
    </label>
  );
}

function CopyLink() {
  const [isCopied, setCopied] = useState(false);
  if (navigator.clipboard === undefined) return null; // pages over plain HTTP have none
  return (
    <button
      type="button"
      onClick={() => {
        void navigator.clipboard.writeText(location.href).then(() => setCopied(true));
        setTimeout(() => setCopied(false), 2000);
      }}
    >
      <span aria-live="polite">{isCopied ? "Copied" : "Copy link"}</span>
    </button>
  );
}
