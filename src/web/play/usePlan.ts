/** @file The plan in the address, checked by the setting's own schema. */
import { useCallback, useMemo } from "react";
import { describeParameters } from "../../parameters/describe.ts";
import { parseParameters } from "../../parameters/parse.ts";
import type { Setting } from "../../settings/setting.ts";
import { findSetting } from "../../settings/settings.ts";
import { setParams } from "../route.ts";
import type { ParameterChange } from "../trainer/messages.ts";
import { useAsync } from "../useAsync.ts";
import { addressOf, type Plan, planOf, type Slot } from "./address.ts";
import type { ParameterField } from "./Controls.tsx";
import type { Given } from "./defaults.ts";

export interface Wrong {
  readonly key: string;
  readonly message: string;
}

export interface Planned {
  readonly plan: Plan;
  /** Undefined while the setting is being loaded. */
  readonly fields: readonly ParameterField[] | undefined;
  readonly wrong: Readonly<Partial<Record<Slot, Wrong>>>;
  readonly error: Error | undefined;
  /** The first fault of the parameters, if any. */
  readonly check: (given: Given) => Wrong | undefined;
  readonly setPlan: (plan: Plan) => void;
}

export function usePlan(params: URLSearchParams): Planned {
  const plan = useMemo(() => planOf(params), [params]);
  const { value: setting, error } = useAsync(plan.setting, () => findSetting(plan.setting));
  const isLoaded = setting?.name === plan.setting;
  const fields = useMemo(() => (isLoaded ? describeParameters(setting) : undefined), [setting, isLoaded]);
  const check = useCallback((given: Given) => (isLoaded ? wrongIn(setting, given) : undefined), [setting, isLoaded]);
  const wrong = useMemo(() => {
    const wrongOf = (given: Given | undefined, changes: readonly ParameterChange[] = []) =>
      given && (check(given) ?? changes.map(({ values }) => check({ ...given, ...values })).find(Boolean));
    const [a, b] = [wrongOf(plan.a, plan.changes?.a), wrongOf(plan.b, plan.changes?.b)];
    return { ...(a && { a }), ...(b && { b }) };
  }, [plan, check]);
  return { plan, fields, wrong, error, check, setPlan: (next) => setParams(addressOf(next, params)) };
}

function wrongIn(setting: Setting, given: Given): Wrong | undefined {
  try {
    parseParameters(setting, given);
    return undefined;
  } catch (problem) {
    const message = (problem as Error).message.replace(/;[^;]*--help[^;]*$/, "");
    const key = /expected (\w+) to be/.exec(message)?.[1] ?? /got "([^"]*)"/.exec(message)?.[1] ?? "";
    return { key, message };
  }
}
