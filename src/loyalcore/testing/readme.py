"""The README of a channel under test: what it shows an operator works, and nothing is left out."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import ClassVar
from unittest.mock import patch

from loyalcore.channels import AnyChannelKind
from loyalcore.delivery.settings import read_settings


class ReadmeContract:
    """What a package with channels writes of its settings, as a class of tests: name it Test...

        class TestReadme(ReadmeContract):
            readme = Path(__file__).parents[1] / "README.md"
            kinds = loyalcore_channels()
            environment = {"PIGEON_TOKEN": "t0ken"}

    `environment` has what the settings that the page shows, as ```toml, take from there.
    """

    readme: ClassVar[Path]
    kinds: ClassVar[Sequence[AnyChannelKind]]
    environment: ClassVar[Mapping[str, str]] = {}

    # --- what must hold -----------------------------------------------------------------------

    def test_channels_open_with_the_settings_that_are_shown(self) -> None:
        shown = re.findall(r"^```toml\n(.*?)^```$", self._text(), re.MULTILINE | re.DOTALL)
        assert shown, "it shows no settings: a block of ```toml"
        kinds = {kind.name: kind for kind in self.kinds}
        with TemporaryDirectory() as folder, patch.dict(os.environ, self.environment):
            for number, settings in enumerate(shown):
                file = Path(folder, f"settings-{number}.toml")
                file.write_text(settings, "utf-8")
                for configured in read_settings(file, kinds).values():
                    configured.open().close()

    def test_every_setting_has_a_row(self) -> None:
        rows = re.findall(r"^\| `(\w+)` \|", self._text(), re.MULTILINE)
        fields = [name for kind in self.kinds for name in kind.settings.model_fields]
        assert rows == [*dict.fromkeys(fields)], f"its rows are {rows}, the settings {fields}"

    def _text(self) -> str:
        return self.readme.read_text("utf-8")
