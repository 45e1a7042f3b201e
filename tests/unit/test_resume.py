"""Real workers, killed, stopped, paused and starved: what goes on is the same to the bit."""

from __future__ import annotations

import hashlib
import os
import random
import resource
import shutil
import signal
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil
import pytest

from rnnlm_core import launch
from rnnlm_core import worker as trainer_worker
from rnnlm_core.errors import RunError
from rnnlm_core.launch import queueing, workers
from rnnlm_core.run import checkpoint
from rnnlm_core.run.checkpoint import entries, load_latest_whole
from rnnlm_core.run.directory import RunFolder
from rnnlm_core.worker import Worker, work
from tests.small_runs import (
    bits,
    dropouts,
    last_step,
    new_run,
    state,
    wait_until,
    with_plan,
    worker,
)

STEPS = 130  # an epoch has 43: two boundaries, and evaluations at every 10th step


def weights_hash(folder: RunFolder) -> str:
    found = load_latest_whole(folder.checkpoints)
    assert found.step == folder.status(time.time()).step
    return hashlib.sha256(b"".join(t.numpy().tobytes() for _, t in sorted(found.tensors.items()))
                          ).hexdigest()


def twin(folder: RunFolder) -> RunFolder:
    """The same run once more, with the same plan."""
    copied = folder.path.with_name(folder.id + "-twin")
    shutil.copytree(folder.path, copied)
    return RunFolder(copied)


def same_run(a: RunFolder, b: RunFolder) -> bool:
    return bits(a) == bits(b) and weights_hash(a) == weights_hash(b) and [
        (s.step, s.text, s.surprise) for s in a.samples()[0]] == [
        (s.step, s.text, s.surprise) for s in b.samples()[0]]


@pytest.fixture
def often(monkeypatch: pytest.MonkeyPatch) -> None:
    """Checkpoints as often as the clock ticks, for runs in this process."""
    monkeypatch.setattr("rnnlm_core.worker.CHECKPOINT_SECONDS", 0.02)


# -- killed ---------------------------------------------------------------------------------------
def killed_at(folder: RunFolder, step: int, moment: str) -> None:
    """A worker in a forked process that is gone (SIGKILL) at exactly that moment."""
    if (child := os.fork()) == 0:
        try:
            _die_at(folder, step, moment)
        finally:
            os._exit(1)
    _, ended = os.waitpid(child, 0)
    assert os.WTERMSIG(ended) == signal.SIGKILL
    assert state(folder) == "lost"


def _die_at(folder: RunFolder, at: int, moment: str) -> None:
    trainer_worker.CHECKPOINT_SECONDS = 0.02
    one = Worker(folder)

    def dying(owner: Any, name: str) -> None:
        before = getattr(owner, name)

        def call(*arguments: Any, **options: Any) -> Any:
            if one.trainer.steps >= at:
                os.kill(os.getpid(), signal.SIGKILL)
            return before(*arguments, **options)

        setattr(owner, name, call)

    dying(*{"step": (one, "_one_step"), "file": (checkpoint, "replace_file"),
            "pointer": (checkpoint, "point")}[moment])
    one.run()


@pytest.mark.parametrize(("cell", "kills"), [
    ("rnn", [(60, "step")]), ("gru", [(60, "file")]),
    ("lstm", [(25, "step"), (60, "pointer"), (95, "file")])])
def test_killed_and_still_the_same_to_the_bit(
        tmp_path: Path, cell: str, kills: list[tuple[int, str]]) -> None:
    """In the first epoch or a later one, before and between a checkpoint's file and pointer."""
    straight = with_plan(new_run(tmp_path, cell=cell, layers=2, **dropouts(0.3), max_steps=STEPS),
                         sample_every=40)
    broken = twin(straight)
    assert work(straight) == "finished"

    for step, moment in kills:
        killed_at(broken, step, moment)
    assert work(broken) == "finished"

    assert len(bits(straight)) == STEPS
    assert same_run(straight, broken)
    resumed = [e for e in broken.events()[0] if e.kind == "resumed"]
    assert len(resumed) == broken.status(time.time()).resumes == len(kills)
    assert resumed[-1].step > 43  # in a later epoch than the first


@pytest.mark.parametrize("cell", ["rnn", "gru", "lstm", "cnn"])
def test_killed_at_random_moments_by_the_clock(tmp_path: Path, cell: str) -> None:
    """SIGKILL at any moment, inside a save too; 14 epochs, evaluations, a cosine schedule."""
    straight = with_plan(new_run(tmp_path, cell=cell, max_steps=600, **dropouts(0.3)),
                         evaluate_every=40, sample_every=80)
    broken = twin(straight)
    assert work(straight) == "finished"
    draw = random.Random(cell)
    for least in (100, 350):
        with worker(broken) as process:
            wait_until(lambda least=least: last_step(broken) >= least)
            time.sleep(draw.random() * 0.2)  # any moment: nothing is waited for
            process.kill()
    with worker(broken) as process:
        assert process.wait(60) == 0
    assert same_run(straight, broken)


def stopped_at(folder: RunFolder, at: int) -> None:
    """Trained in this process until a step, and stopped there."""
    one = Worker(folder)
    step = one._one_step

    def one_step() -> None:
        step()
        one.wish.stop_signal = one.trainer.steps >= at

    one._one_step = one_step  # type: ignore[method-assign]
    assert one.run() == "stopped"


@pytest.mark.usefixtures("often")
@pytest.mark.parametrize("optimizer", ["sgd", "momentum", "rmsprop", "adam", "adamw"])
def test_stopped_again_and_again_with_any_optimizer(tmp_path: Path, optimizer: str) -> None:
    straight = with_plan(new_run(tmp_path, optimizer=optimizer, max_steps=STEPS, **dropouts(0.3)),
                         sample_every=40)
    broken = twin(straight)
    assert work(straight) == "finished"
    for at in (20, 50, 100):
        stopped_at(broken, at)
    assert work(broken) == "finished"
    assert same_run(straight, broken)


def test_a_damaged_newest_checkpoint_falls_back_and_is_still_the_same(tmp_path: Path) -> None:
    straight = with_plan(new_run(tmp_path, max_steps=STEPS, **dropouts(0.3)))
    broken = twin(straight)
    assert work(straight) == "finished"
    stopped_at(broken, 50)
    stopped_at(broken, 70)
    newest = [e for e in entries(broken.checkpoints) if e.whole][-1]
    path = broken.checkpoints / newest.file
    path.write_bytes(path.read_bytes()[:-1] + b"\x55")
    assert work(broken) == "finished"
    assert same_run(straight, broken)


def test_watching_changes_nothing(tmp_path: Path) -> None:
    """Evaluated, sampled and probed at every step or nearly never."""
    often = with_plan(new_run(tmp_path, **dropouts(0.5), max_steps=30), evaluate_every=1,
                      sample_every=1)
    seldom = with_plan(twin(often), evaluate_every=10_000, sample_every=10_000)
    assert work(often, progress=lambda _said: None) == work(seldom) == "finished"
    chosen = [[row[:3] for row in bits(folder).values()] for folder in (often, seldom)]
    assert chosen[0] == chosen[1]
    assert load_latest_whole(often.checkpoints).tensors.keys() == load_latest_whole(
        seldom.checkpoints).tensors.keys()
    assert weights_hash(often) == weights_hash(seldom)


def test_a_finished_run_that_is_cut_off_while_finishing_ends_well(tmp_path: Path) -> None:
    folder = with_plan(new_run(tmp_path, max_steps=30))
    killed_at(folder, 30, "pointer")
    assert work(folder) == "finished"
    rows, _ = folder.metrics()
    assert [r.step for r in rows] == list(range(1, 31))
    assert folder.status(time.time()).final_validation is not None


# -- the wish -------------------------------------------------------------------------------------
@contextmanager
def long_run(root: Path) -> Iterator[tuple[RunFolder, subprocess.Popen[bytes]]]:
    folder = with_plan(new_run(root, max_steps=10_000_000))
    with worker(folder) as process:
        wait_until(lambda: last_step(folder) > 0)
        yield folder, process


def test_pause_step_run_and_stop_each_act_within_a_second(tmp_path: Path) -> None:
    with long_run(tmp_path) as (folder, process):
        launch.wish(folder, "pause")
        wait_until(lambda: state(folder) == "paused", 1.0)
        paused = folder.status(time.time()).step
        assert load_latest_whole(folder.checkpoints).step == paused
        for more in (1, 2):
            launch.wish(folder, "step")
            wait_until(lambda more=more: folder.status(time.time()).step == paused + more, 1.0)
        assert state(folder) == "paused"
        launch.wish(folder, "run")
        wait_until(lambda: state(folder) == "running", 1.0)
        wait_until(lambda: folder.status(time.time()).step > paused + 2, 1.0)
        (folder.path / "control.json").write_bytes(b"{")  # not by us: changes nothing
        at = last_step(folder)
        wait_until(lambda: last_step(folder) > at + 50)
        folder.write("control.json", '{"wish":"run"}')
        launch.wish(folder, "stop")
        wait_until(lambda: state(folder) == "stopped", 1.0)
        assert process.wait(5) == 0
    kinds = [e.kind for e in folder.events()[0]]
    assert kinds == ["planned", "paused", "unpaused", "stopped"]
    rows, _ = folder.metrics()
    assert load_latest_whole(folder.checkpoints).step == rows[-1].step == folder.status(0).step


@pytest.mark.parametrize(("number", "paused"), [(signal.SIGTERM, False), (signal.SIGINT, True)])
def test_a_signal_stops_with_a_checkpoint_within_two_seconds(
        tmp_path: Path, number: signal.Signals, paused: bool) -> None:
    with long_run(tmp_path) as (folder, process):
        if paused:
            launch.wish(folder, "pause")
            wait_until(lambda: state(folder) == "paused")
        process.send_signal(number)
        assert process.wait(2) == 0
    assert state(folder) == "stopped"
    assert load_latest_whole(folder.checkpoints).step == folder.status(0).step > 0


def test_a_step_wished_while_starting_is_done(tmp_path: Path) -> None:
    folder = with_plan(new_run(tmp_path))
    launch.wish(folder, "pause")
    with worker(folder) as process:
        wait_until(lambda: folder.status(time.time()).activity == "importing")
        launch.wish(folder, "step")
        wait_until(lambda: state(folder) == "paused")
        wait_until(lambda: folder.status(time.time()).step == 1, 2.0)
        process.terminate()
        process.wait(5)


# -- one worker at a time -------------------------------------------------------------------------
def test_a_second_worker_is_refused_and_writes_nothing(tmp_path: Path) -> None:
    with long_run(tmp_path) as (folder, first):
        launch.wish(folder, "pause")
        wait_until(lambda: state(folder) == "paused")

        def written() -> dict[str, int]:
            return {str(p): p.stat().st_size for p in sorted(folder.path.rglob("*"))
                    if p.is_file() and p.name not in ("worker.log", "status.json")
                    and p.suffix != ".tmp"}

        before = written()
        with worker(folder) as second:
            assert second.wait(30) == 2
        with pytest.raises(RunError) as error:
            work(folder)
        assert error.value.code == "run.locked"
        assert written() == before
        assert folder.status(time.time()).pid == first.pid and state(folder) == "paused"
    assert "already being trained" in (folder.path / "worker.log").read_text()
    assert "Traceback" not in (folder.path / "worker.log").read_text()


def test_a_halted_process_is_not_responding_and_ended_by_force_where_it_does_not_follow(
        tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with long_run(tmp_path) as (folder, process):
        process.send_signal(signal.SIGSTOP)
        silent = folder.status(time.time()).heartbeat + 10
        assert folder.status(silent).state == "not_responding"
        process.send_signal(signal.SIGCONT)
        at = last_step(folder)
        wait_until(lambda: last_step(folder) > at)
        wait_until(lambda: state(folder) == "running")

        process.send_signal(signal.SIGSTOP)
        monkeypatch.setattr(queueing, "SECONDS_TO_STOP", 0.3)
        launch.stop_for_good(folder)
        assert process.wait(5) == -signal.SIGKILL
    assert state(folder) == "lost"


def test_start_tells_of_the_new_worker_at_once_and_stop_ends_it(tmp_path: Path) -> None:
    folder = with_plan(new_run(tmp_path, max_steps=10_000_000))
    launch.start(folder)
    try:
        assert launch.status(folder).state in ("starting", "running")
        with pytest.raises(RunError, match="already being trained"):
            launch.start(folder)
        wait_until(lambda: last_step(folder) > 0)
        launch.stop_for_good(folder)
        assert launch.status(folder).state == "stopped"
        wait_until(lambda: workers._children[folder.path][0].poll() is not None)
        launch.start(folder)  # the file still says "stopped"
        assert launch.status(folder).state == "starting"
        at = last_step(folder)
        wait_until(lambda: last_step(folder) > at)
        wait_until(lambda: launch.status(folder).state == "running")
    finally:
        launch.stop_for_good(folder)
        workers._children.pop(folder.path)[0].wait(10)


def test_a_worker_that_dies_without_a_word_is_lost_at_once(tmp_path: Path) -> None:
    folder = new_run(tmp_path)
    launch.start(folder)
    child = workers._children[folder.path][0]
    child.kill()
    child.wait()
    assert launch.status(folder).state == "lost"
    workers._children.pop(folder.path)


# -- faults ---------------------------------------------------------------------------------------
def test_a_folder_that_is_removed_ends_the_worker(tmp_path: Path) -> None:
    with long_run(tmp_path) as (folder, process):
        shutil.rmtree(folder.path, ignore_errors=True)
        shutil.rmtree(folder.path, ignore_errors=True)  # the heartbeat may write in between
        assert process.wait(15) == 2


def test_a_file_limit_is_told_as_storage(tmp_path: Path) -> None:
    """Like a full disk: small files can be written, a large one cannot."""
    folder = with_plan(new_run(tmp_path, max_steps=10_000_000))

    def limited() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (30_000, 30_000))
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)

    with worker(folder, preexec_fn=limited) as process:
        assert process.wait(60) == 2
    said = folder.status(time.time())
    assert (said.state, said.error) == (
        "failed", {"code": "run.storage", "values": {"reason": "File too large"}})
    rows, _ = folder.metrics()
    assert rows and [r.step for r in rows] == list(range(1, len(rows) + 1))
    assert list(folder.path.rglob("*.tmp")) == []
    before = load_latest_whole(folder.checkpoints).step
    with worker(folder) as process:  # with room again, it goes on
        wait_until(lambda: last_step(folder) > before + 5)


def test_a_damaged_config_is_told_and_no_traceback(tmp_path: Path) -> None:
    folder = new_run(tmp_path)
    (folder.path / "config.json").write_text("{")
    with worker(folder) as process:
        assert process.wait(30) == 2
    said = folder.status(time.time())
    assert said.state == "failed" and said.error == {"code": "config.not_json", "values": {}}
    assert "Traceback" not in (folder.path / "worker.log").read_text()


def test_a_text_that_is_gone_is_told(tmp_path: Path) -> None:
    folder = new_run(tmp_path)
    shutil.rmtree(folder.store)
    assert work(folder) == "failed"
    assert (folder.status(0).error or {})["code"] == "corpus.lost"


def test_a_run_of_a_missing_device_is_told(tmp_path: Path) -> None:
    folder = with_plan(new_run(tmp_path), device="mps")
    assert work(folder) == "failed"
    assert (folder.status(0).error or {})["code"] == "config.mps_no_gpu"


def test_a_run_that_diverges_keeps_its_last_good_weights(tmp_path: Path) -> None:
    folder = with_plan(new_run(
        tmp_path, cell="rnn", activation="relu", optimizer="sgd", learning_rate=100.0,
        clip_norm=0.0, warm_up_steps=0, schedule="constant", max_steps=500), sample_every=1)
    assert work(folder) == "diverged"
    said = folder.status(time.time())
    assert said.error is not None and said.error["code"] == "run.diverged"
    rows, _ = folder.metrics()
    assert (rows[-1].step, rows[-1].loss, rows[-1].finite) == (said.step + 1, None, False)
    assert entries(folder.checkpoints)[-1].step == said.step
    assert load_latest_whole(folder.checkpoints).step <= said.step
    assert work(folder) == "diverged"  # and again, at the same step
    assert folder.status(0).step == said.step


def test_no_process_outlives_its_worker(tmp_path: Path) -> None:
    """The n-grams are computed by a child; a stop ends it too."""
    folder = with_plan(new_run(tmp_path, yardsticks=True, max_steps=10_000_000,
                               text="\n".join(str(n * n) for n in range(60_000))))
    with worker(folder) as process:
        wait_until(lambda: last_step(folder) > 0)
        children = psutil.Process(process.pid).children()
        process.terminate()
        assert process.wait(5) == 0
    assert children
    wait_until(lambda: not any(c.is_running() for c in children), 5.0)


def test_yardsticks_are_there_when_a_run_has_finished(tmp_path: Path) -> None:
    folder = with_plan(new_run(tmp_path, yardsticks=True, max_steps=5))
    assert work(folder) == "finished"
    assert [y.name for y in folder.yardsticks()] == [
        "uniform", "unigram", *(f"kn{n}" for n in range(2, 9)), "xz"]
    again = with_plan(new_run(tmp_path, yardsticks=True, max_steps=5))
    assert Worker(again).run() == "finished"
    assert again.yardsticks() == folder.yardsticks()


def test_without_validation_a_run_trains_all_the_same(tmp_path: Path) -> None:
    folder = with_plan(new_run(tmp_path, yardsticks=True, validation_share=0.0, max_steps=5))
    assert work(folder) == "finished"
    assert folder.status(0).final_validation is None
    assert all(row.validation is None for row in folder.metrics()[0])


def test_training_in_a_thread_needs_no_signals(tmp_path: Path) -> None:
    folder, ends = with_plan(new_run(tmp_path, max_steps=5)), []
    thread = threading.Thread(target=lambda: ends.append(work(folder)))
    thread.start()
    thread.join(60)
    assert ends == ["finished"]


def test_the_handlers_of_the_caller_come_back(tmp_path: Path) -> None:
    before = [signal.getsignal(n) for n in (signal.SIGTERM, signal.SIGINT)]
    assert work(with_plan(new_run(tmp_path, max_steps=2))) == "finished"
    assert [signal.getsignal(n) for n in (signal.SIGTERM, signal.SIGINT)] == before
