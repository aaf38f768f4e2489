"""Files of a ruleset in; their joined data, each with its place, or what is wrong, out."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loyalcore.errors import Location
from loyalcore.ruleset.disk import MAX_BYTES
from loyalcore.ruleset.source import Document, Source, gather, parse, read_source


def document(**files: str) -> Document:
    """The document of these files in one folder: `club` is the main file club.yaml."""
    return parse(Source({f"{name}.yaml": text for name, text in files.items()}, "club.yaml"))


def on_disk(folder: Path, files: Mapping[str, str | bytes]) -> Document:
    """The document of these files, written into `folder`; the first is the main file."""
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return parse(read_source(folder / next(iter(files))))


def told(document: Document) -> list[str]:
    return [f"{problem.location} {problem.code}" for problem in document.problems]


CLUB = """\
program: coffee-club
rules:
  earn:
    on: purchase
    when: >
      amount > 10 and
      chanel == 'web'
    then:
      - earn: {beans: amount / 10}
"""


class TestPlaces:
    @pytest.mark.parametrize(
        ("path", "value", "key"),
        [
            (("program",), "1:10", "1:1"),
            (("rules",), "3:3", "2:1"),
            (("rules", "earn"), "4:5", "3:3"),
            (("rules", "earn", "when"), "5:11", "5:5"),
            (("rules", "earn", "then", 0), "9:9", "9:9"),
            (("rules", "earn", "then", 0, "earn", "beans"), "9:23", "9:16"),
        ],
    )
    def test_a_value_and_its_key(self, path: tuple[str | int, ...], value: str, key: str) -> None:
        club = document(club=CLUB)
        assert str(club.locate(path)) == f"club.yaml:{value}"
        assert str(club.locate(path, key=True)) == f"club.yaml:{key}"

    def test_what_is_not_there_is_told_at_what_is_around_it(self) -> None:
        club = document(club=CLUB)
        assert club.locate(("rules", "earn", "limit", "per"), key=True)[1:] == (3, 3)
        assert club.locate(("rules", "earn", "then", 7))[1:] == (9, 7)
        assert club.locate(("metrics", "orders"), key=True)[1:] == (1, 1)
        assert club.locate((), key=True)[1:] == (1, 1)

    def test_a_character_inside_of_a_folded_expression(self) -> None:
        club = document(club=CLUB)
        path = ("rules", "earn", "when")
        expression = "amount > 10 and chanel == 'web'\n"
        assert club.data["rules"] == {
            "earn": {
                "on": "purchase",
                "when": expression,
                "then": [{"earn": {"beans": "amount / 10"}}],
            }
        }
        assert str(club.locate_in_text(path, expression.index("chanel"))) == "club.yaml:7:7"
        assert str(club.locate_in_text(path, expression.index("10"))) == "club.yaml:6:16"

    def test_a_character_inside_of_a_quoted_expression(self) -> None:
        club = document(club="""when: "a == \\"x\\" and b"\nsay: 'it''s b'\n""")
        assert club.locate_in_text(("when",), len('a == "x" and '))[1:] == (1, 23)
        assert club.locate_in_text(("say",), len("it's "))[1:] == (2, 13)

    def test_a_number_is_searched_as_it_is_written(self) -> None:
        assert document(club="when: 12.50\n").locate_in_text(("when",), 3)[1:] == (1, 10)

    def test_a_place_in_a_text_that_is_not_there(self) -> None:
        club = document(club="a: {b: text}\n")
        assert club.locate_in_text(("a", "c"), 3)[1:] == (1, 4)
        assert club.locate_in_text(("a",), 3)[1:] == (1, 4)

    def test_places_are_in_the_file_that_says_it(self) -> None:
        club = document(
            club="include: more.yaml\nrules: {a: {on: x}}\n",
            more="metrics: {m: {count: x}}\nrules:\n  b: {on: y, when: a > b}\n",
        )
        assert str(club.locate(("rules", "a"), key=True)) == "club.yaml:2:9"
        assert str(club.locate(("rules", "b"), key=True)) == "more.yaml:3:3"
        assert str(club.locate_in_text(("rules", "b", "when"), 4)) == "more.yaml:3:24"
        assert str(club.locate(("metrics", "m", "count"))) == "more.yaml:1:22"
        assert str(club.locate(("rules",))) == "club.yaml:2:8"


class TestInclude:
    def test_sections_are_joined_the_main_file_first(self) -> None:
        club = document(
            club="rules: {c: 1}\ninclude: [one.yaml, two.yaml]\nprogram: club\n",
            one="rules: {a: 2}\n",
            two="rules: {b: 3}\nwallets: {beans: {}}\n",
        )
        assert club.problems == ()
        assert club.data == {
            "rules": {"c": 1, "a": 2, "b": 3},
            "program": "club",
            "wallets": {"beans": {}},
        }
        assert list(club.data) == ["rules", "program", "wallets"]

    def test_an_empty_section_adds_nothing(self) -> None:
        club = document(club="include: one.yaml\nrules:\n", one="rules: {a: 1}\n")
        assert (club.data, club.problems) == ({"rules": {"a": 1}}, ())
        club = document(club="include: one.yaml\nrules: {a: 1}\n", one="rules:\n")
        assert (club.data, club.problems) == ({"rules": {"a": 1}}, ())

    def test_what_two_files_give_is_told_with_both_places(self) -> None:
        club = document(
            club="include: [one.yaml]\nprogram: club\nrules:\n  a: {}\ntests: [1]\n",
            one="program: other\nrules:\n  b: {}\n  a: {}\ntests: [2]\n",
        )
        assert [f"{problem.location} {problem.message}" for problem in club.problems] == [
            "one.yaml:1:1 'program' is already given at club.yaml:2:1",
            "one.yaml:4:3 'a' is already given at club.yaml:4:3",
            "one.yaml:5:1 'tests' is already given at club.yaml:5:1",
        ]
        assert {problem.code for problem in club.problems} == {"defined-twice"}
        assert club.data == {"program": "club", "rules": {"a": {}, "b": {}}, "tests": [1]}

    def test_a_file_included_twice_counts_once(self, tmp_path: Path) -> None:
        club = on_disk(
            tmp_path,
            {
                "club.yaml": "include: [one.yaml, two.yaml, one.yaml]\n",
                "one.yaml": "include: two.yaml\nrules: {a: 1}\n",
                "two.yaml": "rules: {b: 2}\n",
            },
        )
        assert (club.data, club.problems) == ({"rules": {"a": 1, "b": 2}}, ())

    def test_paths_start_at_the_file_that_includes(self, tmp_path: Path) -> None:
        club = on_disk(
            tmp_path,
            {
                "club.yaml": "include: rules/coffee.yaml\n",
                "rules/coffee.yaml": "include: [./tea.yaml, ../more/cake.yaml]\nrules: {a: 1}\n",
                "rules/tea.yaml": "rules: {b: 2}\n",
                "more/cake.yaml": "rules: {c: 3}\n",
            },
        )
        assert club.problems == ()
        assert club.data == {"rules": {"a": 1, "b": 2, "c": 3}}
        assert list(club.source.files) == [
            "club.yaml",
            "rules/coffee.yaml",
            "rules/tea.yaml",
            "more/cake.yaml",
        ]
        assert str(club.locate(("rules", "c"))) == "more/cake.yaml:1:12"

    def test_a_circle_is_told_with_its_files(self) -> None:
        club = document(
            club="include: one.yaml\nrules: {a: 1}\n",
            one="include: two.yaml\n",
            two="rules: {b: 1}\ninclude:\n  - one.yaml\n",
        )
        [problem] = club.problems
        assert str(problem.location) == "two.yaml:3:5"
        assert problem.code == "include-cycle"
        assert problem.message == "this file includes itself: one.yaml > two.yaml > one.yaml"
        assert club.data == {"rules": {"a": 1, "b": 1}}

    def test_a_file_that_includes_itself(self) -> None:
        [problem] = document(club="include: ./club.yaml\n").problems
        assert problem.message == "this file includes itself: club.yaml > club.yaml"

    def test_a_chain_has_a_bounded_length(self) -> None:
        chain = {f"f{n}": f"include: f{n + 1}.yaml\n" for n in range(100)}
        club = document(club="include: f0.yaml\n", **chain)
        assert told(club) == ["f18.yaml:1:10 include-too-deep"]

    def test_a_missing_file_is_told_where_it_is_named(self, tmp_path: Path) -> None:
        club = on_disk(
            tmp_path,
            {
                "club.yaml": "include:\n  - rules/cofee.yaml\n  - nowhere/x.yaml\n  - more.yaml\n",
                "rules/coffee.yaml": "rules: {}\n",
                "more.yaml": "program: club\n",
            },
        )
        near, far = club.problems
        assert str(near) == (
            "club.yaml:2:5: error: there is no file 'rules/cofee.yaml' "
            "(did you mean 'rules/coffee.yaml'?) [file-missing]"
        )
        assert str(far) == "club.yaml:3:5: error: there is no file 'nowhere/x.yaml' [file-missing]"
        assert club.data == {"program": "club"}
        assert not club.whole

    @pytest.mark.parametrize(
        "name",
        ["../x.yaml", "a/../../x.yaml", "..", "/etc/passwd", "C:/x.yaml", "https://x.org/x.yaml"],
    )
    def test_a_path_out_of_the_folder_is_refused(self, name: str) -> None:
        club = document(club=f"include: ['{name}']\n")
        assert told(club) == ["club.yaml:1:11 include-outside"]
        assert not club.whole

    def test_a_link_out_of_the_folder_is_refused(self, tmp_path: Path) -> None:
        (tmp_path / "secret.yaml").write_text("rules: {a: 1}\n")
        (tmp_path / "club").mkdir()
        (tmp_path / "club" / "link.yaml").symlink_to(tmp_path / "secret.yaml")
        (tmp_path / "club" / "folder").symlink_to(tmp_path)
        club = on_disk(
            tmp_path / "club", {"club.yaml": "include: [link.yaml, folder/secret.yaml]\n"}
        )
        assert told(club) == ["club.yaml:1:11 include-outside", "club.yaml:1:22 include-outside"]
        assert list(club.source.files) == ["club.yaml"]

    def test_a_link_within_the_folder_is_a_file_like_any(self, tmp_path: Path) -> None:
        (tmp_path / "data").mkdir()
        (tmp_path / "data" / "real.yaml").write_text("rules: {a: 1}\n")
        (tmp_path / "link.yaml").symlink_to("data/real.yaml")
        club = on_disk(tmp_path, {"club.yaml": "include: link.yaml\n"})
        assert (club.data, club.problems) == ({"rules": {"a": 1}}, ())

    @pytest.mark.parametrize(
        ("include", "column"), [("3", 10), ("{a: b}", 10), ("[[x.yaml]]", 11), ("''", 10)]
    )
    def test_what_names_no_file(self, include: str, column: int) -> None:
        club = document(club=f"include: {include}\n")
        assert told(club) == [f"club.yaml:1:{column} include-invalid"]

    def test_folders_are_parted_by_slashes_everywhere(self) -> None:
        [problem] = document(club="include: rules\\coffee.yaml\n").problems
        assert (problem.code, problem.hint) == ("include-invalid", "write '/' between folders")

    def test_an_include_of_nothing(self) -> None:
        assert document(club="include:\na: 1\n").problems == ()
        assert document(club="include: []\na: 1\n").problems == ()


class TestTables:
    def test_the_text_of_a_table_is_loaded(self, tmp_path: Path) -> None:
        club = on_disk(
            tmp_path,
            {
                "club.yaml": "include: shop/shop.yaml\ntables:\n  here: {key: a, rows: [{a: 1}]}\n",
                "shop/shop.yaml": "tables:\n  products: {csv: products.csv, key: sku}\n",
                "shop/products.csv": "sku,price\nA1,10\n",
            },
        )
        assert club.problems == ()
        assert club.csv == {"products": "shop/products.csv"}
        assert club.source.files["shop/products.csv"] == "sku,price\nA1,10\n"

    def test_a_table_is_read_by_the_rules_of_every_file(self, tmp_path: Path) -> None:
        club = on_disk(
            tmp_path,
            {
                "club.yaml": "tables:\n"
                "  a: {csv: produkts.csv}\n"
                "  b: {csv: ../out.csv}\n"
                "  c: {csv: latin.csv}\n"
                "  d: {csv: control.csv}\n"
                "  e: {csv: 3}\n"
                "  f:\n",
                "products.csv": "",
                "latin.csv": "navn\nkaff\xe9\n".encode("latin-1"),
                "control.csv": "navn\na\x00b\n",
            },
        )
        assert told(club) == [
            "club.yaml:2:12 file-missing",
            "club.yaml:3:12 include-outside",
            "latin.csv:2:5 not-utf8",
            "control.csv:2:2 control-character",
        ]
        assert club.problems[0].hint == "did you mean 'products.csv'?"
        assert club.csv == {"d": "control.csv"}


class TestReading:
    def test_a_byte_order_mark_is_no_part_of_the_text(self, tmp_path: Path) -> None:
        club = on_disk(tmp_path, {"club.yaml": b"\xef\xbb\xbfprogram: caf\xc3\xa9\n"})
        assert (club.data, club.problems) == ({"program": "café"}, ())
        assert club.locate(("program",), key=True) == Location("club.yaml", 1, 1)

    @pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
    def test_a_byte_that_is_not_utf_8(self, tmp_path: Path, mark: bytes) -> None:
        club = on_disk(tmp_path, {"club.yaml": mark + "program: é\nname: ".encode() + b"bl\xe5\n"})
        [problem] = club.problems
        assert str(problem) == (
            "club.yaml:2:9: error: this is not UTF-8: "
            f"byte {20 + len(mark)} of the file is 0xE5, 'å' in Windows-1252 "
            "(save the file as UTF-8) [not-utf8]"
        )
        assert not club.whole

    def test_utf_16_is_called_by_its_name(self, tmp_path: Path) -> None:
        [problem] = on_disk(tmp_path, {"club.yaml": "program: a\n".encode("utf-16")}).problems
        assert (problem.code, problem.location.line) == ("not-utf8", 1)
        assert "UTF-16" in problem.message

    def test_a_byte_that_means_nothing_anywhere(self, tmp_path: Path) -> None:
        [problem] = on_disk(tmp_path, {"club.yaml": b"a: \x81"}).problems
        assert problem.message == "this is not UTF-8: byte 3 of the file is 0x81"

    def test_other_files_are_read_where_one_is_wrong(self, tmp_path: Path) -> None:
        club = on_disk(
            tmp_path,
            {
                "club.yaml": "include: [one.yaml, two.yaml, three.yaml]\nrules: {a: 'open}\n",
                "one.yaml": "rules: {b: \xff}\n".encode("latin-1"),
                "two.yaml": "rules:\n\tc: 1\n",
                "three.yaml": "rules: {d: 1, d: 2}\n",
            },
        )
        assert told(club) == [
            "club.yaml:2:12 yaml-quote",
            "one.yaml:1:12 not-utf8",
            "two.yaml:2:1 yaml-tab",
            "three.yaml:1:15 duplicate-key",
        ]
        assert club.data == {"rules": {"d": 1}}
        assert not club.whole

    def test_a_file_of_five_mebibytes_is_the_largest(self, tmp_path: Path) -> None:
        club = on_disk(
            tmp_path,
            {
                "club.yaml": "include: large.yaml\n",
                "large.yaml": b"#" * (MAX_BYTES + 1),
            },
        )
        [problem] = club.problems
        assert (str(problem.location), problem.code) == ("club.yaml:1:10", "file-too-large")
        assert "5 MiB" in problem.message

    def test_a_main_file_that_is_not_there(self, tmp_path: Path) -> None:
        (tmp_path / "club.yaml").touch()
        club = parse(read_source(tmp_path / "clubb.yaml"))
        [problem] = club.problems
        assert str(problem) == (
            "clubb.yaml: error: there is no file 'clubb.yaml' "
            "(did you mean 'club.yaml'?) [file-missing]"
        )
        assert (club.data, club.whole) == ({}, False)
        assert club.locate(("rules",)).file == "clubb.yaml"

    def test_a_folder_is_not_a_file(self, tmp_path: Path) -> None:
        assert told(parse(read_source(tmp_path))) == [f"{tmp_path.name} file-unreadable"]

    def test_a_pipe_is_not_waited_for(self, tmp_path: Path) -> None:
        os.mkfifo(tmp_path / "pipe.yaml")
        club = on_disk(tmp_path, {"club.yaml": "include: pipe.yaml\n"})
        assert told(club) == ["club.yaml:1:10 file-unreadable"]

    @pytest.mark.parametrize("name", ["x" * 5_000, "club.yaml/x"])
    def test_a_name_that_the_disk_does_not_take(self, tmp_path: Path, name: str) -> None:
        club = on_disk(tmp_path, {"club.yaml": f"include: {name}\n"})
        [problem] = club.problems
        assert problem.code in ("file-unreadable", "file-missing")
        assert len(problem.message) < 150

    def test_a_link_to_itself(self, tmp_path: Path) -> None:
        (tmp_path / "loop.yaml").symlink_to("loop.yaml")
        club = on_disk(tmp_path, {"club.yaml": "include: loop.yaml\n"})
        assert told(club) == ["club.yaml:1:10 file-missing"]

    def test_a_file_that_cannot_be_opened(self) -> None:
        def read(name: str) -> bytes:
            if name == "club.yaml":
                return b"include: [gone.yaml, locked.yaml]\n"
            raise FileNotFoundError if name == "gone.yaml" else PermissionError(13, "denied")

        club = parse(gather("club.yaml", read))
        assert [problem.message for problem in club.problems] == [
            "there is no file 'gone.yaml'",
            "'locked.yaml' can't be read: denied",
        ]


class TestBundle:
    def test_a_stored_bundle_says_the_same_without_the_files(self, tmp_path: Path) -> None:
        files = {
            "club.yaml": "include: more.yaml\nrules: {a: {when: x > y}}\n",
            "more.yaml": "tables: {t: {csv: t.csv}}\n",
            "t.csv": "a\n1\n",
        }
        club = on_disk(tmp_path, files)
        for name in files:
            (tmp_path / name).unlink()
        stored = Source.from_json(club.source.to_json())
        assert stored == club.source
        assert stored.to_json() == club.source.to_json()
        again = parse(stored)
        assert (again.data, again.csv, again.problems) == (club.data, club.csv, ())
        assert str(again.locate_in_text(("rules", "a", "when"), 4)) == "club.yaml:2:23"

    def test_a_bundle_does_not_depend_on_the_order_of_its_files(self) -> None:
        one = Source({"a.yaml": "x: 1\n", "b.yaml": "é: 2\n"}, "a.yaml")
        two = Source({"b.yaml": "é: 2\n", "a.yaml": "x: 1\n"}, "a.yaml")
        assert one.to_json() == two.to_json()

    def test_a_file_that_the_bundle_lacks(self) -> None:
        assert told(document(club="include: more.yaml\n")) == ["club.yaml:1:10 file-missing"]
        assert told(parse(Source({}, "club.yaml"))) == ["club.yaml file-missing"]


@given(st.dictionaries(st.sampled_from(["a", "b", "c"]), st.binary(max_size=40), min_size=1))
def test_any_bytes_give_a_document(files: dict[str, bytes]) -> None:
    def read(name: str) -> bytes:
        if name == "main":
            return b"include: [a, b]\ntables: {t: {csv: c}}\n"
        if name not in files:
            raise FileNotFoundError
        return files[name]

    club = parse(gather("main", read))
    assert club.whole or club.problems
    for problem in club.problems:
        assert problem.location.file in ("main", *files)
