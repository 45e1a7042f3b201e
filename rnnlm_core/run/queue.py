"""The index of the queue: who waits, in which order, and what the scheduler has started.

`queue.sqlite` lies beside the run folders, which are the truth (`run.waiting`): one that is damaged
or missing is made anew from them. Connections are short, so that nobody holds a file that is
replaced.

Order: (running of this user + index among this user's waiting), then submission. With one user
that is first come, first served; with several it is round robin, and who has much running waits.
"""

from __future__ import annotations

import contextlib
import dataclasses
import sqlite3
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeVar

from filelock import FileLock, Timeout

from rnnlm_core.errors import RunError
from rnnlm_core.run.waiting import Job, living_jobs, marked_jobs

BUSY_SECONDS = 10.0  # that one waits for another's transaction; each takes about a millisecond
_VERSION = 1  # of the table; another one is rebuilt from the folders
_STORAGE = {sqlite3.SQLITE_FULL, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN,
            sqlite3.SQLITE_IOERR, sqlite3.SQLITE_PERM}
_BUSY = {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}

_DAMAGE = (sqlite3.DatabaseError, UnicodeDecodeError)  # the second: SQLite does not look into texts
_CLOCK_SECONDS = 1.0  # a file this old has another time after its next change

_T = TypeVar("_T")
_empty_at: dict[Path, tuple[int, ...]] = {}  # what each index looked like when it was empty

_COLUMNS = [f.name for f in dataclasses.fields(Job)]
_TABLE = """
CREATE TABLE job (
    id INTEGER PRIMARY KEY AUTOINCREMENT, run TEXT NOT NULL UNIQUE, user TEXT NOT NULL,
    submitted REAL NOT NULL, turn INTEGER NOT NULL, places INTEGER NOT NULL,
    megabytes REAL NOT NULL, seconds REAL, tokens INTEGER, state TEXT NOT NULL,
    attempts INTEGER NOT NULL, claimed REAL NOT NULL, pid INTEGER NOT NULL,
    process_started REAL NOT NULL)"""
_ORDER = f"""
SELECT {", ".join(_COLUMNS)} FROM (
    SELECT *, row_number() OVER (PARTITION BY user ORDER BY id) AS nth FROM job
    WHERE state = 'queued') AS waiting
LEFT JOIN (SELECT user AS whose, count(*) AS busy FROM job WHERE state <> 'queued' GROUP BY user)
    ON whose = user
ORDER BY coalesce(busy, 0) + nth, id"""


class Queue:
    """The index of one folder of runs. Every method is one transaction.

    Raises `RunError`: `queue.locked` where another program keeps the file locked, `run.storage`
    where the disk refuses.
    """

    def __init__(self, root: Path, patience: float = BUSY_SECONDS) -> None:
        self.root = root
        self.path = root / "queue.sqlite"
        self.patience = patience

    def submit(self, jobs: list[Job]) -> None:
        """Put these at the end, in this order. For runs that this caller has just marked."""
        self._change(lambda db: _insert(db, jobs, "REPLACE"))

    def claim(self, places: int, megabytes: float) -> Job | None:
        """The first that waits, now running, if there is room for it; each goes to one caller.

        The first alone is looked at: a run that needs two places is not overtaken for ever by
        those that need one. Where nothing runs, anything fits.
        """
        def first(db: sqlite3.Connection) -> Job | None:
            row = db.execute(_ORDER + " LIMIT 1").fetchone()
            if row is None:
                return None
            job = Job(*row)
            busy, used = db.execute(
                "SELECT total(CASE state WHEN 'running' THEN places END), total(megabytes) "
                "FROM job WHERE state <> 'queued'").fetchone()
            if (busy and busy + job.places > places) or (
                    used and used + job.megabytes > megabytes):
                return None
            taken = dataclasses.replace(job, state="running", attempts=job.attempts + 1,
                                        claimed=time.time(), pid=0, process_started=0.0)
            _update(db, taken)
            return taken

        return self._change(first)

    def update(self, job: Job) -> None:
        """Keep what became of a job; one that has left meanwhile stays away."""
        self._change(lambda db: _update(db, job))

    def remove(self, run: str) -> None:
        self._change(lambda db: db.execute("DELETE FROM job WHERE run = ?", [run]))

    def waiting(self) -> list[Job]:
        """Those that wait, the next one first."""
        return self._jobs(_ORDER)

    def started(self) -> list[Job]:
        """Those that have a worker, running or paused."""
        return self._jobs(f"SELECT {', '.join(_COLUMNS)} FROM job WHERE state <> 'queued' "
                          "ORDER BY id")

    def is_empty(self) -> bool:
        """Without creating anything: a folder of runs that never had a queue has an empty one.

        Pages ask twice a second: a file that has not changed since it was empty is not opened.
        """
        stamp = self._stamp()
        if stamp is None or stamp == _empty_at.get(self.path):
            return True
        if self._jobs(f"SELECT {', '.join(_COLUMNS)} FROM job LIMIT 1"):
            return False
        if stamp == self._stamp() and time.time() - stamp[0] / 1e9 > _CLOCK_SECONDS:
            _empty_at[self.path] = stamp
        return True

    def _stamp(self) -> tuple[int, ...] | None:
        """What changes with the file; None where there is no file."""
        try:
            found = self.path.stat()
        except OSError:
            return None
        beside = self.path.with_name(self.path.name + "-wal")  # while anybody writes
        return found.st_mtime_ns, found.st_size, found.st_ino, beside.exists()

    def _jobs(self, question: str) -> list[Job]:
        """What can be read without waiting for those who write."""
        with contextlib.suppress(*_DAMAGE), self._open() as db:
            return [Job(*row) for row in db.execute(question)]
        return self._change(lambda db: [Job(*row) for row in db.execute(question)])

    def follow_folders(self) -> None:
        """Make the index agree with the folders, which are right where the two differ."""
        marked = marked_jobs(self.root)
        names = {job.run for job in marked}

        def agree(db: sqlite3.Connection) -> None:
            for run, state in db.execute("SELECT run, state FROM job").fetchall():
                if state == "queued" and run not in names:
                    db.execute("DELETE FROM job WHERE run = ?", [run])
                elif state != "queued" and run in names:  # ended between claim and start
                    db.execute("UPDATE job SET state = 'queued' WHERE run = ?", [run])
            _insert(db, marked, "IGNORE")

        self._change(agree)

    # -- transactions ---------------------------------------------------------------------------
    def _change(self, work: Callable[[sqlite3.Connection], _T]) -> _T:
        try:
            return self._transaction(work)
        except _DAMAGE as error:
            if _kind(error) in _BUSY | _STORAGE:
                raise _told(error) from None
        self._rebuild()
        try:
            return self._transaction(work)
        except _DAMAGE as error:
            raise _told(error) from None

    def _transaction(self, work: Callable[[sqlite3.Connection], _T]) -> _T:
        with self._open() as db:
            db.execute("BEGIN IMMEDIATE")
            try:
                if db.execute("PRAGMA user_version").fetchone()[0] == 0:
                    _make(db, self.root)
                result = work(db)
            except BaseException:
                with contextlib.suppress(sqlite3.Error):
                    db.execute("ROLLBACK")
                raise
            db.execute("COMMIT")
            return result

    @contextlib.contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        """A connection to a whole index; raises one of `_DAMAGE` where it is not whole."""
        db = sqlite3.connect(self.path, timeout=self.patience, isolation_level=None)
        try:
            self._write_ahead(db)
            db.execute("PRAGMA synchronous = NORMAL")
            if db.execute("PRAGMA quick_check").fetchone()[0] != "ok" \
                    or db.execute("PRAGMA user_version").fetchone()[0] not in (0, _VERSION):
                raise sqlite3.DatabaseError("damaged, or of another version")
            yield db
        finally:
            db.close()

    def _write_ahead(self, db: sqlite3.Connection) -> None:
        """WAL, which lets others read while one writes. Of several that open a new file at once,
        SQLite refuses all but one this change at once, whatever their patience: so it waits here.
        """
        until = time.monotonic() + self.patience
        while True:
            try:
                if db.execute("PRAGMA journal_mode").fetchone()[0] != "wal":
                    db.execute("PRAGMA journal_mode = WAL")
                return
            except sqlite3.OperationalError as error:
                if _kind(error) not in _BUSY or time.monotonic() > until:
                    raise
            time.sleep(0.01)

    def _rebuild(self) -> None:
        """Put a damaged index aside and make a new one; one process does, the others wait."""
        try:
            with FileLock(self.root / "queue.rebuild.lock", timeout=self.patience):
                try:
                    self._transaction(lambda db: [Job(*row) for row in db.execute(_ORDER)])
                    return  # another process has rebuilt it
                except _DAMAGE as error:
                    if _kind(error) in _BUSY | _STORAGE:  # which says nothing of what is in it
                        raise
                for end in ("-wal", "-shm"):  # first: they belong to the damaged file
                    self.path.with_name(self.path.name + end).unlink(missing_ok=True)
                with contextlib.suppress(FileNotFoundError):
                    self.path.rename(self.root / f"queue.damaged-{time.time():.3f}.sqlite")
                self._transaction(lambda db: None)
        except Timeout:
            raise RunError("queue.locked") from None
        except _DAMAGE as error:
            raise _told(error) from None
        except OSError as error:
            raise RunError("run.storage", reason=error.strerror or type(error).__name__) from None


def _make(db: sqlite3.Connection, root: Path) -> None:
    """A new index, of what the folders say."""
    db.execute(_TABLE)
    db.execute(f"PRAGMA user_version = {_VERSION}")
    _insert(db, [*living_jobs(root), *marked_jobs(root)], "IGNORE")


def _insert(db: sqlite3.Connection, jobs: list[Job], otherwise: str) -> None:
    marks = ", ".join("?" * len(_COLUMNS))
    db.executemany(f"INSERT OR {otherwise} INTO job ({', '.join(_COLUMNS)}) VALUES ({marks})",
                   [dataclasses.astuple(job) for job in jobs])


def _update(db: sqlite3.Connection, job: Job) -> None:
    places = ", ".join(f"{name} = ?" for name in _COLUMNS)
    db.execute(f"UPDATE job SET {places} WHERE run = ?", [*dataclasses.astuple(job), job.run])


def _kind(error: Exception) -> int:
    """The primary result code of SQLite; 0 for an error of this module."""
    return getattr(error, "sqlite_errorcode", 0) & 0xFF


def _told(error: Exception) -> RunError:
    if _kind(error) in _BUSY:
        return RunError("queue.locked")
    return RunError("run.storage", reason=str(error))
