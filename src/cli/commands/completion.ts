/**
 * @file `crh completion bash|zsh|fish`: a script that asks this program for completions, so that commands, options,
 * settings, parameters and names of runs are always up to date.
 */
import type { Command } from "commander";
import { UsageError } from "../../runner/errors.ts";
import { RUNS } from "../../runner/records/runName.ts";
import { listRuns } from "../../runs/listRuns.ts";
import type { Setting } from "../../settings/setting.ts";
import { settings } from "../../settings/settings.ts";
import type { Io } from "../io.ts";
import { undatedRunName } from "../shortRunName.ts";

/** The hidden command called by the scripts: crh complete -- words.. */
export const COMPLETE = "complete";

const scripts = {
  bash: `_crh() {
  local IFS=$'\\n' words=("\${COMP_WORDS[@]:1:COMP_CWORD}")
  if [[ "\${COMP_WORDBREAKS}" == *=* && "$COMP_LINE" == *=* ]]; then
    local line="\${COMP_LINE:0:COMP_POINT}"; IFS=' ' read -r -a words <<< "\${line#* }"; [[ "$line" == *' ' ]] && words+=("")
  fi
  local cur="\${words[\${#words[@]}-1]}"
  IFS=$'\\n' COMPREPLY=($(crh ${COMPLETE} -- "\${words[@]}" 2>/dev/null))
  [[ "$cur" == *=* ]] && COMPREPLY=("\${COMPREPLY[@]#*=}")
  [[ "\${COMPREPLY[0]}" == *= ]] && compopt -o nospace
}
complete -o default -F _crh crh
`,
  zsh: `#compdef crh
_crh() {
  local -a found
  found=(\${(f)"$(crh ${COMPLETE} -- "\${(@)words[2,CURRENT]}" 2>/dev/null)"})
  if (( \${#found} )); then
    compadd -S '' -- \${(M)found:#*=}
    compadd -- \${found:#*=}
  else
    _files
  fi
}
compdef _crh crh
`,
  fish: `function __crh_complete
  set -l words (commandline -opc)
  crh ${COMPLETE} -- $words[2..-1] (commandline -ct) 2>/dev/null
end
complete -c crh -a '(__crh_complete)'
`,
} as const;

const how = {
  bash: "# crh completion bash > ~/.local/share/bash-completion/completions/crh\n",
  zsh: "# crh completion zsh > _crh, in a folder of $fpath\n",
  fish: "# crh completion fish > ~/.config/fish/completions/crh.fish\n",
} as const;

/** Prints the completion script for a shell. */
export function completionCommand(shell: string, io: Io): void {
  if (!Object.hasOwn(scripts, shell))
    throw new UsageError(`crh completion: expected bash, zsh or fish, got "${shell}"`);
  const known = shell as keyof typeof scripts;
  // The first line tells zsh which command the functions complete.
  io.stdout.write(known === "zsh" ? `${scripts.zsh}${how.zsh}` : `${how[known]}${scripts[known]}`);
}

/** Prints completions of the last word, one per line; nothing if it is a file. */
export async function completeCommand(words: readonly string[], program: Command, io: Io): Promise<void> {
  const last = words.at(-1) ?? "";
  const all = await candidates(words.slice(0, -1), last, program);
  const found = [...new Set(all)].filter((one) => one.startsWith(last));
  io.stdout.write(found.map((one) => `${one}\n`).join(""));
}

async function candidates(before: readonly string[], last: string, program: Command): Promise<readonly string[]> {
  let command = program;
  let rest = before;
  for (;;) {
    const next = command.commands.find((one) => one.name() === rest[0]);
    if (next === undefined) break;
    command = next;
    rest = rest.slice(1);
  }
  const previous = rest.at(-1);
  const option = command.options.find(({ long, short }) => previous !== undefined && [long, short].includes(previous));
  if (option?.argChoices !== undefined) return option.argChoices;
  if (option !== undefined && (option.required || option.optional)) return presetsOf(command, option.long, rest);
  if (last.startsWith("-")) return command.options.flatMap(({ long, hidden }) => (long && !hidden ? [long] : []));
  if (command.commands.length > 0) return command.commands.map((one) => one.name()).filter((name) => name !== COMPLETE);
  return argumentsOf(command, rest);
}

async function presetsOf(
  command: Command,
  long: string | undefined,
  rest: readonly string[],
): Promise<readonly string[]> {
  if (command.name() !== "run" || long !== "--preset") return [];
  return Object.keys((await settingAmong(rest))?.presets ?? {});
}

/** The setting named among the words. */
const settingAmong = async (words: readonly string[]): Promise<Setting | undefined> =>
  settings.find(({ name }) => words.includes(name))?.load();

/** Settings and their parameters, or runs, or the words of an argument with choices. */
async function argumentsOf(command: Command, rest: readonly string[]): Promise<readonly string[]> {
  const [first] = command.registeredArguments;
  if (command.name() === "run") {
    const setting = await settingAmong(rest);
    if (setting === undefined) return settings.map(({ name }) => name);
    return Object.keys(setting.parameters.shape).map((name) => `${name}=`);
  }
  if (first?.argChoices !== undefined) return first.argChoices;
  if (!/^runs?$/.test(first?.name() ?? "")) return [];
  const at = rest.findIndex((word) => word === "--runs" || word === "--in");
  const root = at === -1 ? RUNS : (rest[at + 1] ?? RUNS);
  return ["latest", ...listRuns(root).flatMap(({ id }) => [id, undatedRunName(id)])];
}
