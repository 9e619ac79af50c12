/** @file The buttons that run, pause, step and reset the networks of the playground. */

interface RunButtonsProps {
  readonly isRunning: boolean;
  /** Whether paused networks can continue with the settings as they are. */
  readonly canResume: boolean;
  /** Whether some setting is wrong. */
  readonly isWrong: boolean;
  /** Whether there is no network yet. */
  readonly isEmpty: boolean;
  readonly pause: () => void;
  readonly resume: () => void;
  readonly run: () => void;
  readonly reset: () => void;
  readonly step: (steps: number) => void;
}

export function RunButtons({
  isRunning,
  canResume,
  isWrong,
  isEmpty,
  pause,
  resume,
  run,
  reset,
  step,
}: RunButtonsProps) {
  return (
    <div className="play-bar">
      {isRunning ? (
        <button type="button" className="primary" onClick={pause}>
          Pause
        </button>
      ) : canResume ? (
        <button type="button" className="primary" onClick={resume}>
          Go on
        </button>
      ) : (
        <button type="button" className="primary" disabled={isWrong} onClick={run}>
          Run
        </button>
      )}
      <button type="button" disabled={isRunning || isWrong} onClick={() => step(1)}>
        Step
      </button>
      <button type="button" disabled={isRunning || isWrong} onClick={() => step(10)}>
        10 steps
      </button>
      <button type="button" disabled={isEmpty || isWrong} onClick={reset}>
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
  );
}
