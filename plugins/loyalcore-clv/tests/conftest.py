"""The 1/10 sample of CDNOW's customers: 2,357 people who first bought in early 1997."""

from __future__ import annotations

import csv
import hashlib
import subprocess
import sys
from pathlib import Path
from zipfile import ZipFile

import pytest
from filelock import FileLock

PACKAGE = "lifetimes==0.11.3"
MEMBER = "lifetimes/datasets/CDNOW_sample.txt"
SHA256 = "6fae10155c0b0ba363c2c386e30f77990d22328220efd862a5edd1443420d94a"
BUILD = Path(__file__).parents[3] / "build"


@pytest.fixture(scope="session")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sample as events: a CSV file with id, customer, time and amount."""
    kept = BUILD / "CDNOW_sample.txt"
    BUILD.mkdir(exist_ok=True)
    with FileLock(BUILD / "sample.lock"):
        if not kept.exists():
            kept.write_bytes(_downloaded(BUILD / "sample"))
    log = kept.read_bytes()
    assert hashlib.sha256(log).hexdigest() == SHA256
    path = tmp_path_factory.mktemp("sample") / "sample.csv"
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["id", "customer", "time", "amount"])
        for number, line in enumerate(log.decode("ascii").splitlines()):
            _, customer, day, _, amount = line.split()
            writer.writerow([number, customer, f"{day[:4]}-{day[4:6]}-{day[6:]}", amount])
    return path


def _downloaded(folder: Path) -> bytes:
    """The file in the wheel, of which nothing is installed."""
    options = ["--quiet", "--no-deps", "--only-binary=:all:", "--dest", str(folder)]
    subprocess.run([sys.executable, "-m", "pip", "download", *options, PACKAGE], check=True)
    (wheel,) = folder.glob("[Ll]ifetimes-*.whl")
    with ZipFile(wheel) as archive:
        return archive.read(MEMBER)
