/** @file What a program leaves in the home and the temporary folder, for programs that should leave nothing. */
import { mkdirSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll } from "vitest";

/** Variables by which ONNX Runtime takes a process for one of continuous integration, where it has no telemetry. */
const integration =
  "CI TF_BUILD GITHUB_ACTIONS GITLAB_CI CIRCLECI TRAVIS JENKINS_URL CODEBUILD_BUILD_ID BUILDKITE TEAMCITY_VERSION APPVEYOR BITBUCKET_BUILD_NUMBER".split(
    " ",
  );

export interface FreshHome {
  /** The environment of a program that has these folders, and has not been told to keep telemetry off. */
  readonly env: Record<string, string>;
  /** Files that are there now, by their paths in it. */
  files(): string[];
}

/** Empty folders as home and for temporary files, deleted after the tests of the file. */
export function freshHome(): FreshHome {
  const root = mkdtempSync(join(tmpdir(), "crh-home-"));
  afterAll(() => rmSync(root, { recursive: true, force: true }));
  const [home, temporary] = ["home", "temporary"].map((name) => join(root, name)) as [string, string];
  for (const folder of [home, temporary]) mkdirSync(folder);
  return {
    env: {
      ...Object.fromEntries(["HOME", "USERPROFILE", "LOCALAPPDATA"].map((name) => [name, home])),
      ...Object.fromEntries(["TMPDIR", "TMP", "TEMP"].map((name) => [name, temporary])),
      XDG_CACHE_HOME: join(home, ".cache"),
      ...Object.fromEntries([...integration, "ORT_DISABLE_TELEMETRY"].map((name) => [name, ""])),
    },
    files: () =>
      readdirSync(root, { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isFile())
        .map(({ parentPath, name }) => join(parentPath, name).slice(root.length + 1)),
  };
}
