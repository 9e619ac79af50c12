/** @file Options beside the buttons: speed, one network or two, and what the figures show. */
import { useState } from "react";
import type { Convention } from "../../measure/snapshot.ts";
import { conventions } from "../../moments/moments.ts";
import { setParams } from "../route.ts";
import { speeds } from "./defaults.ts";
import type { Session } from "./session.ts";

interface ViewOptionsProps {
  readonly session: Session;
  /** Layers of the first network; empty before it is measured. */
  readonly layers: readonly string[];
  readonly layer: string;
  readonly convention: Convention;
  readonly isLogSteps: boolean;
  /** Whether there are two networks. */
  readonly hasTwo: boolean;
  readonly setTwo: (hasTwo: boolean) => void;
}

export function ViewOptions({ session, layers, layer, convention, isLogSteps, hasTwo, setTwo }: ViewOptionsProps) {
  return (
    <div className="play-options">
      <Speed session={session} />
      <label>
        <input type="checkbox" checked={hasTwo} onChange={({ target }) => setTwo(target.checked)} /> two networks
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
  );
}

function Speed({ session }: Pick<ViewOptionsProps, "session">) {
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
