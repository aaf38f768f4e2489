"""The operator's settings file -> channels that can be opened.

The file is TOML or YAML, and lies outside of the ruleset: it says where messages go and how
fast, and may hold secrets. A value may be taken from the environment: `{env: SMTP_PASSWORD}`.

    [channels.email]
    host = "smtp.example.org"
    password = {env = "SMTP_PASSWORD"}
    [channels.email.delivery]
    rate = 10
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from loyalcore.channels import AnyChannelKind, Channel
from loyalcore.delivery.pace import Pace
from loyalcore.delivery.privacy import hidden, secrets
from loyalcore.errors import PluginError, UsageError, did_you_mean
from loyalcore.ruleset.text import Text
from loyalcore.ruleset.tree import read_tree


class SettingsFile(BaseModel):
    """What stands in a settings file."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    delivery: Pace = Field(Pace(), description="how all channels are tried")
    channels: dict[str, dict[str, Any]] = Field(
        default_factory=dict, description="the settings of each channel, by name"
    )


@dataclass(frozen=True)
class Configured:
    """A channel as the operator wants it: `name` is what messages call it."""

    name: str
    kind: AnyChannelKind
    settings: BaseModel
    pace: Pace

    def open(self) -> Channel:
        """Raises PluginError where the kind can't open a channel of these settings."""
        try:
            channel = self.kind.open(self.settings)
        except Exception as error:
            why = hidden(f"{type(error).__name__}: {error}", secrets(self.settings))
            raise PluginError(f"channel '{self.name}' can't be opened: {why}") from error
        if not isinstance(channel, Channel):
            raise PluginError(
                f"channel '{self.name}' can't be opened: {self.kind.name} gave a "
                f"{type(channel).__name__} instead of a Channel"
            )
        return channel


def read_settings(
    path: Path | None, kinds: Mapping[str, AnyChannelKind]
) -> Mapping[str, Configured]:
    """The channels that can be used, by name: those of the file, and every kind that needs no
    settings. Raises UsageError, naming file and key, and never a value."""
    raw = {} if path is None else _read(path)
    try:
        written = SettingsFile.model_validate(raw)
    except ValidationError as invalid:
        raise UsageError(_told(str(path), (), invalid)) from None
    found = {
        name: _configured(str(path), name, section, written, raw, kinds)
        for name, section in written.channels.items()
    }
    for name, kind in kinds.items():
        if name not in found and all(
            not part.is_required() for part in kind.settings.model_fields.values()
        ):
            found[name] = Configured(name, kind, kind.settings(), written.delivery)
    return found


def _configured(
    file: str,
    name: str,
    section: Mapping[str, Any],
    written: SettingsFile,
    raw: Mapping[str, Any],
    kinds: Mapping[str, AnyChannelKind],
) -> Configured:
    own = dict(section)
    kind_name = own.pop("kind", name)
    kind = kinds.get(kind_name) if isinstance(kind_name, str) else None
    if kind is None:
        hint = did_you_mean(str(kind_name), kinds) or f"there is {', '.join(kinds)}"
        raise UsageError(f"{file}: channels.{name}: no plugin gives a channel of this kind; {hint}")
    at = ("channels", name)
    try:
        pace = Pace.model_validate({**raw.get("delivery", {}), **own.pop("delivery", {})})
    except (ValidationError, TypeError) as invalid:
        raise UsageError(_told(file, (*at, "delivery"), invalid)) from None
    try:
        settings = kind.settings.model_validate(own)
    except ValidationError as invalid:
        raise UsageError(_told(file, at, invalid)) from None
    return Configured(name, kind, settings, pace)


def _told(file: str, at: tuple[str, ...], invalid: ValidationError | TypeError) -> str:
    """The first mistake, by its key. What pydantic repeats of the input is left out: it may be
    a secret."""
    if isinstance(invalid, TypeError):
        return f"{file}: {'.'.join(at)}: expected keys"
    first, *_ = invalid.errors(include_url=False, include_context=False, include_input=False)
    key = ".".join((*at, *map(str, first["loc"])))
    said = {"extra_forbidden": "there is no such setting", "missing": "is missing"}
    return f"{file}: {key}: {said.get(first['type'], first['msg'])}"


def _read(path: Path) -> dict[str, Any]:
    try:
        text = path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        why = getattr(error, "strerror", None) or "it is not UTF-8"
        raise UsageError(f"{path} can't be read: {why}") from None
    found: object
    if path.suffix == ".toml":
        try:
            found = tomllib.loads(text)
        except tomllib.TOMLDecodeError as error:
            raise UsageError(f"{path}: {error}") from None
    elif path.suffix in (".yaml", ".yml"):
        if not text.strip():
            return {}
        tree = read_tree(Text.of(str(path), text))
        if tree.problems:
            raise UsageError(str(tree.problems[0]))
        found = tree.root.value
    else:
        raise UsageError(f"{path}: settings are written in a file that ends in .toml or .yaml")
    if not isinstance(found, dict):
        raise UsageError(f"{path}: expected the keys delivery and channels")
    return {key: _filled(f"{path}: {key}", value) for key, value in found.items()}


def _filled(at: str, value: Any) -> Any:
    """`value` with what it takes from the environment in its place."""
    match value:
        case {"env": str(name), **others} if not others:
            if name not in os.environ:
                raise UsageError(f"{at}: the environment has no {name}")
            return os.environ[name]
        case dict():
            return {key: _filled(f"{at}.{key}", below) for key, below in value.items()}
        case list():
            return [_filled(at, below) for below in value]
    return value
