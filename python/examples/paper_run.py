"""What the scripts here share as runs of a setting of crh: when they capture, what they state, what comes next."""

from __future__ import annotations

import argparse
from pathlib import Path

import torch

from crh_capture.setting_file import write_setting

POINTS = 30
"""Captures behind the first one at logarithmic spacing, as those of `crh run --every log`."""
DRAWS = "Initial weights, batches and sampled coordinates are drawn by PyTorch, so that a seed gives other numbers."


def parser(about: str, **defaults: float | str) -> argparse.ArgumentParser:
    """--data, --out, --every, --seed, and the given ones with their defaults."""
    made = argparse.ArgumentParser(description=about, formatter_class=argparse.RawDescriptionHelpFormatter)
    made.add_argument("--data", required=True, help="where the data are")
    made.add_argument("--out", required=True, help="folder of captures")
    made.add_argument("--every", type=_every, default="log", help="steps from capture to capture, or log (default)")
    made.add_argument("--seed", type=int, default=0)
    for name, value in defaults.items():
        made.add_argument(f"--{name}", type=type(value), default=value)
    return made


def _every(words: str) -> int | str:
    return words if words == "log" else int(words)


def captured_steps(every: int | str, steps: int) -> set[int]:
    """The first and the last step, and every so many, or POINTS at logarithmic spacing."""
    if every == "log":
        return {0, steps, *(round(steps ** (i / (POINTS - 1))) for i in range(POINTS))}
    return {0, steps, *range(0, steps, int(every))}


def state(asked: argparse.Namespace, setting: str, differences: list[str], **parameters: float | str) -> None:
    """Writes setting.json with the seed, the steps and the given parameters, by their names in crh."""
    write_setting(
        asked.out,
        setting,
        {"seed": asked.seed, "steps": asked.steps, **parameters},
        every=asked.every,
        program=f"PyTorch {torch.__version__}, {setting}.py",
        differences=[*differences, DRAWS],
    )


def next_steps(asked: argparse.Namespace, studies: str, others: str) -> None:
    """Prints the commands that judge the paper's claims by these captures."""
    count = len(list(Path(asked.out).glob("step-*.safetensors")))
    print(
        f"{count} captures are in {asked.out}. {others}\n"
        f"  crh ingest {asked.out} --runs runs\n"
        f"  crh reproduce {studies} --size paper --runs runs --done-only"
    )
