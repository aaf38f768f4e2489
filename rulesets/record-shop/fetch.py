"""Fetch the record shop's purchases: the CDNOW log of 1997-98, as a CSV file of events.

    python rulesets/record-shop/fetch.py build

pip downloads the wheel of lifetimes 0.11.3 (nothing of it is installed or imported), in
which the log is a data file. It is kept as it came, as CDNOW_master.txt, and written as
cdnow.csv with one line per row of the log, in its order:

id        cdnow-00001, ...: the number of the row. The log has no ids, and repeats some rows
          to the letter; each row is a purchase of its own.
customer  as in the log: five digits
date      19970112 is written 1997-01-12; the log has no time of day
quantity  the number of CDs, as in the log
amount    dollars, as in the log; purchases of 0.00 are kept
"""

from __future__ import annotations

import csv
import hashlib
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from zipfile import ZipFile

PACKAGE = "lifetimes==0.11.3"
MEMBER = "lifetimes/datasets/CDNOW_master.txt"
SHA256 = "eff6889ed364c5199d6eacbbeb7a6d559971df4406ac876f322c373f00a072ef"
LOG_COLUMNS = ["customer_id", "date", "number_of_cds", "dollar_value"]
COLUMNS = ["id", "customer", "date", "quantity", "amount"]


def fetch(folder: Path) -> Path:
    """The CSV file in `folder`; what is missing there is downloaded and written first."""
    folder.mkdir(parents=True, exist_ok=True)
    log, table = folder / "CDNOW_master.txt", folder / "cdnow.csv"
    if not log.exists() or hashlib.sha256(log.read_bytes()).hexdigest() != SHA256:
        log.write_bytes(verified(download(folder / "downloads")))
    part = table.with_suffix(".part")  # a run cut short leaves no half table
    with part.open("w", newline="", encoding="ascii") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(COLUMNS)
        writer.writerows(purchases(log.read_text(encoding="ascii")))
    return part.replace(table)


def download(folder: Path) -> bytes:
    """The log, out of the wheel that pip leaves in `folder`."""
    options = ["--quiet", "--no-deps", "--only-binary=:all:", "--dest", str(folder)]
    subprocess.run([sys.executable, "-m", "pip", "download", *options, PACKAGE], check=True)
    (wheel,) = folder.glob("[Ll]ifetimes-*.whl")
    with ZipFile(wheel) as archive:
        return archive.read(MEMBER)


def verified(log: bytes) -> bytes:
    """`log`, or an exit where it is not the file that the program's tests know."""
    found = hashlib.sha256(log).hexdigest()
    if found != SHA256:
        sys.exit(f"{MEMBER} of {PACKAGE} has SHA-256 {found}, expected {SHA256}")
    return log


def purchases(log: str) -> Iterator[list[str]]:
    """The rows of COLUMNS, one for each row of the log below its heading."""
    heading, *rows = (line.split() for line in log.splitlines())
    if heading != LOG_COLUMNS:
        sys.exit(f"the log begins with {heading}, expected {LOG_COLUMNS}")
    for number, (customer, day, quantity, amount) in enumerate(rows, start=1):
        date = f"{day[:4]}-{day[4:6]}-{day[6:]}"
        yield [f"cdnow-{number:05}", customer, date, quantity, amount]


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(f"usage: {sys.argv[0]} FOLDER")
    print(fetch(Path(sys.argv[1])))
