"""`python -m rnnlm_core.worker RUN_FOLDER`: one training run in a process of its own.

Knows files, clocks and signals, no mathematics: that is `trainer`. Starts light and says what it is
doing before it imports torch. Reads the wish from `control.json`, writes everything else of the
run folder (see `run.directory`); `wish` reads that one, `clock` counts the seconds of training.
"""

from __future__ import annotations

import contextlib
import json
import math
import subprocess
import sys
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from filelock import FileLock, Timeout

from rnnlm_core.clock import TrainingClock
from rnnlm_core.errors import Diverged, RunError, UnrollError, storage_error
from rnnlm_core.forks import WINDOW_FIELDS
from rnnlm_core.records import Event, Plan, State, Status, StepMetrics
from rnnlm_core.run import process
from rnnlm_core.run.directory import RunFolder
from rnnlm_core.run.history import entries, is_mark
from rnnlm_core.run.journal import Journal, StatusWriter
from rnnlm_core.threads import hold_to
from rnnlm_core.wish import LOOK_SECONDS, Wish, stopped_by_signals

if TYPE_CHECKING:
    from rnnlm_core.run.checkpoint import Checkpoint
    from rnnlm_core.trainer import StepResult

CHECKPOINT_SECONDS = 5.0
YARDSTICK_SECONDS = 30.0  # that a finished run waits for its n-grams
EVERY_STEP_UNTIL, EVERY_FIFTH_UNTIL = 2_000, 20_000
_EARLY_EVALUATIONS = (1, 4)  # and every moment that is kept for good has a loss of its own

Progress = Callable[[Status], None]


def is_logged(step: int) -> bool:
    """Every step at first, then every 5th and every 20th: a function of the step alone."""
    if step <= EVERY_STEP_UNTIL:
        return True
    return step % (5 if step <= EVERY_FIFTH_UNTIL else 20) == 0


class Worker:
    """One run, from its last checkpoint (or from nothing) to its end or a stop."""

    def __init__(self, folder: RunFolder, progress: Progress | None = None) -> None:
        self.folder = folder
        self.status = StatusWriter(folder, progress)
        self.journal = Journal(folder)
        self.wish = Wish(folder)
        self.clock = TrainingClock()
        self._saved_at = time.monotonic()
        self._yardsticks: subprocess.Popen[bytes] | None = None

    # -- a life ---------------------------------------------------------------------------------
    def run(self) -> State:
        """Train until the end, a stop or a fault. Returns the final state."""
        with self.status:
            try:
                state = self._train()
            except Diverged as error:
                state = self._failed("diverged", error)
            except UnrollError as error:
                state = self._failed("failed", error)
            except OSError as error:
                state = self._failed("failed", storage_error(error))
            except Exception as error:
                traceback.print_exc()  # into worker.log; the page says what a person can do
                memory = isinstance(error, MemoryError) or any(
                    sign in str(error) for sign in ("can't allocate memory", "out of memory"))
                state = self._failed("failed", RunError("run.memory") if memory else RunError(
                    "run.crashed", reason=type(error).__name__))
            finally:
                self._end_yardsticks()
            self.status.set(state=state, seconds_left=None, tokens_per_second=0.0, activity="")
        return state

    def _train(self) -> State:
        self.status.set(state="starting", activity="importing")
        self.config = self.folder.config()
        self.wish.begin()
        process.sleep_while_waiting()
        hold_to(self.config.threads)
        self.status.set(activity="reading")
        from rnnlm_core.prepared import prepare

        self.prepared = prepare(self.folder)
        self._open_trainer()
        self._start_yardsticks()
        self.status.set(state="running", activity="training", total_steps=self.plan.total_steps)
        self.clock.measure_from(self.trainer.tokens)
        while (reason := self.stopping.reason(self.trainer.steps, self.clock.seconds)) is None:
            if self._wait_for_permission() == "stop":
                self._save()
                return self._ended("stopped")
            self._turn_knobs()
            self._one_step()
        self._finish(reason)
        return "finished"

    def _open_trainer(self) -> None:
        """A new trainer with its plan, or the one that the last checkpoint holds."""
        from rnnlm_core.planning import refuse_missing_device
        from rnnlm_core.run.checkpoint import load_latest_whole
        from rnnlm_core.stopping import Stopping
        from rnnlm_core.trainer import Trainer
        from rnnlm_core.trainer_state import restore
        from rnnlm_core.turning import Knobs

        config, prepared = self.config, self.prepared
        fork = self._unborn_fork()
        self.plan = plan = self.folder.plan() or self._make_plan(fork)
        refuse_missing_device(plan.device)  # the folder may come from another machine
        self.prepared = prepared.with_live_width(plan.live_width)
        self.stopping = Stopping(config, plan.total_steps)
        self.trainer = Trainer(config, plan, prepared.train_ids, prepared.tokenizer.size)
        self.knobs = Knobs(self.trainer)
        if fork is not None:
            self._begin_as_fork(fork)
        elif entries(self.folder.checkpoints):
            found = load_latest_whole(self.folder.checkpoints)
            restore(self.trainer, found.tensors, found.values)
            self.stopping.restore(found.values["stopping"])
            self.knobs.resume(found.values["sample_temperature"], self.folder.events()[0])
            self.clock.set(found.values["seconds"])
            self.journal.cut(found.values["offsets"])
            self.status.set(step=self.trainer.steps)
            self._note("resumed" if _is_exact(plan) else "continued")
        else:
            self._begin_anew()
        self.status.set(step=self.trainer.steps, total_steps=plan.total_steps,
                        seconds=self.clock.seconds)

    def _begin_anew(self) -> None:
        """A run of its own, before its first step; a pre-trained embedding is made here."""
        from rnnlm_core.embedding_start import start_vectors

        self.journal.cut({})
        self._note("planned", **json.loads(self.plan.to_json()))
        if self.config.embedding_source != "scratch":
            self.status.set(activity="pretraining")
        start = start_vectors(self.config, self.prepared.train_ids, self.prepared.tokenizer,
                              self.folder.store)
        if start is not None:
            self.trainer.begin_with(start)
            self._note("pretrained", known=int(start.known.sum()), of=len(start.known))
        self._save()

    def _make_plan(self, fork: Checkpoint | None) -> Plan:
        from rnnlm_core.planning import make_plan

        self.status.set(activity="measuring")
        done = (fork.values["steps"], fork.values["seconds"]) if fork else (0, 0.0)
        plan = make_plan(self.config, self.prepared, done)
        self.folder.write("plan.json", plan.to_json())
        return plan

    def _unborn_fork(self) -> Checkpoint | None:
        """Where a fork begins, before it has made a step of its own."""
        from rnnlm_core.run.checkpoint import load_at

        origin = self.folder.origin()
        if origin is None or origin.kind != "fork" or any(
                e.kind == "forked" for e in self.folder.events()[0]):
            return None
        return load_at(self.folder.checkpoints, origin.step)

    def _begin_as_fork(self, found: Checkpoint) -> None:
        """Weights and all that fits from the other run; what is said of it is a part of history."""
        from rnnlm_core.trainer_state import adopt

        origin = self.folder.origin()
        assert origin is not None
        came = adopt(self.trainer, found.tensors, found.values,
                     same_windows=not WINDOW_FIELDS & set(origin.changed))
        for name, value in found.values["knobs"].items():
            if name not in origin.changed:  # as the other run had it at that step
                self.trainer.turn(name, value)
        self.knobs.resume(found.values["sample_temperature"], [])
        self.stopping.restore(found.values["stopping"])
        self.clock.set(found.values["seconds"])
        self.status.set(step=self.trainer.steps)
        self._save()  # from here on it resumes like any other run
        self._note("forked", parent=origin.parent, **came)
        self.journal.flush()

    def _ended(self, state: State, **values: Any) -> State:
        self._note(state, **values)
        self.journal.flush()
        return state

    def _failed(self, state: State, error: UnrollError) -> State:
        self.status.set(error={"code": error.code, "values": error.values})
        with contextlib.suppress(OSError):  # the disk may be what failed
            self._ended(state, code=error.code, **error.values)
        return state

    # -- one step -------------------------------------------------------------------------------
    def _one_step(self) -> None:
        self.clock.go()
        try:
            result = self.trainer.step()
        except Diverged:
            self._keep_last_good()
            raise
        step = self.trainer.steps
        self.status.set(step=step)
        validation, best = None, False
        if step in _EARLY_EVALUATIONS or step % self.plan.evaluate_every == 0 or is_mark(step):
            validation = self._evaluate()
        if validation is not None and self.stopping.see(step, validation):
            best = True
            self.status.set(best_validation=validation, best_step=step)
        if is_logged(step) or validation is not None or step == self.plan.total_steps:
            self._log(result, validation)
        if step == 1 or step % self.plan.sample_every == 0:
            self._show()
        self._keep(step, best)
        self.journal.flush_by_clock()

    def _turn_knobs(self) -> None:
        """Changed settings from the next step on; every new change is history, at once."""
        for turn in self.knobs.turn(self.wish.knobs):
            self._note("knob", name=turn.name, value=turn.value, before=turn.before)
            self.journal.flush()

    def _keep_last_good(self) -> None:
        """The weights before the step that failed, to write and look with."""
        from rnnlm_core.run.checkpoint import save_weights

        self.journal.add(StepMetrics(self.trainer.steps + 1, self.trainer.tokens,
                                     round(self.clock.seconds, 3), None, finite=False,
                                     layer_norms=self.trainer.layer_norms))
        save_weights(self.folder.checkpoints, self._checkpoint())

    def _evaluate(self) -> float | None:
        rows = self.prepared.rows
        return None if rows is None else self.trainer.evaluate(rows, live=True)

    def _log(self, result: StepResult, validation: float | None) -> None:
        seconds, speed = self.clock.seconds, self.clock.speed(self.trainer.tokens)
        step, total = self.trainer.steps, self.plan.total_steps
        self.journal.add(StepMetrics(
            step, self.trainer.tokens, round(seconds, 3), result.loss, validation,
            result.gradient_norm, result.clipped_norm, result.learning_rate, round(speed, 1),
            validation is None or math.isfinite(validation),
            [float(f"{norm:.4g}") for norm in result.layer_norms]))
        tokens_left = (total - step) * self.plan.batch * self.plan.sequence_length
        left = tokens_left / speed if speed else None
        limit = self.config.max_seconds
        if limit and left is not None:
            left = min(left, max(0.0, limit - seconds))
        self.status.set(seconds=seconds, tokens_per_second=speed, seconds_left=left)

    def _keep(self, step: int, best: bool) -> None:
        from rnnlm_core.run.checkpoint import save_weights

        if best or time.monotonic() - self._saved_at > CHECKPOINT_SECONDS:
            self._save(best)
        elif is_mark(step):
            save_weights(self.folder.checkpoints, self._checkpoint())

    def _finish(self, reason: str) -> None:
        """The last evaluation reads the whole validation text; the test part is read only here."""
        self.status.set(activity="finishing", ended_by=reason)
        rows, test = self.prepared.rows, self.prepared.test_rows
        if rows is not None:
            self.status.set(
                final_validation=self.trainer.evaluate(rows, live=False),
                final_reset=self.trainer.evaluate(rows, live=False,
                                                  reset=self.plan.sequence_length))
        if test is not None:
            self.status.set(final_test=self.trainer.evaluate(test, live=False))
        self._show()
        self._save()
        until = time.monotonic() + YARDSTICK_SECONDS
        while self._yardsticks is not None and self._yardsticks.poll() is None:
            if self.wish.is_stop() or time.monotonic() > until:
                break
            time.sleep(LOOK_SECONDS)
        self._ended("finished", by=reason)

    def _wait_for_permission(self) -> str:
        """Returns "go", "one step" or "stop"; waits here while paused."""
        while (answer := self.wish.answer()) == "wait":
            self.clock.stand()
            if self.status.now.state != "paused":
                self._note("paused")
                self._save()
                self.status.set(state="paused", activity="", tokens_per_second=0.0)
            self.journal.flush()
            time.sleep(LOOK_SECONDS)
        if answer == "go" and self.status.now.state == "paused":
            self._note("unpaused")
            self.status.set(state="running", activity="training")
            self.clock.measure_from(self.trainer.tokens)
        return answer

    # -- what is written ------------------------------------------------------------------------
    def _save(self, best: bool = False) -> None:
        from rnnlm_core.run.checkpoint import save_whole

        self.journal.flush()
        save_whole(self.folder.checkpoints, self._checkpoint(), best)
        self._saved_at = time.monotonic()

    def _checkpoint(self) -> Checkpoint:
        from rnnlm_core.run.checkpoint import Checkpoint
        from rnnlm_core.trainer_state import tensors_of, values_of

        values = {**values_of(self.trainer), "seconds": self.clock.seconds,
                  "stopping": self.stopping.values(),
                  "sample_temperature": self.knobs.sample_temperature,
                  "offsets": self.journal.offsets(), "torch": self.plan.torch_version,
                  "threads": self.plan.threads, "precision": self.plan.precision}
        return Checkpoint(self.trainer.steps, tensors_of(self.trainer), values)

    def _show(self) -> None:
        self._sample()
        self._probe()

    def _sample(self) -> None:
        from rnnlm_core.showing import sample

        written = sample(self.trainer, self.prepared, self.knobs.sample_temperature,
                         self.clock.seconds)
        if written is not None:
            self.journal.add(written)

    def _probe(self) -> None:
        from rnnlm_core.showing import probe

        probe(self.trainer, self.prepared, self.folder.probes)

    def _start_yardsticks(self) -> None:
        from rnnlm_core.yardsticks import compute_beside

        self._yardsticks = compute_beside(self.folder, self.prepared)

    def _end_yardsticks(self) -> None:
        """No process outlives its worker."""
        if self._yardsticks is not None:
            self._yardsticks.terminate()
            self._yardsticks.wait()

    def _note(self, kind: str, **values: Any) -> None:
        self.journal.add(Event(self.status.now.step, time.time(), kind, values))


def _is_exact(plan: Plan) -> bool:
    """Whether sums come out the same as when the run was planned; else it only *continues*."""
    import torch

    return (plan.device, plan.torch_version, plan.cpu, plan.threads) == (
        "cpu", torch.__version__, torch.backends.cpu.get_cpu_capability(),
        torch.get_num_threads())


EXIT_CODES: dict[State, int] = {"finished": 0, "stopped": 0, "diverged": 3, "failed": 2}


def work(folder: RunFolder, progress: Progress | None = None) -> State:
    """Train a run in this process. Raises `RunError` where another process already does.

    SIGTERM and Ctrl-C end it after the step in hand, with a checkpoint.
    """
    if not folder.exists():
        raise RunError("run.missing", folder=folder.id)
    try:
        with FileLock(folder.path / "lock", timeout=0):
            worker = Worker(folder, progress)
            with stopped_by_signals(worker.wish):
                return worker.run()
    except Timeout:
        raise RunError("run.locked") from None
    except OSError as error:
        raise storage_error(error) from error


def main() -> None:
    if len(sys.argv) != 2:
        sys.exit("usage: python -m rnnlm_core.worker RUN_FOLDER")
    try:
        sys.exit(EXIT_CODES[work(RunFolder(Path(sys.argv[1])))])
    except UnrollError as error:
        print(error, file=sys.stderr)
        sys.exit(error.exit_code)


if __name__ == "__main__":
    main()
