/** @file The form for measuring a model: an array for each input, the targets, the loss. */
import { useState } from "react";
import { costs } from "../../measure/measured.ts";
import { type Given, type LossName, losses, type ModelRequest } from "./measureModel.ts";
import type { DeclaredValue, OpenedFile } from "./messages.ts";

export type OpenedModel = Extract<OpenedFile, { kind: "model" }>;
export type OpenedArrays = Extract<OpenedFile, { kind: "arrays" }>;

/** An array that can be chosen. */
interface Choice {
  readonly key: string;
  readonly words: string;
  readonly given: Given;
  readonly name: string;
  readonly dtype: string;
  readonly shape: readonly number[];
}

export function choicesOf(files: ReadonlyMap<string, OpenedArrays>): Choice[] {
  return [...files].flatMap(([file, { arrays, labels }]) => [
    ...arrays.map(({ name, dtype, shape }): Choice => {
      const words = `${name === "data" ? file : `${file}: ${name}`} · ${dtype} (${shape.join(", ")})`;
      const own = name === "data" ? file.replace(/\..*$/, "") : name;
      return { key: `${file}/${name}`, words, given: { file, array: name }, name: own, dtype, shape };
    }),
    ...(labels === undefined
      ? []
      : [
          {
            ...{ key: `${file}//labels`, words: `${file}: labels · int32 (${labels})`, name: "labels", dtype: "int32" },
            ...{ given: { file, labels: true } as const, shape: [labels] },
          },
        ]),
  ]);
}

const isTargetName = (name: string): boolean => /^(y|t|targets?|labels?|.*-labels.*)$/i.test(name);

/** The array that most likely belongs to an input or to the targets. */
function guess(choices: readonly Choice[], name: string, taken: ReadonlySet<string>): string {
  const free = choices.filter(({ key }) => !taken.has(key));
  const found =
    free.find((one) => one.name === name) ??
    (name === TARGETS
      ? (free.find((one) => isTargetName(one.name)) ?? free[0])
      : free.find((one) => !isTargetName(one.name)));
  return found?.key ?? (name === TARGETS ? "" : ZEROS);
}

const TARGETS = "targets";
const ZEROS = "0";

interface Chosen {
  readonly [name: string]: string;
}

/** The choices proposed for a model and the available arrays. */
export function proposal(model: OpenedModel, choices: readonly Choice[]): Chosen {
  const taken = new Set<string>();
  const chosen: Record<string, string> = {};
  for (const { name } of model.inputs) {
    const key = guess(choices, name, taken);
    chosen[name] = key;
    taken.add(key);
  }
  chosen[TARGETS] = guess(choices, TARGETS, taken);
  return chosen;
}

/** Whole numbers are taken as classes, or as the tokens themselves if there are no other targets. */
function usualLoss(model: OpenedModel, target: Choice | undefined): LossName {
  if (target === undefined) return model.inputs.some(({ dtype }) => dtype?.startsWith("int")) ? "next-token" : "mse";
  const isOneHot = target.shape.length > 1 && (target.shape[1] ?? 1) > 1;
  return /^u?int/.test(target.dtype) && !isOneHot ? "cross-entropy" : "mse";
}

interface ModelFormProps {
  readonly model: OpenedModel;
  readonly files: ReadonlyMap<string, OpenedArrays>;
  readonly isBusy: boolean;
  measure(request: ModelRequest): void;
}

export function ModelForm({ model, files, isBusy, measure }: ModelFormProps) {
  const choices = choicesOf(files);
  const [changed, change] = useState<Chosen>({});
  const chosen: Chosen = { ...proposal(model, choices), ...changed };
  const target = choices.find(({ key }) => key === chosen[TARGETS]);
  const loss = (changed.loss ?? usualLoss(model, target)) as LossName;
  const set = (name: string) => (value: string) => change((before) => ({ ...before, [name]: value }));
  const needsTargets = loss !== "next-token" && losses.includes(loss);
  return (
    <form
      className="open-form"
      onSubmit={(event) => {
        event.preventDefault();
        measure(requestOf(model, choices, { chosen, changed, loss, target: needsTargets ? target : undefined }));
      }}
    >
      {model.inputs.map((input) => (
        <Pick
          key={input.name}
          label={`Input ${input.name}`}
          hint={declaredWords(input)}
          value={chosen[input.name]!}
          set={set(input.name)}
        >
          <Arrays choices={choices} />
          <option value={ZEROS}>zeros</option>
        </Pick>
      ))}
      <Pick label="Loss" hint="per sample, as in crh analyze --loss" value={loss} set={set("loss")}>
        {losses.map((one) => (
          <option key={one}>{one}</option>
        ))}
        {model.outputs.map(({ name }) => (
          <option key={name} value={`${OWN}${name}`}>
            the model’s own: {name}
          </option>
        ))}
      </Pick>
      {needsTargets && (
        <Pick label="Targets" hint="one per sample" value={chosen[TARGETS]!} set={set(TARGETS)}>
          {chosen[TARGETS] === "" && <option value="">none chosen</option>}
          <Arrays choices={choices} />
        </Pick>
      )}
      {model.outputs.length > 1 && (
        <Pick
          label="Output"
          hint="from which the loss is computed"
          value={chosen.output ?? model.outputs[0]!.name}
          set={set("output")}
        >
          {model.outputs.map(({ name }) => (
            <option key={name}>{name}</option>
          ))}
        </Pick>
      )}
      <More changed={changed} set={set} />
      <p>
        <button type="submit" className="primary" disabled={isBusy || choices.length === 0}>
          Measure
        </button>
      </p>
    </form>
  );
}

/** The arrays of the opened files as options. */
function Arrays({ choices }: { readonly choices: readonly Choice[] }) {
  return choices.map(({ key, words }) => (
    <option key={key} value={key}>
      {words}
    </option>
  ));
}

interface MoreProps {
  readonly changed: Chosen;
  set(name: string): (value: string) => void;
}

/** What rarely needs to be changed. */
function More({ changed, set }: MoreProps) {
  return (
    <details>
      <summary>More</summary>
      <Pick
        label="Cost"
        hint="how much is measured; full takes longest"
        value={changed.cost ?? "standard"}
        set={set("cost")}
      >
        {costs.map((one) => (
          <option key={one}>{one}</option>
        ))}
      </Pick>
      <Pick label="Pixels" hint="scale of image bytes" value={changed.pixels ?? "auto"} set={set("pixels")}>
        <option value="auto">as in the file</option>
        <option value="unit">scaled to [0, 1]</option>
        <option value="raw">0 to 255</option>
      </Pick>
      <Typed label="Samples" hint="empty: all" value={changed.samples} set={set("samples")} type="number" />
      <Typed label="Batch" hint="empty: chosen by size" value={changed.batch} set={set("batch")} type="number" />
      <Typed label="Mean" hint="by channel: 0.4,0.5,0.6" value={changed.mean} set={set("mean")} type="text" />
      <Typed
        label="Standard deviation"
        hint="by channel: 0.2,0.2,0.2"
        value={changed.std}
        set={set("std")}
        type="text"
      />
    </details>
  );
}

/** Begins the value of a loss that is an output of the model. */
const OWN = "output ";

interface FormValues {
  /** What the form shows, and of that what was changed by hand. */
  readonly chosen: Chosen;
  readonly changed: Chosen;
  readonly loss: LossName;
  /** Undefined if the loss takes none. */
  readonly target: Choice | undefined;
}

/** The measurement that the form asks for. */
function requestOf(
  model: OpenedModel,
  choices: readonly Choice[],
  { chosen, changed, loss, target }: FormValues,
): ModelRequest {
  const of = (name: string): Given =>
    choices.find(({ key }) => key === chosen[name])?.given ?? { value: Number(chosen[name]) || 0 };
  const count = (name: string) => (Number(changed[name]) >= 1 ? { [name]: Math.floor(Number(changed[name])) } : {});
  const normalize = normalization(changed);
  return {
    inputs: Object.fromEntries(model.inputs.map(({ name }) => [name, of(name)])),
    ...(target && { targets: target.given }),
    loss: losses.includes(loss) ? loss : { output: (loss as string).slice(OWN.length) },
    ...(model.outputs.length > 1 && { output: chosen.output ?? model.outputs[0]!.name }),
    ...(changed.pixels === "unit" || changed.pixels === "raw" ? { pixels: changed.pixels } : {}),
    ...(normalize && { normalize }),
    ...count("samples"),
    ...count("batch"),
    cost: costs.find((one) => one === changed.cost) ?? "standard",
  };
}

function normalization({ mean = "", std = "" }: Chosen): ModelRequest["normalize"] {
  const numbers = (text: string) => text.split(",").flatMap((one) => (one.trim() === "" ? [] : Number(one)));
  const [means, deviations] = [numbers(mean), numbers(std)];
  if (means.length === 0 && deviations.length === 0) return undefined;
  return { mean: means.length > 0 ? means : [0], std: deviations.length > 0 ? deviations : [1] };
}

function declaredWords({ dtype = "any type", shape }: DeclaredValue): string {
  return shape === undefined ? dtype : `${dtype} (${shape.map((extent) => extent ?? "?").join(", ")})`;
}

interface FieldProps {
  readonly label: string;
  readonly hint: string;
  set(value: string): void;
}

function Pick({
  label,
  hint,
  value,
  set,
  children,
}: FieldProps & { readonly value: string; readonly children: React.ReactNode }) {
  return (
    <label className="open-field">
      <span>
        {label} <small>{hint}</small>
      </span>
      <select value={value} onChange={({ target }) => set(target.value)}>
        {children}
      </select>
    </label>
  );
}

function Typed({
  label,
  hint,
  value = "",
  set,
  type,
}: FieldProps & { readonly value: string | undefined; readonly type: "number" | "text" }) {
  return (
    <label className="open-field">
      <span>
        {label} <small>{hint}</small>
      </span>
      <input
        type={type}
        {...(type === "number" && { min: 1 })}
        value={value}
        onChange={({ target }) => set(target.value)}
      />
    </label>
  );
}
