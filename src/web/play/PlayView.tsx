/**
 * @file The playground: one or two networks that train in the page, and their measurements. The settings are in the
 * address; plays are kept for this visit.
 */
import { startTransition, useCallback, useEffect, useMemo, useRef, useState } from "react";
import type { Convention } from "../../measure/snapshot.ts";
import { conventions } from "../../moments/moments.ts";
import { Problem } from "../ErrorNote.tsx";
import { type Route, setParams } from "../route.ts";
import type { WantedDevice } from "../trainer/messages.ts";
import { deviceOf, type Plan, type Slot } from "./address.ts";
import { History } from "./History.tsx";
import { NetworkFigures } from "./NetworkFigures.tsx";
import "./play.css";
import { isUnderWay, isWaiting, type PlayData } from "./playData.ts";
import { RunButtons } from "./RunButtons.tsx";
import { HIDDEN } from "./relationLines.ts";
import { SettingsForm, slotNames } from "./SettingsForm.tsx";
import { Session, type SessionState } from "./session.ts";
import { Tour } from "./Tour.tsx";
import type { Hands } from "./tourSteps.tsx";
import { isSamePlay, type Plays, useAdjusting } from "./useAdjusting.ts";
import { usePlan } from "./usePlan.ts";
import { ViewOptions } from "./ViewOptions.tsx";

/** One session per visit: the plays are still there on return from another view. */
const session = new Session();

/** Rendered in slices, so that the page stays responsive while figures are redrawn. */
function useSession(): SessionState {
  const [state, setState] = useState(session.state);
  useEffect(() => session.subscribe(() => startTransition(() => setState(session.state()))), []);
  return state;
}

/** The layer whose matrices are shown first: the first between two hidden representations. */
const FIRST_LAYER = "layers.1";

/** Starts the networks of a plan, paused or running. */
function start(plan: Plan, device: WantedDevice, paused = false): void {
  const { setting, a, b, changes } = plan;
  session.start("a", { setting, given: a, changes: changes?.a ?? [], device }, { paused });
  if (b === undefined) session.clear("b");
  else session.start("b", { setting, given: b, changes: changes?.b ?? [], device }, { paused });
}

/** Shows the relations of a layer, or hidden medians. A layer's matrices are shown with its relations. */
const choose = (scope: string): void => setParams({ scope, ...(scope === HIDDEN ? {} : { layer: scope }) });

export default function PlayView({ route: { params } }: { readonly route: Route }) {
  const planned = usePlan(params);
  const { plan, wrong, error, setPlan } = planned;
  const { plays, past } = useSession();
  const [edited, setEdited] = useState<Slot>("a");
  /** The step of the tour in which an entry of a matrix was read. */
  const [readIn, setReadIn] = useState<number>();
  const slot = plan.b === undefined ? "a" : edited;
  const adjusting = useAdjusting(planned, { session, plays, slot });
  const { shown, layers } = useShown(params, plays.a);
  const { convention, layer, isLogSteps } = shown;
  const { compared, behind, compare } = useCompared(past);
  const tour = Number(params.get("tour")) || undefined;
  const device = deviceOf(params);

  useEffect(() => session.lookAt({ layer, convention }), [layer, convention]);
  useEffect(() => () => session.pause(), []);

  const onRead = useCallback(() => setReadIn(tour), [tour]);
  const change = useChange(planned, adjusting, slot);
  const open = useCallback(
    (play: PlayData) => {
      session.open(play);
      session.clear("b");
      setPlan({ setting: play.setting, a: play.given, b: undefined, changes: { a: play.changes } });
      setParams({ device: play.device === "automatic" ? undefined : play.device });
      compare(play.number, false);
    },
    [setPlan, compare],
  );

  const { isEmpty, isRunning, isPaused, isChanged } = stateOf(plays, plan, device);
  const isWrong = wrong.a !== undefined || wrong.b !== undefined;

  const hands: Hands = {
    play: (next) => {
      setPlan(next);
      start(next, device);
    },
    run: () => session.resume(),
    look: (layer) => setParams({ layer }),
  };
  const setTwo = (hasTwo: boolean) => {
    const { a, changes } = plan;
    setPlan({ ...plan, b: hasTwo ? a : undefined, changes: { a: changes?.a, b: changes?.a } });
    setEdited(hasTwo ? "b" : "a");
    if (!hasTwo) session.clear("b");
  };
  const step = (steps: number) => {
    if (!isPaused || isChanged) start(plan, device, true);
    session.step(steps);
  };

  return (
    <div className={`play${tour === undefined ? "" : " touring"}`}>
      <Head hasTour={tour !== undefined} />
      {error !== undefined && <Problem error={error} />}
      <div className="play-bars">
        <RunButtons
          {...{ isRunning, isWrong, isEmpty }}
          canResume={isPaused && !isChanged}
          pause={() => session.pause()}
          resume={() => session.resume()}
          run={() => start(plan, device)}
          reset={() => start(plan, device, true)}
          step={step}
        />
        <ViewOptions
          {...{ session, layers, layer, convention, isLogSteps }}
          hasTwo={plan.b !== undefined}
          setTwo={setTwo}
        />
      </div>
      {isChanged && (
        <p className="play-changed" role="status">
          The settings differ from those of the network shown: the changes need a reset. Run or Reset starts again with
          them.
        </p>
      )}
      <div className="play-room">
        <SettingsForm {...{ planned, adjusting, slot, device, change }} edit={setEdited} />
        <div className="play-figures">
          <Networks {...{ plays, behind, shown, choose, onRead }} />
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

/** What the playground is; with a link to copy and the way to the tour. */
function Head({ hasTour }: { readonly hasTour: boolean }) {
  return (
    <div className="play-head">
      <div>
        <h1>Playground</h1>
        <p className="soft">
          Networks train here in your browser, with the engine of <code>crh run</code>; nothing is sent anywhere. Watch
          the activations, gradients and weights of each layer align as they train.
        </p>
      </div>
      <div className="tools">
        <CopyLink />
        {!hasTour && (
          <button type="button" onClick={() => setParams({ tour: "1" })}>
            Take the tour
          </button>
        )}
      </div>
    </div>
  );
}

interface NetworksProps extends Pick<Parameters<typeof NetworkFigures>[0], "shown" | "choose" | "onRead"> {
  readonly plays: Plays;
  /** Past plays, drawn behind. */
  readonly behind: readonly PlayData[];
}

/** The figures of one network or of two, side by side. */
function Networks({ plays, behind, ...view }: NetworksProps) {
  if (Object.keys(plays).length === 0)
    return (
      <p className="missing">
        Press Run to load the engine and begin training. With the default settings all six relations of the hidden
        layers exceed 0.6 within some 300 steps.
      </p>
    );
  return (
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
            {...view}
          />
        );
      })}
    </div>
  );
}

/** Whether there are networks, whether they train, and whether the plan has become another since they were started. */
function stateOf(plays: Plays, plan: Plan, device: WantedDevice) {
  const now = Object.values(plays);
  const isRunning = now.some(isUnderWay);
  const isSame = isSamePlay(plan, "a", plays.a) && isSamePlay(plan, "b", plays.b);
  return {
    isEmpty: now.length === 0,
    isRunning,
    isPaused: !isRunning && now.some(isWaiting),
    isChanged: now.length > 0 && !(isSame && now.every((play) => play.device === device)),
  };
}

/** Changes a parameter: of the network that trains, where it can be adjusted, or else in the plan. */
function useChange(
  { plan, setPlan }: ReturnType<typeof usePlan>,
  adjusting: ReturnType<typeof useAdjusting>,
  slot: Slot,
): (key: string, value: string) => void {
  const latest = useRef(adjusting);
  latest.current = adjusting;
  return useCallback(
    (key, value) => {
      if (latest.current.adjust(key, value)) return;
      setPlan(withParameter(plan, slot, key, value));
    },
    [plan, slot, setPlan],
  );
}

/** What the figures show, from the address. A layer that the network lacks is replaced by one that it has. */
function useShown(params: URLSearchParams, play: PlayData | undefined) {
  const convention = conventionOf(params.get("convention"));
  const layers = (play?.snapshots[0]?.layers ?? []).map(({ name }) => name);
  const isThere = (name: string | null): name is string =>
    name !== null && (layers.length === 0 || layers.includes(name));
  const [wantedScope, wantedLayer] = [params.get("scope"), params.get("layer") ?? FIRST_LAYER];
  const scope = isThere(wantedScope) ? wantedScope : HIDDEN;
  const layer = isThere(wantedLayer) ? wantedLayer : layers[0]!;
  const isLogSteps = params.get("axis") === "log";
  const shown = useMemo(() => ({ convention, scope, layer, isLogSteps }), [convention, scope, layer, isLogSteps]);
  return { shown, layers };
}

/** The past plays that are drawn behind the current one, by number. */
function useCompared(past: readonly PlayData[]) {
  const [compared, setCompared] = useState<readonly number[]>([]);
  const compare = useCallback(
    (number: number, isCompared: boolean) =>
      setCompared((before) => (isCompared ? [...before, number] : before.filter((one) => one !== number))),
    [],
  );
  const behind = useMemo(() => past.filter(({ number }) => compared.includes(number)), [past, compared]);
  return { compared, behind, compare };
}

/** A plan with one parameter changed. A value that the second network shares with the first changes with it. */
function withParameter(plan: Plan, slot: Slot, key: string, value: string): Plan {
  const { a, b } = plan;
  if (slot === "b") return { ...plan, b: { ...b!, [key]: value } };
  const other = b !== undefined && b[key] === a[key] ? { ...b, [key]: value } : b;
  return { ...plan, a: { ...a, [key]: value }, b: other };
}

const conventionOf = (name: string | null): Convention => conventions.find((one) => one === name) ?? "paper";

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
