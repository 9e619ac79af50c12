/** @file The parameters of a network as fields. Labels, meanings and checks come from the setting. */
import { memo, useEffect, useId, useState } from "react";
import type { describeParameters } from "../../parameters/describe.ts";
import { type Given, groups, OTHERS, type Range, ranges } from "./defaults.ts";

export type ParameterField = ReturnType<typeof describeParameters>[number];

export interface ControlsProps {
  readonly fields: readonly ParameterField[];
  readonly given: Given;
  /** Keys of parameters that change at once in the training network; undefined if none trains. */
  readonly adjustable?: readonly string[] | undefined;
  /** Keys whose values differ from the other network's. */
  readonly differing: readonly string[];
  /** A wrong value's key, and what is wrong with it. */
  readonly problem: { readonly key: string; readonly message: string } | undefined;
  readonly change: (key: string, value: string) => void;
}

export const Controls = memo(function Controls(props: ControlsProps) {
  const { fields, given, adjustable, differing, problem, change } = props;
  const named = new Set(groups.flatMap(({ keys }) => keys));
  const rest = fields.filter(({ key }) => !named.has(key)).map(({ key }) => key);
  return (
    <div className="play-controls">
      {adjustable !== undefined && (
        <p className="soft course">
          Parameters marked <span className="mark">at once</span> change in the training network from its next step; all
          others need a reset.
        </p>
      )}
      {[...groups, { title: OTHERS, keys: rest, isOpen: false }].map(({ title, keys, isOpen }) => (
        <details key={title} open={isOpen}>
          <summary>{title}</summary>
          {keys.map((key) => {
            const field = fields.find((one) => one.key === key);
            return field === undefined ? null : (
              <Field
                key={key}
                field={field}
                value={given[key] ?? String(field.default)}
                differs={differing.includes(key)}
                isAdjustable={adjustable?.includes(key) ?? false}
                problem={problem?.key === key ? problem.message : undefined}
                change={change}
              />
            );
          })}
        </details>
      ))}
    </div>
  );
});

interface FieldProps {
  readonly field: ParameterField;
  readonly value: string;
  readonly differs: boolean;
  readonly isAdjustable: boolean;
  readonly problem: string | undefined;
  readonly change: (key: string, value: string) => void;
}

function Field({
  field: { key, description, source, values, default: usual },
  value,
  differs,
  isAdjustable,
  problem,
  change,
}: FieldProps) {
  const id = useId();
  const set = (text: string) => change(key, text);
  const range = ranges[key];
  return (
    <div className={`field${differs ? " differs" : ""}`} data-key={key} data-tour={key}>
      <label htmlFor={id} title={`Default of the setting: ${String(usual)} (${source})`}>
        {description} {differs && <span className="mark">differs</span>}{" "}
        {isAdjustable && <span className="mark">at once</span>} <code>{key}</code>
      </label>
      <div className="inputs">
        {values !== undefined ? (
          <select id={id} value={value} onChange={({ target }) => set(target.value)}>
            {values.map((one) => (
              <option key={one}>{one}</option>
            ))}
          </select>
        ) : typeof usual === "boolean" ? (
          <input
            id={id}
            type="checkbox"
            checked={value === "true"}
            onChange={({ target }) => set(String(target.checked))}
          />
        ) : (
          <>
            <NumberInput id={id} value={value} set={set} isWrong={problem !== undefined} />
            {range && <Slider label={description} range={range} value={Number(value)} set={set} />}
          </>
        )}
      </div>
      {problem !== undefined && (
        <p className="wrong" role="alert">
          {problem}
        </p>
      )}
    </div>
  );
}

/** Takes effect when the field loses focus, or on Enter. */
function NumberInput({
  id,
  value,
  set,
  isWrong,
}: {
  readonly id: string;
  readonly value: string;
  readonly set: (text: string) => void;
  readonly isWrong: boolean;
}) {
  const [text, setText] = useState(value);
  useEffect(() => setText(value), [value]);
  const done = () => text.trim() !== value && set(text.trim());
  return (
    <input
      id={id}
      type="text"
      inputMode="decimal"
      autoComplete="off"
      spellCheck={false}
      value={text}
      aria-invalid={isWrong}
      onChange={({ target }) => setText(target.value)}
      onBlur={done}
      onKeyDown={({ key }) => key === "Enter" && done()}
    />
  );
}

/** chosen: positions of a logarithmic slider. */
const PLACES = 60;

function Slider({
  label,
  range: { low, high, isLog, by = 1 },
  value,
  set,
}: {
  readonly label: string;
  readonly range: Range;
  readonly value: number;
  readonly set: (text: string) => void;
}) {
  if (!isLog)
    return (
      <input
        type="range"
        aria-label={`${label}, slider`}
        min={low}
        max={high}
        step={by}
        value={Number.isFinite(value) ? value : low}
        onChange={({ target }) => set(String(Number(Number(target.value).toPrecision(3))))}
      />
    );
  const place = Math.round((PLACES * Math.log(Math.max(low, value) / low)) / Math.log(high / low));
  return (
    <input
      type="range"
      aria-label={`${label}, slider`}
      aria-valuetext={String(value)}
      min={0}
      max={PLACES}
      value={Number.isFinite(place) ? place : 0}
      onChange={({ target }) => {
        const exact = low * (high / low) ** (Number(target.value) / PLACES);
        set(String(low >= 1 ? Math.round(exact) : Number(exact.toPrecision(2))));
      }}
    />
  );
}
