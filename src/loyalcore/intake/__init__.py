"""The intake: files of events -> raw events in the order of a run.

`stage` reads CloudEvents JSONL, short JSONL and CSV, plain or gzip, into a `Staged`: the
events by (time, source, id) and the rejects, in bounded memory. `Form` says how to read.
"""

from loyalcore.intake.envelope import RawEvent, reread, same_data
from loyalcore.intake.form import Form, read_names
from loyalcore.intake.staging import Progress, Staged, stage

__all__ = [
    "Form",
    "Progress",
    "RawEvent",
    "Staged",
    "read_names",
    "reread",
    "same_data",
    "stage",
]
