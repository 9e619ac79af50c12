"""setting.json of a folder of captures: which setting of crh was trained there (docs/formats.md, Capture folder).

`crh ingest` keeps it with the run that it makes, and `crh reproduce` takes that run where every parameter is as a study
asks, so write what was trained and nothing else: a parameter that is left out counts as the setting's default.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Union

SCHEMA = "crh-lab/captured-setting@1"
SETTING_FILE = "setting.json"


def write_setting(
    folder: str | Path,
    setting: str,
    parameters: Mapping[str, Union[str, int, float, bool]],
    *,
    every: int | str,
    program: str,
    differences: Sequence[str] = (),
) -> None:
    """Writes setting.json, whole or not at all; one that is there is replaced.

    setting, parameters: by the names that `crh run SETTING --help` lists.
    every: steps between captures, besides the first and the last step, or "log".
    program: what trained, as "PyTorch 2.6.0, mine.py".
    differences: what it does otherwise than `crh run`, a sentence each: the score card shows them.
    """
    path = Path(folder) / SETTING_FILE
    path.parent.mkdir(parents=True, exist_ok=True)
    document = {
        "schema": SCHEMA,
        "setting": setting,
        "parameters": dict(parameters),
        "every": every,
        "program": program,
        "differences": list(differences),
    }
    temporary = path.with_name(path.name + ".writing")
    temporary.write_text(json.dumps(document, indent=2, allow_nan=False) + "\n", encoding="utf-8")
    os.replace(temporary, path)
