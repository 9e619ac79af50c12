/** @file A field for a measure's name: it proposes the known ones and accepts any other quantity of metrics.jsonl. */
import { useEffect, useId, useState } from "react";
import { measureCalled, measureNames } from "../../tables/measures.ts";

interface MeasureFieldProps {
  readonly label: string;
  readonly value: string;
  readonly change: (value: string) => void;
}

export function MeasureField({ label, value, change }: MeasureFieldProps) {
  const [text, setText] = useState(value);
  useEffect(() => setText(value), [value]);
  const [field, list] = [useId(), useId()];
  const done = () => text.trim() !== "" && text !== value && change(text.trim());
  return (
    <span className="compare-field">
      <label htmlFor={field}>{label}</label>{" "}
      <input
        id={field}
        list={list}
        value={text}
        size={16}
        spellCheck={false}
        onChange={({ target }) => {
          setText(target.value);
          if (measureNames.includes(target.value)) change(target.value);
        }}
        onBlur={done}
        onKeyDown={({ key }) => key === "Enter" && done()}
      />
      <datalist id={list}>
        {[...measureNames, "train/loss", "eval/loss"].map((name) => (
          <option key={name} value={name}>
            {measureCalled(name).meaning}
          </option>
        ))}
      </datalist>
    </span>
  );
}
