"""The contract of READMEs: it finds settings that do not work, and those that nobody is told of."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import BaseModel, ConfigDict, SecretStr

from loyalcore.channels import ChannelKind
from loyalcore.errors import UsageError
from loyalcore.testing import ReadmeContract, Recorder


class Settings(BaseModel):
    model_config = ConfigDict(extra="forbid")

    loft: str
    token: SecretStr


PIGEON = ChannelKind("pigeon", Settings, lambda settings: Recorder())
README = """\
# Pigeons

```toml
[channels.pigeon]
loft = "north"
token = { env = "PIGEON_TOKEN" }
```

| setting | what it is |
| --- | --- |
| `loft` | where they live |
| `token` | what opens it |
"""


def contract(folder: Path, page: str, token: str = "t0ken") -> ReadmeContract:
    (folder / "README.md").write_text(page)

    class OfPigeons(ReadmeContract):
        readme = folder / "README.md"
        kinds = (PIGEON,)
        environment = {"PIGEON_TOKEN": token} if token else {}

    return OfPigeons()


def test_a_page_that_works_passes(tmp_path: Path) -> None:
    kept = contract(tmp_path, README)
    kept.test_channels_open_with_the_settings_that_are_shown()
    kept.test_every_setting_has_a_row()


@pytest.mark.parametrize(
    ("page", "token"),
    [(README.replace("loft =", "lofts ="), "t0ken"), (README, "")],
    ids=["a slip", "nothing in the environment"],
)
def test_settings_that_are_none_are_found(tmp_path: Path, page: str, token: str) -> None:
    with pytest.raises(UsageError):
        contract(tmp_path, page, token).test_channels_open_with_the_settings_that_are_shown()


def test_a_page_without_settings_is_found(tmp_path: Path) -> None:
    with pytest.raises(AssertionError, match="shows no settings"):
        contract(tmp_path, "# Pigeons\n").test_channels_open_with_the_settings_that_are_shown()


@pytest.mark.parametrize("row", ["| `token` | what opens it |\n", "| `loft` | where they live |\n"])
def test_a_setting_that_nobody_is_told_of_is_found(tmp_path: Path, row: str) -> None:
    with pytest.raises(AssertionError, match="its rows are"):
        contract(tmp_path, README.replace(row, "")).test_every_setting_has_a_row()
