/** @file The settings of the playground: which setting, which of two networks, its changes and its parameters. */
import { counted } from "../../findings/numbers.ts";
import { Problem } from "../ErrorNote.tsx";
import type { ParameterChange, WantedDevice } from "../trainer/messages.ts";
import { changesInWords, differences, type Plan, type Slot } from "./address.ts";
import { Controls } from "./Controls.tsx";
import { isPlaySetting, playDefaults, playSettings } from "./defaults.ts";
import { RunsOn } from "./RunsOn.tsx";
import type { Adjusting } from "./useAdjusting.ts";
import type { Planned } from "./usePlan.ts";

export const slotNames: Readonly<Record<Slot, string>> = { a: "Network 1", b: "Network 2" };

interface SettingsFormProps {
  readonly planned: Planned;
  readonly adjusting: Adjusting;
  /** The network whose settings are shown. */
  readonly slot: Slot;
  readonly device: WantedDevice;
  /** Shows the settings of another network. */
  readonly edit: (slot: Slot) => void;
  readonly change: (key: string, value: string) => void;
}

export function SettingsForm({ planned, adjusting, slot, device, edit, change }: SettingsFormProps) {
  const { plan, fields, wrong, setPlan } = planned;
  return (
    <form className="play-side" data-tour="controls" aria-label="Settings" onSubmit={(event) => event.preventDefault()}>
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
            <button key={one} type="button" aria-pressed={slot === one} onClick={() => edit(one)}>
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
  );
}

interface CourseProps {
  readonly changes: readonly ParameterChange[] | undefined;
  readonly forget: () => void;
}

/** The changes made while it trains, in words. */
function Course({ changes = [], forget }: CourseProps) {
  if (changes.length === 0) return null;
  return (
    <p className="course">
      Changed during training: {changesInWords(changes)}.{" "}
      <button type="button" onClick={forget}>
        Forget
      </button>
    </p>
  );
}

function differenceWords({ a, b }: Plan): string {
  const count = differences(a, b ?? a).length;
  return count === 0
    ? "The two networks are the same; change one."
    : `The networks differ in ${counted(count, "parameter")}.`;
}
