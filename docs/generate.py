"""Write the parts of these pages that are made from the code.

    python docs/generate.py            write what is out of date
    python docs/generate.py --check    only tell; exit status 1 when something is

A page is written by hand but for what stands between `<!-- made: NAME -->` and
`<!-- end -->`: that is replaced by what the function of that name in `made/` returns.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from difflib import unified_diff
from pathlib import Path

from loyalcore import builtin
from loyalcore.program.schema import json_schema
from made import commands, hooks, language, layout, points, problems, sections

DOCS = Path(__file__).parent
SCHEMA = "ruleset.schema.json"
PARTS: Mapping[str, Callable[[], str]] = {
    name: part
    for page in (sections, language, points, problems, commands, hooks, layout)
    for name, part in page.PARTS.items()
}
"""What is made, by the name that stands in a page."""
MADE = re.compile(r"(<!-- made: (?P<name>[a-z-]+) -->\n).*?(<!-- end -->)", re.DOTALL)


def main(arguments: Sequence[str] | None = None) -> int:
    """Write the pages, or with --check tell how they differ from what would be written."""
    parser = argparse.ArgumentParser(description="Write what is made from the code.")
    parser.add_argument("--check", action="store_true", help="write nothing; tell differences")
    only_tell = parser.parse_args(arguments).check
    os.environ["LOYALCORE_PLUGINS"] = "loyalcore"  # whatever else is installed here
    stale = []
    for path, text in pages():
        written = path.read_text("utf-8") if path.exists() else ""
        if text == written:
            continue
        stale.append(path)
        if only_tell:
            name = path.name
            lines = written.splitlines(), text.splitlines()
            print(*unified_diff(*lines, name, f"{name} as made", lineterm="", n=1), sep="\n")
        else:
            path.write_text(text, encoding="utf-8")
            print(f"wrote {path.name}")
    if stale and only_tell:
        names = ", ".join(path.name for path in stale)
        print(f"\nout of date: {names}; `make docs` writes them", file=sys.stderr)
    return 1 if stale and only_tell else 0


def pages() -> Iterator[tuple[Path, str]]:
    """Every file that has something made in it, with its text as it should be."""
    effects = {kind.name: kind for kind in builtin.loyalcore_effects()}
    strategies = {kind.name: kind for kind in builtin.loyalcore_scoring()}
    schema = json_schema(dict(sorted(effects.items())), dict(sorted(strategies.items())))
    yield DOCS / SCHEMA, json.dumps(schema, indent=2, ensure_ascii=False) + "\n"
    for path in sorted(DOCS.glob("*.md")):
        text = path.read_text("utf-8")
        if MADE.search(text):
            yield path, MADE.sub(_made, text)


def _made(region: re.Match[str]) -> str:
    return f"{region[1]}{PARTS[region['name']]().strip()}\n{region[3]}"


if __name__ == "__main__":
    sys.exit(main())
