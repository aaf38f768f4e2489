"""One channel at work: take what is due, send it, note what became of it; again.

All that is done with the store is done by the lane's own thread, in short transactions; each
send is a thread of its own, so that a channel that hangs holds up no other. A send that takes
too long is given up: its thread is left behind, and should it still succeed, that is noted.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from queue import Empty, SimpleQueue
from sqlite3 import Connection
from threading import Event, Lock, Thread
from time import monotonic, time_ns
from uuid import uuid4

from loyalcore.channels import Channel, Message, Throttled, TryAgain
from loyalcore.delivery.pace import Meter
from loyalcore.delivery.privacy import personal, secrets
from loyalcore.delivery.rendering import Programs, Unrenderable, reader_of, rendered
from loyalcore.delivery.sending import (
    Dead,
    Fate,
    Later,
    Result,
    Sent,
    Withheld,
    fate_of,
    send,
    throttle_of,
)
from loyalcore.delivery.settings import Configured
from loyalcore.delivery.withholding import verdict_on
from loyalcore.engine.care.contact import Verdict
from loyalcore.store import Store, outbox
from loyalcore.store.schema import transaction

ProgramsOf = Callable[[Connection], Programs]

PATIENCE = 600  # seconds: a run that ends may hold the file while it makes indexes
POLL = 0.5  # seconds between two looks at what is due, and whether to stop


@dataclass
class Tally:
    """What became of the tries of one channel."""

    sent: int = 0
    later: int = 0
    dead: int = 0
    throttled: int = 0
    withheld: int = 0


class Allowance:
    """How many messages may still be tried, by all lanes together; None is no end of them."""

    def __init__(self, most: int | None) -> None:
        self._left = most
        self._lock = Lock()

    def take(self, count: int) -> int:
        """As many of `count` as are left; they are gone then."""
        with self._lock:
            if self._left is None:
                return count
            taken = min(count, self._left)
            self._left -= taken
            return taken

    def give_back(self, count: int) -> None:
        with self._lock:
            if self._left is not None:
                self._left += count


@dataclass(frozen=True, eq=False)
class Try:
    """Messages that are being sent in one go. `began` is in seconds of the machine."""

    lease: str
    rows: Sequence[outbox.Message]
    messages: Sequence[Message]
    began: float


@dataclass(frozen=True)
class Over:
    """What became of a try, and whether it was still waited for."""

    one: Try
    results: Sequence[Result | Verdict]
    in_time: bool


Results = Sequence[Result | Verdict]


class Lane(Thread):
    """Delivers by one channel, until nothing more is due or, where it must `follow`, until
    `stop` is set. `error` is what ended it before that."""

    def __init__(
        self,
        path: Path,
        configured: Configured,
        programs_of: ProgramsOf,
        stop: Event,
        allowance: Allowance,
        *,
        follow: bool,
    ) -> None:
        super().__init__(name=f"channel {configured.name}", daemon=True)
        self.tally = Tally()
        self.error: BaseException | None = None
        self._path = path
        self._configured = configured
        self._pace = configured.pace
        self._private = secrets(configured.settings)
        self._programs_of = programs_of
        self._stop_asked = stop
        self._allowance = allowance
        self._follow = follow
        self._meter = Meter(self._pace.rate)
        self._going: set[Try] = set()
        self._done: SimpleQueue[tuple[Try, Results]] = SimpleQueue()
        self._open_from = float("-inf")  # the service wants to be left alone until then
        self._held = monotonic()  # when leases were last made longer

    def run(self) -> None:
        try:
            channel = self._configured.open()
            with Store.open(self._path) as store:
                store.connection.execute(f"pragma busy_timeout = {PATIENCE * 1_000}")
                self._deliver(store.connection, channel, self._programs_of(store.connection))
            channel.close()
        except BaseException as error:  # noqa: BLE001 (told by who waits for the thread)
            self.error = error
            self._stop_asked.set()

    def _deliver(self, connection: Connection, channel: Channel, programs: Programs) -> None:
        while True:
            over = self._over()
            most = self._room(connection)
            rows: list[outbox.Message] = []
            if over or most:
                with transaction(connection, self._path):
                    for one in over:
                        self._note(connection, one)
                    if most:
                        rows = self._claim(connection, most)
            self._allowance.give_back(most - len(rows))
            self._begin(connection, rows, channel, programs)
            if not rows and not self._going and self._nothing_more(connection):
                return
            self._hold(connection)
            self._wait()

    def _room(self, connection: Connection) -> int:
        """How many messages may be taken now; 0 where none is due."""
        free = (self._pace.workers - len(self._going)) * self._configured.kind.batch
        if free <= 0 or self._closed or not self._due(connection):
            return 0
        return self._allowance.take(self._meter.allows(monotonic(), free))

    @property
    def _closed(self) -> bool:
        return self._stop_asked.is_set() or monotonic() < self._open_from

    def _due(self, connection: Connection) -> bool:
        return outbox.any_due(connection, self._configured.name, _now())

    def _nothing_more(self, connection: Connection) -> bool:
        """Whether to end. What only the rate holds back is waited for; a service that wants
        to be left alone is left to the next run."""
        if self._stop_asked.is_set():
            return True
        if self._follow:
            return False
        if self._closed or not self._due(connection):
            return True
        left = self._allowance.take(1)
        self._allowance.give_back(left)
        return not left

    def _claim(self, connection: Connection, most: int) -> list[outbox.Message]:
        now = _now()
        rows = outbox.claim(
            connection,
            uuid4().hex,
            self._configured.name,
            now=now,
            until=now + self._lease,
            limit=most,
        )
        self._meter.spend(monotonic(), len(rows))
        return rows

    @property
    def _lease(self) -> int:
        return int(self._pace.lease * 1_000_000)

    def _begin(
        self,
        connection: Connection,
        rows: Sequence[outbox.Message],
        channel: Channel,
        programs: Programs,
    ) -> None:
        """Put messages that may go into words, and send them, each batch in a thread of its
        own."""
        taken = monotonic()
        ready: list[tuple[outbox.Message, Message]] = []
        for row in rows:
            known, kind = reader_of(connection, row.customer), self._configured.kind
            try:
                verdict = verdict_on(row, known, programs, _now())
                if verdict.reason:
                    self._is_over(row, verdict)
                    continue
                takes = {"html": kind.html, "attachments": kind.attachments}
                ready.append((row, rendered(row, programs, known.attributes, **takes)))
            except Unrenderable as error:
                self._is_over(row, TryAgain(str(error)))
        if ready and monotonic() - taken > self._pace.lease / 3:
            # A program that is seen for the first time takes a while to compile.
            own = self._still_own(connection, ready[0][0].lease or "")
            ready = [pair for pair in ready if pair[0].seq in own]
        size = self._configured.kind.batch
        for start in range(0, len(ready), size):
            part = ready[start : start + size]
            one = Try(
                part[0][0].lease or "",
                tuple(row for row, _ in part),
                tuple(message for _, message in part),
                monotonic(),
            )
            self._going.add(one)
            Thread(target=self._send, args=(channel, one), daemon=True).start()

    def _is_over(self, row: outbox.Message, result: Result | Verdict) -> None:
        """Note what became of a message that was never handed to the channel."""
        one = Try(row.lease or "", (row,), (), monotonic())
        self._going.add(one)
        self._done.put((one, [result]))

    def _still_own(self, connection: Connection, lease: str) -> set[int]:
        """What nobody else has taken meanwhile. It is held on."""
        with transaction(connection, self._path):
            outbox.extend(connection, lease, _now() + self._lease)
            return {row.seq for row in outbox.list_messages(connection, lease=lease)}

    def _send(self, channel: Channel, one: Try) -> None:
        batch = self._configured.kind.batch > 1
        self._done.put((one, send(channel, one.messages, batch=batch)))

    def _over(self) -> list[Over]:
        """The tries that are over by now: that have ended, and that nobody waits for any more."""
        over = [Over(one, results, in_time=one in self._going) for one, results in self._finished()]
        self._going -= {each.one for each in over}
        for result in (result for each in over for result in each.results):
            if isinstance(result, Throttled):
                self._open_from = max(self._open_from, monotonic() + throttle_of(result))
        latest = monotonic() - self._pace.timeout
        said = TryAgain(f"no answer within {self._pace.timeout:g} seconds")
        late = {one for one in self._going if one.began < latest}
        self._going -= late
        return over + [Over(one, [said] * len(one.rows), in_time=True) for one in late]

    def _finished(self) -> Iterator[tuple[Try, Results]]:
        while True:
            try:
                yield self._done.get_nowait()
            except Empty:
                return

    def _note(self, connection: Connection, over: Over) -> None:
        """Write down what became of a try. Of one that was given up, only that it succeeded."""
        one, in_time, now = over.one, over.in_time, _now()
        for position, (row, result) in enumerate(zip(one.rows, over.results, strict=True)):
            private = self._private
            if one.messages:
                private |= personal(one.messages[position])
            fate = fate_of(result, row.key, private, self._pace, row.attempts, now)
            if isinstance(fate, Sent):
                outbox.mark_sent(connection, row.seq, now, fate.receipt)
            elif in_time:
                _note_failure(connection, row, fate)
            if in_time:
                self._count(fate, result)

    def _count(self, fate: Fate, result: Result | Verdict) -> None:
        match fate, result:
            case Sent(), _:
                self.tally.sent += 1
            case Dead(), _:
                self.tally.dead += 1
            case Withheld(), _:
                self.tally.withheld += 1
            case _, Throttled():
                self.tally.throttled += 1
            case _:
                self.tally.later += 1

    def _hold(self, connection: Connection) -> None:
        """Make the leases of what is still being sent longer, well before they end."""
        if self._going and monotonic() - self._held > self._pace.lease / 3:
            until = _now() + self._lease
            with transaction(connection, self._path):
                for lease in {one.lease for one in self._going}:
                    outbox.extend(connection, lease, until)
            self._held = monotonic()

    def _wait(self) -> None:
        """Until a try is over, or it is time to look again."""
        seconds = min(POLL, self._pace.lease / 3, self._pace.timeout)
        if len(self._going) < self._pace.workers and (wait := self._meter.wait(monotonic())):
            seconds = min(seconds, wait)
        try:
            self._done.put(self._done.get(timeout=seconds))
        except Empty:
            return


def _note_failure(
    connection: Connection, row: outbox.Message, fate: Later | Withheld | Dead
) -> None:
    if isinstance(fate, Withheld):
        outbox.mark_withheld(connection, row.seq, row.lease or "", fate.reason)
        return
    due, tried = (fate.due, fate.tried) if isinstance(fate, Later) else (None, True)
    outbox.mark_failed(connection, row.seq, row.lease or "", fate.reason, due, tried=tried)


def _now() -> int:
    """Microseconds since 1970: when a message is due is a matter of the real clock."""
    return time_ns() // 1_000
