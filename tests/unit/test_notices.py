"""A text that is too small for the batch: shrunk, and said."""

from rnnlm_core import launch
from rnnlm_core.worker import work
from tests.small_runs import new_run, small_text


def test_a_shrunk_batch_is_said(tmp_path):
    folder = new_run(tmp_path, small_text(400), batch=64, sequence_length=32, max_steps=2)
    assert launch.notices(folder) == []  # nothing is decided yet
    work(folder)
    rows = folder.plan().batch

    assert 8 <= rows <= 12  # about nine tenths of 400, in rows of 32 characters and a target
    assert str(launch.notices(folder)[0]) == (
        f"The text fills only {rows} streams of 32 tokens, so the batch is {rows} and not 64.")
