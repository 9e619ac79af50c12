/** @file The plan in the address, checked by the setting's own schema. */
import { useMemo } from "react";
import { describeParameters } from "../../parameters/describe.ts";
import { parseParameters } from "../../parameters/parse.ts";
import { findSetting } from "../../settings/settings.ts";
import { setParams } from "../route.ts";
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
  /** undefined while the setting is loaded. */
  readonly fields: readonly ParameterField[] | undefined;
  readonly wrong: Readonly<Partial<Record<Slot, Wrong>>>;
  readonly error: Error | undefined;
  readonly setPlan: (plan: Plan) => void;
}

export function usePlan(params: URLSearchParams): Planned {
  const plan = useMemo(() => planOf(params), [params]);
  const { value: setting, error } = useAsync(plan.setting, () => findSetting(plan.setting));
  const isLoaded = setting?.name === plan.setting;
  const fields = useMemo(() => (isLoaded ? describeParameters(setting) : undefined), [setting, isLoaded]);
  const wrong = useMemo(() => {
    if (!isLoaded) return {};
    const check = (given: Given | undefined): Wrong | undefined => {
      try {
        if (given !== undefined) parseParameters(setting, given);
        return undefined;
      } catch (problem) {
        const message = (problem as Error).message.replace(/;[^;]*--help[^;]*$/, "");
        const key = /expected (\w+) to be/.exec(message)?.[1] ?? /got "([^"]*)"/.exec(message)?.[1] ?? "";
        return { key, message };
      }
    };
    const [a, b] = [check(plan.a), check(plan.b)];
    return { ...(a && { a }), ...(b && { b }) };
  }, [plan, setting, isLoaded]);
  return { plan, fields, wrong, error, setPlan: (next) => setParams(addressOf(next, params)) };
}

/** A value set; one that is the setting's own default needs no mention where the playground has no other. */
export function withValue(given: Given, key: string, value: string): Given {
  return { ...given, [key]: value };
}
