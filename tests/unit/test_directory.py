"""The run folder as a reader sees it: torn lines, cut files, dead and silent workers."""

from __future__ import annotations

import dataclasses
import json
import os
import re
import secrets
import shutil
import socket
import threading
import time
from pathlib import Path

import pytest

from rnnlm_core import launch
from rnnlm_core.errors import RunError
from rnnlm_core.files import replace_file
from rnnlm_core.records import Control, Event, Status, StepMetrics, WrittenSample
from rnnlm_core.run import directory
from rnnlm_core.run.directory import RunFolder
from rnnlm_core.run.journal import Journal, StatusWriter
from rnnlm_core.run.process import process_started
from rnnlm_core.worker import work
from tests.small_runs import new_run, with_plan

NOW = 1_800_000_000.0


def row(step: int) -> StepMetrics:
    return StepMetrics(step, step * 32, 0.1, 2.5)


def written(folder: RunFolder, *steps: int) -> int:
    with open(folder.path / "metrics.jsonl", "ab") as file:
        file.write("".join(row(s).to_json() + "\n" for s in steps).encode())
        return file.tell()


def says(folder: RunFolder, **changes: object) -> None:
    """A status as this very process would write it, the heartbeat at `NOW`."""
    said = Status("running", heartbeat=NOW, pid=os.getpid(), host=socket.gethostname(),
                  process_started=process_started(os.getpid()) or 0.0)
    folder.write("status.json", dataclasses.replace(said, **changes).to_json())  # type: ignore[arg-type]


# -- lines ----------------------------------------------------------------------------------------
def test_a_torn_last_line_waits_until_it_is_whole(tmp_path: Path) -> None:
    folder = new_run(tmp_path)
    end = written(folder, 1, 2)
    line = row(3).to_json() + "\n"
    with open(folder.path / "metrics.jsonl", "a") as file:
        file.write(line[:20])
    assert folder.metrics() == ([row(1), row(2)], end)
    assert folder.metrics(end) == ([], end)
    with open(folder.path / "metrics.jsonl", "a") as file:
        file.write(line[20:])
    assert folder.metrics(end)[0] == [row(3)]


def test_a_file_that_was_cut_is_read_from_its_beginning(tmp_path: Path) -> None:
    folder = new_run(tmp_path)
    end = written(folder, 1, 2, 3)
    os.truncate(folder.path / "metrics.jsonl", end // 3)
    assert folder.metrics(end)[0] == [row(1)]


@pytest.mark.parametrize("line", [b"{", b"\xff\xfe", b"[]", b"3", b'{"tokens": 1}', b"", b"null"])
def test_a_line_that_is_no_record_is_passed_over(tmp_path: Path, line: bytes) -> None:
    folder = new_run(tmp_path)
    written(folder, 1)
    with open(folder.path / "metrics.jsonl", "ab") as file:
        file.write(line + b"\n")
    written(folder, 2)
    assert folder.metrics()[0] == [row(1), row(2)]


def test_lines_hold_any_text(tmp_path: Path) -> None:
    folder, text = new_run(tmp_path), 'a\nb"\u2028\x85\x0b\U0001f600'
    journal = Journal(folder)
    journal.add(WrittenSample(1, 0.5, text, [0.5]))
    journal.flush()
    assert folder.samples()[0] == [WrittenSample(1, 0.5, text, [0.5])]


# -- what a resume cuts ---------------------------------------------------------------------------
def test_a_resume_cuts_what_came_after_the_checkpoint(tmp_path: Path) -> None:
    folder, journal = new_run(tmp_path), None
    journal = Journal(folder)
    for record in (row(1), row(2), WrittenSample(2, 0.1, "abc"), Event(2, 0.0, "planned")):
        journal.add(record)
    journal.flush()
    offsets = journal.offsets()
    for record in (row(3), WrittenSample(3, 0.1, "def"), Event(3, 0.0, "paused")):
        journal.add(record)
    journal.flush()
    with open(folder.path / "events.jsonl", "a") as file:
        file.write('{"step": 4, "ti')
    Journal(folder).cut(offsets)
    assert folder.metrics()[0] == [row(1), row(2)]
    assert [s.step for s in folder.samples()[0]] == [2]
    assert [e.kind for e in folder.events()[0]] == ["planned", "paused"]
    assert (folder.path / "events.jsonl").read_bytes().endswith(b"\n")


def test_a_file_that_lost_its_end_is_cut_at_a_line(tmp_path: Path) -> None:
    """After a power cut, the lines may be shorter than the checkpoint remembers."""
    folder = new_run(tmp_path)
    end = written(folder, 1, 2)
    os.truncate(folder.path / "metrics.jsonl", end - 5)
    Journal(folder).cut({"metrics.jsonl": end})
    written(folder, 3)
    assert folder.metrics()[0] == [row(1), row(3)]


def test_without_a_checkpoint_everything_is_cut(tmp_path: Path) -> None:
    folder = new_run(tmp_path)
    written(folder, 1, 2)
    Journal(folder).cut({})
    assert folder.metrics() == ([], 0)


def test_what_a_full_disk_refused_is_written_whole_later(tmp_path: Path) -> None:
    folder = new_run(tmp_path)
    journal = Journal(folder)
    journal.add(row(1))
    moved = folder.path.with_name("away")
    folder.path.rename(moved)
    with pytest.raises(OSError):
        journal.flush()
    moved.rename(folder.path)
    journal.add(row(2))
    journal.flush()
    assert folder.metrics()[0] == [row(1), row(2)]


# -- the status -----------------------------------------------------------------------------------
@pytest.mark.parametrize("state", ["finished", "stopped", "diverged", "failed"])
def test_an_end_stays_an_end(tmp_path: Path, state: str) -> None:
    folder = new_run(tmp_path)
    says(folder, state=state, pid=1, heartbeat=0.0)
    assert folder.status(NOW + 1e6).state == state


@pytest.mark.parametrize(("changes", "later", "seen"), [
    ({}, 1.0, "running"), ({"state": "paused"}, 1.0, "paused"),
    ({"state": "starting"}, 1.0, "starting"),
    ({}, directory.SECONDS_SILENT + 1, "not_responding"),
    ({"process_started": 5.0}, 0.0, "lost"),  # another process has the number now
    ({"pid": 2**22 + 1}, 0.0, "lost"), ({"pid": 0}, 0.0, "lost"), ({"pid": -1}, 0.0, "lost"),
    ({"host": "elsewhere", "pid": 1}, directory.SECONDS_SILENT_ELSEWHERE - 1, "running"),
    ({"host": "elsewhere", "pid": 1}, directory.SECONDS_SILENT_ELSEWHERE + 1, "lost")])
def test_lost_and_not_responding_are_derived(
        tmp_path: Path, changes: dict[str, object], later: float, seen: str) -> None:
    folder = new_run(tmp_path)
    says(folder, **changes)
    before = (folder.path / "status.json").read_bytes()
    assert folder.status(NOW + later).state == seen
    assert (folder.path / "status.json").read_bytes() == before


@pytest.mark.parametrize("damage", [None, b"", b"{", b"[1]", b"{}", b"\xff", b'{"step": 3}'])
def test_without_a_readable_status_the_folder_starts_and_is_then_lost(
        tmp_path: Path, damage: bytes | None) -> None:
    folder = new_run(tmp_path)
    if damage is not None:
        (folder.path / "status.json").write_bytes(damage)
    created = (folder.path / "config.json").stat().st_mtime
    assert folder.status(created + 1).state == "starting"
    assert folder.status(created + directory.SECONDS_TO_START + 1).state == "lost"


def test_a_removed_folder_is_told(tmp_path: Path) -> None:
    folder = new_run(tmp_path)
    shutil.rmtree(folder.path)
    for read in (lambda: folder.status(NOW), folder.config):
        with pytest.raises(RunError) as error:
            read()
        assert error.value.code == "run.missing"
    assert (folder.metrics(), folder.plan(), folder.yardsticks()) == (([], 0), None, [])
    assert folder.control() == Control()


@pytest.mark.parametrize("name", ["plan.json", "control.json", "yardsticks.json"])
@pytest.mark.parametrize("damage", [b"", b"{", b"3", b"[" * 9_000])
def test_other_damaged_files_are_told_by_name(tmp_path: Path, name: str, damage: bytes) -> None:
    folder = new_run(tmp_path)
    (folder.path / name).write_bytes(damage)
    read = {"plan.json": folder.plan, "control.json": folder.control,
            "yardsticks.json": folder.yardsticks}[name]
    with pytest.raises(RunError, match=re.escape(name)):
        read()


def test_the_heartbeat_outlives_a_disk_that_refuses_and_a_watcher_that_fails(
        tmp_path: Path) -> None:
    folder, calls = new_run(tmp_path), []

    def progress(said: Status) -> None:
        calls.append(said)
        raise BrokenPipeError

    moved = folder.path.with_name("away")
    with StatusWriter(folder, progress) as status:
        folder.path.rename(moved)
        status.set(step=1)
        time.sleep(0.6)  # two beats or more fail
        moved.rename(folder.path)
        status.set(step=2)
        until = time.monotonic() + 10
        while folder.status(time.time()).step != 2:
            assert time.monotonic() < until
            time.sleep(0.02)
    assert len(calls) == 1
    assert list(folder.path.glob("*.tmp")) == []


def test_many_sessions_may_wish_at_once(tmp_path: Path) -> None:
    path, faults = tmp_path / "control.json", []

    def write() -> None:
        try:
            for _ in range(100):
                replace_file(path, b'{"wish":"pause"}')
        except OSError as error:
            faults.append(error)

    threads = [threading.Thread(target=write) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert faults == []
    assert [p.name for p in tmp_path.iterdir()] == ["control.json"]


# -- launching ------------------------------------------------------------------------------------
def test_only_plain_names_find_a_run(tmp_path: Path) -> None:
    folder = new_run(tmp_path / "runs")
    assert launch.find_run(folder.id, tmp_path / "runs") is not None
    for name in ("", ".", "..", "../runs/" + folder.id, "/etc", "x\x00", "a" * 300, "%2e%2e"):
        assert launch.find_run(name, tmp_path / "runs") is None
    assert [f.id for f in launch.list_runs(tmp_path / "runs")] == [folder.id]
    assert launch.list_runs(tmp_path / "none") == []


def test_many_runs_of_one_second_have_folders_of_their_own(
        tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    names = iter(["aaaa", "aaaa", "aaaa", "bbbb"])
    monkeypatch.setattr(secrets, "token_hex", lambda _size: next(names))
    monkeypatch.setattr(time, "strftime", lambda _format: "20300101-000000")
    assert {new_run(tmp_path).id, new_run(tmp_path).id} == {
        "20300101-000000-aaaa", "20300101-000000-bbbb"}


def test_a_refused_run_leaves_no_folder(tmp_path: Path) -> None:
    with pytest.raises(Exception, match="needs about"):
        new_run(tmp_path, hidden=2048, layers=4, batch=1024, sequence_length=64,
                text="ab\ncd" * 20_000)
    assert launch.list_runs(tmp_path) == []
    assert [p.name for p in tmp_path.iterdir()] == ["corpora"]


def test_stopping_what_nobody_trains_does_not_wait(tmp_path: Path) -> None:
    folder, begin = new_run(tmp_path), time.monotonic()
    launch.stop_for_good(folder)
    assert time.monotonic() - begin < 1
    assert folder.control().wish == "stop"


@pytest.mark.parametrize("state", ["running", "paused", "starting"])
def test_a_run_in_hand_is_not_started_again(tmp_path: Path, state: str) -> None:
    folder = new_run(tmp_path)
    says(folder, state=state, heartbeat=time.time())
    folder.write_control(Control("pause", 3))
    for again in (launch.start, launch.reopen):
        with pytest.raises(RunError) as error:
            again(folder)
        assert error.value.code == "run.locked"
    assert folder.control() == Control("pause", 3)


# -- the table in the docstring -------------------------------------------------------------------
def test_the_file_table_is_what_a_finished_run_holds(
        tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rnnlm_core.profiling.SHARE", 100.0)  # so short a run affords none
    folder = with_plan(new_run(tmp_path, max_steps=12))
    (folder.path / "worker.log").touch()  # made by `launch.start`
    assert work(folder) == "finished"
    # made by `ship`, by a fork or a group, by a person, and while a run waits in the queue
    for name in ("validation.txt", "showcase.npz", "origin.json", "card.json", "queued.json"):
        (folder.path / name).touch()
    table = re.findall(r"^\| `([^`]+)` \|", directory.__doc__ or "", re.MULTILINE)
    patterns = [re.escape(name).replace("STEP", r"\d{8}").replace(r"\*", r"[\w-]+")
                for name in table]
    found = [str(path.relative_to(folder.path)) for path in folder.path.rglob("*")
             if path.is_file()]
    assert [f for f in found if not any(re.fullmatch(p, f) for p in patterns)] == []
    assert [p for p in patterns if not any(re.fullmatch(p, f) for f in found)] == []
    status = json.loads((folder.path / "status.json").read_text())
    assert (status["state"], status["step"], status["resumes"]) == ("finished", 12, 0)
