"""Every fenced block of README.md, docs/ and rulesets/ is run, so that what a reader copies works.

A page is one session: its blocks are taken in order, in a folder that looks like a fresh
clone of the project. What is done with a block is said by its first line:

```console            commands after `$`; what they print must be as shown (`...` is anything)
```yaml               a part of the page's own ruleset, which must be free of problems, or,
                      if it has `tests`, a rule test of it, which must pass
```python             a program, which must end well
```yaml FILE          (or csv, json, python, toml) the content of FILE from here on
```yaml add FILE      entries for the sections that FILE has, new or instead of older ones

Any other block fails, so none is left untested.
"""

from __future__ import annotations

import contextlib
import doctest
import os
import re
import shlex
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
from click.testing import CliRunner
from markdown_it import MarkdownIt

import loyalcore
from loyalcore.cli import main

ROOT = Path(__file__).parents[2]
PAGES = (
    ROOT / "README.md",
    *sorted((ROOT / "docs").rglob("*.md")),
    *sorted((ROOT / "rulesets").rglob("*.md")),
)
FILES = ("csv", "json", "python", "toml", "yaml")
_checker = doctest.OutputChecker()
SHELL = {*"|&;<>$*?`(){}\\'\""}
"""What a shell does something with; quotes too, for it knows them better."""
WHOLE = "whole.yaml"  # the page's own ruleset; its other parts are named by their lines


class Block(NamedTuple):
    """A fenced block: what its first line says, its text, and where on the page it starts."""

    words: tuple[str, ...]
    text: str
    line: int

    @property
    def is_part(self) -> bool:
        return self.words == ("yaml",) and not self.is_rule_test

    @property
    def is_rule_test(self) -> bool:
        return self.words == ("yaml",) and self.text.startswith("tests:")


def blocks(page: str) -> list[Block]:
    """The blocks of a page, indented ones among them."""
    return [
        Block(tuple(token.info.split()), token.content, (token.map or [0])[0] + 1)
        for token in MarkdownIt().parse(page)
        if token.type in ("fence", "code_block")
    ]


class Untested(Exception):
    """A block that nothing is known to be done with."""


class Session:
    """A reader at work in `folder`, with `loyalcore` and `make` at hand."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._extended = False  # whether the page has brought Python, which may be a plugin
        tools = folder / ".venv" / "bin"
        tools.mkdir(parents=True)
        # As installed by `make`, which is told that there is nothing left to set up.
        _script(tools / "loyalcore", f'"{sys.executable}" -m loyalcore')
        _script(tools / "python", f'"{sys.executable}"')
        # Into a folder of this session, by the build backend that is here: no network.
        site = folder / ".venv" / "site"
        _script(tools / "pip", f'"{sys.executable}" -m pip')
        _script(tools / "make", f'"{shutil.which("make")}" -o venv -o build/cdnow.csv')
        source = Path(loyalcore.__file__).parents[1]
        self.environment = {
            **os.environ,
            "PATH": f"{tools}{os.pathsep}{os.environ['PATH']}",
            "PYTHONPATH": os.pathsep.join(map(str, (folder, site, source))),
            "PIP_TARGET": str(site),
            "PIP_NO_INDEX": "1",
            "PIP_NO_DEPS": "1",
            "PIP_NO_BUILD_ISOLATION": "0",  # means: without
            "PIP_DISABLE_PIP_VERSION_CHECK": "1",
            "PIP_ROOT_USER_ACTION": "ignore",
        }

    def follow(self, page: str) -> None:
        """Do what all blocks of the page say, in order."""
        found = blocks(page)
        for block in found:
            try:
                self._take(block)
            except AssertionError as wrong:
                raise AssertionError(f"the block on line {block.line}: {wrong}") from None
        if any(block.is_part for block in found):
            self._check([block for block in found if block.is_part])
        if any(block.is_rule_test for block in found):
            said = self._sh(f"loyalcore test {WHOLE.replace('.yaml', '.test.yaml')}")
            assert said.returncode == 0, said.stdout

    def _take(self, block: Block) -> None:
        match block.words:
            case ("console",):
                self._console(block.text)
            case ("python",):
                said = self._sh("python -", block.text)
                assert said.returncode == 0, said.stdout
            case ("yaml",):
                if block.is_rule_test:
                    self._write(WHOLE.replace(".yaml", ".test.yaml"), block.text)
            case (kind, file) if kind in FILES:
                self._write(file, block.text)
            case ("yaml", "add", file):
                path = self.folder / file
                path.write_text(added(path.read_text("utf-8"), block.text), "utf-8")
            case _:
                raise Untested(f"line {block.line}: no test for a block of {block.words}")

    def _console(self, text: str) -> None:
        for command, shown in transcript(text):
            printed = _trimmed(self._sh(command).stdout)
            if not _checker.check_output(shown, printed, doctest.ELLIPSIS):
                differs = _checker.output_difference(
                    doctest.Example("", shown), printed, doctest.ELLIPSIS | doctest.REPORT_UDIFF
                )
                raise AssertionError(f"$ {command}\n{differs}")

    def _check(self, parts: list[Block]) -> None:
        """The parts of the page's ruleset together, as a file and those it includes."""
        first, *others = parts
        names = [f"line-{part.line}.yaml" for part in others]
        for name, part in zip(names, others, strict=True):
            self._write(name, part.text)
        include = f"include: [{', '.join(names)}]\n" if names else ""
        self._write(WHOLE, first.text + include)
        said = self._sh(f"loyalcore check --strict {WHOLE}")
        assert said.returncode == 0, said.stdout

    def _write(self, file: str, text: str) -> None:
        path = self.folder / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
        self._extended = self._extended or path.suffix == ".py" or path.name == "pyproject.toml"
        if path.name == "pyproject.toml":
            _install(path, self.folder)

    def _sh(self, command: str, typed: str = "") -> subprocess.CompletedProcess[str]:
        """Run a command as a shell does; loyalcore's own, where it has no plugins of the page and
        the shell has nothing to do, in this process: half of what it takes is to start another."""
        name, *arguments = shlex.split(command)
        if name == "loyalcore" and not self._extended and not SHELL & {*command}:
            with contextlib.chdir(self.folder):
                said = CliRunner().invoke(main, arguments, input=typed)
            if said.exception is not None and not isinstance(said.exception, SystemExit):
                raise said.exception
            return subprocess.CompletedProcess(arguments, said.exit_code, said.output)
        return subprocess.run(
            command,
            shell=True,
            cwd=self.folder,
            env=self.environment,
            input=typed,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            check=False,
        )


def _script(path: Path, command: str) -> None:
    path.write_text(f'#!/bin/sh\nexec {command} "$@"\n', "utf-8")
    path.chmod(0o755)


def _install(pyproject: Path, folder: Path) -> None:
    """Lay in `folder`, which is searched for modules, what pip would say of a package."""
    project = tomllib.loads(pyproject.read_text("utf-8"))["project"]
    name, version = project["name"], project["version"]
    info = folder / f"{name.replace('-', '_')}-{version}.dist-info"
    info.mkdir()
    metadata = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"
    (info / "METADATA").write_text(metadata, "utf-8")
    lines = [
        line
        for group, points in project["entry-points"].items()
        for line in (f"[{group}]", *(f"{point} = {value}" for point, value in points.items()))
    ]
    (info / "entry_points.txt").write_text("\n".join(lines) + "\n", "utf-8")


def transcript(text: str) -> Iterator[tuple[str, str]]:
    """The commands of a console block, each with what it is shown to print."""
    for turn in re.split(r"^\$ ", text, flags=re.MULTILINE)[1:]:
        typed = re.match(r"(?:.*\\\n)*.*\n?", turn)  # a \ at its end goes on with the line
        assert typed is not None
        yield typed[0].rstrip(), _trimmed(turn[typed.end() :])


def _trimmed(text: str) -> str:
    """Without blanks at the ends of lines, and empty lines at the end: nobody sees them."""
    lines = [line.rstrip() for line in text.rstrip().splitlines()]
    return "".join(f"{line}\n" for line in lines)


def added(text: str, addition: str) -> str:
    """`text` of a ruleset with the entries of `addition` put into its sections: at the end,
    or instead of an entry of the same name. A section that was not there comes last."""
    sections = _parts(text, "")
    for section, body in _parts(addition, "").items():
        if not section:
            continue
        entries = _parts(sections.get(section, f"{section}:").rstrip("\n") + "\n", "  ")
        for name, entry in _parts(body, "  ").items():
            if name in entries:
                blank = "\n" * entries[name].endswith("\n\n")
                entries[name] = (entry.rstrip("\n") + "\n" + blank) if name else entries[name]
            else:
                entries[name] = f"\n{entry}"
        sections[section] = "".join(entries.values()).rstrip("\n") + "\n\n"
    return "".join(sections.values()).rstrip("\n") + "\n"


def _parts(text: str, indent: str) -> dict[str, str]:
    """The lines of `text` by the name, with so much before it, that they stand under."""
    parts = {"": ""}
    name = ""
    for line in text.splitlines(keepends=True):
        if begun := re.match(rf"{indent}(\S[^:]*):", line):
            name = begun[1]
            parts[name] = ""
        parts[name] += line
    return parts


@pytest.fixture
def session(tmp_path: Path) -> Session:
    """A reader in a clone of the project."""
    shutil.copytree(ROOT / "rulesets", tmp_path / "rulesets")
    for file in ("Makefile", "pyproject.toml"):
        shutil.copy(ROOT / file, tmp_path)
    (tmp_path / "build").mkdir()
    return Session(tmp_path)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_what_a_page_shows_is_what_happens(
    page: Path, session: Session, request: pytest.FixtureRequest
) -> None:
    text = page.read_text("utf-8")
    if "$ make demo" in text:
        cdnow: Path = request.getfixturevalue("cdnow")
        (session.folder / "build" / "cdnow.csv").symlink_to(cdnow / "cdnow.csv")

    session.follow(text)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path) -> None:
    links = [
        str(token.attrs["href"]).partition("#")[0]
        for line in MarkdownIt().parse(page.read_text("utf-8"))
        for token in line.children or ()
        if token.type == "link_open"
    ]

    assert [link for link in links if "://" not in link and not (page.parent / link).exists()] == []


@pytest.mark.parametrize("page", ["```\nls\n```\n", "```ruby\nputs 1\n```\n", "    indented\n"])
def test_a_block_that_says_nothing_of_itself_fails(page: str, session: Session) -> None:
    with pytest.raises(Untested):
        session.follow(page)


@pytest.mark.parametrize(
    "page",
    [
        "```console\n$ echo one\ntwo\n```\n",
        "```console\n$ echo one\n```\n",
        "```yaml\nprogram: p\nevents: {buy: {amount: mony}}\n```\n",
        "```python\nassert 1 == 2\n```\n",
    ],
)
def test_a_block_that_is_wrong_fails(page: str, session: Session) -> None:
    with pytest.raises(AssertionError):
        session.follow(page)


def test_what_changes_from_run_to_run_is_left_out(session: Session) -> None:
    session.follow("```console\n$ echo 12 events in 3.4 s\n12 events in ... s\n```\n")


def test_an_addition_goes_to_the_end_of_its_section_or_takes_the_place_of_an_entry() -> None:
    text = "program: p\n\nrules:\n  one:\n    on: buy\n  two:\n    on: sell\n\nwallets: {}\n"

    more = added(text, "rules:\n  two:\n    on: buy\n  three:\n    on: buy\n")

    assert more == (
        "program: p\n\nrules:\n  one:\n    on: buy\n  two:\n    on: buy\n\n"
        "  three:\n    on: buy\n\nwallets: {}\n"
    )
