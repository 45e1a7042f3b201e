"""The command line as a shell sees it: output, one sentence for each fault, exit codes."""

from __future__ import annotations

import gzip
import json
import re
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from rnnlm_core import cli
from rnnlm_core.cli_options import config_of
from rnnlm_core.config import FIELDS
from rnnlm_core.data.corpus import read_stored
from rnnlm_core.run.directory import RunFolder
from tests.small_runs import new_run, run_quietly, small_text, wait_until, with_plan

UNROLL = [sys.executable, "-m", "rnnlm_core"]
Command = Callable[..., subprocess.CompletedProcess[str]]
TINY = ["--hidden", 8, "--embedding", 4, "--batch", 4, "--sequence-length", 8]


def unroll(*arguments: object, **options: Any) -> subprocess.CompletedProcess[str]:
    return run_quietly(*UNROLL, *arguments, **options)


@pytest.fixture
def here(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Command:
    """The same command in this process, for the many that are refused: no start to wait for."""
    def command(*arguments: object) -> subprocess.CompletedProcess[str]:
        monkeypatch.setattr(sys, "argv", ["unroll", *map(str, arguments)])
        with pytest.raises(SystemExit) as ended:
            cli.main()
        out, err = capsys.readouterr()
        return subprocess.CompletedProcess(arguments, int(ended.value.code or 0), out, err)

    return command


def one_sentence(done: subprocess.CompletedProcess[str]) -> str:
    """What stderr says where a command was refused: one line, nothing on stdout."""
    assert (done.returncode, done.stdout) == (2, "")
    assert "Traceback" not in done.stderr and done.stderr.count("\n") == 1
    return done.stderr.strip()


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> RunFolder:
    """A text file, trained on by the command line."""
    root = tmp_path_factory.mktemp("cli")
    (root / "words.txt").write_bytes(small_text().replace("\n", "\r\n").encode())
    done = unroll("train", "--runs", root / "runs", "--corpus", root / "words.txt", *TINY,
                  "--steps", 12)
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("\n") == 1 and "Traceback" not in done.stderr
    return RunFolder(done.stdout.strip())


def test_training_a_file_prints_the_folder_last(trained: RunFolder) -> None:
    assert trained.path.parent.name == "runs"
    said, config = trained.status(time.time()), trained.config()
    assert (said.state, said.step, config.max_steps, config.max_seconds) == (
        "finished", 12, 12, 0.0)
    assert re.fullmatch("text:[0-9a-f]{64}", config.corpus)  # never a path
    assert '"title": "words.txt"' in (trained.path / "corpus.json").read_text()


def test_every_setting_is_an_option() -> None:
    shown = unroll("train", "--help").stdout
    assert set(re.findall(r"--([a-z-]+)", shown)) >= {n.replace("_", "-") for n in FIELDS}
    assert "--steps" in shown and "--seconds" in shown


def test_what_has_finished_is_not_resumed(trained: RunFolder) -> None:
    assert one_sentence(unroll("resume", trained.path)) == (
        "This run has already finished, at step 12. Start a new one.")


def test_writing_is_the_same_for_the_same_seed(trained: RunFolder) -> None:
    settings = ("--prompt", "ab", "--length", 40, "--seed", 3)
    done = unroll("generate", trained.path, *settings)
    assert done.returncode == 0 and done.stderr == ""
    assert done.stdout.startswith("ab") and len(done.stdout) == len("ab") + 40 + 1
    assert unroll("generate", trained.path, *settings).stdout == done.stdout


def test_unknown_characters_of_a_prompt_are_named(trained: RunFolder) -> None:
    done = unroll("generate", trained.path, "--prompt", "aП🙂П", "--length", 5)
    assert (done.returncode, done.stderr) == (
        0, "The model has no id for П 🙂; these are left out.\n")


@pytest.mark.parametrize(("options", "sentence"), [
    (["--temperature", "-1"], "temperature is -1.0; it must be ≥ 0, < ∞."),
    (["--temperature", "nan"], "temperature is nan; it must be ≥ 0, < ∞."),
    (["--length", "-5"], "length is -5; it must be 0, 1, …, 100000."),
    (["--step", "5"], "No moment is kept at step 5. Kept are: 0, 4, 12.")])
def test_bad_settings_of_writing(
        trained: RunFolder, here: Command, options: list[str], sentence: str) -> None:
    assert one_sentence(here("generate", trained.path, *options)) == sentence


def test_runs_are_listed_and_a_damaged_one_does_not_hide_them(
        trained: RunFolder, tmp_path: Path) -> None:
    done = unroll("runs", "--runs", trained.path.parent, "--json")
    row, = json.loads(done.stdout)
    assert (row["id"], row["state"], row["step"], row["hidden"]) == (trained.id, "finished", 12, 8)
    shown = unroll("runs", "--runs", trained.path.parent).stdout
    assert trained.id in shown and "12/12 steps" in shown

    fine, broken = new_run(tmp_path), new_run(tmp_path)
    (broken.path / "config.json").write_text("{")
    done = unroll("runs", "--runs", tmp_path, "--json")
    assert [row["id"] for row in json.loads(done.stdout)] == [fine.id]
    assert done.stderr == f"{broken.id}: The settings cannot be read as JSON. " \
                          "Choose another file.\n"
    (tmp_path / "none").mkdir()
    assert json.loads(unroll("runs", "--runs", tmp_path / "none", "--json").stdout) == []


@pytest.mark.parametrize("command", ["runs", "queue"])
def test_a_folder_that_is_not_there_is_told(here: Command, command: str) -> None:
    assert one_sentence(here(command, "--runs", "NOWHERE")) == \
        "There is no folder NOWHERE. Check the spelling of what follows --runs."


@pytest.mark.parametrize(("options", "sentence"), [
    (["--hidden", "0", "--batch", "-3", "--cell", "elman"],
     "cell is 'elman'; choose one of rnn, gru, lstm, cnn. hidden is 0, but must be at least 1. "
     "batch is -3, but must be at least 1."),
    (["--learning-rate", "nan"], "learning_rate is nan, which is not a finite number."),
    (["--steps", "-1"], "max_steps is -1, but must be at least 0."),
    (["--steps", "0"], "Set max_steps or max_seconds above 0, so that the run can end."),
    (["--corpus", "nmaes"], "There is no file nmaes. Check the spelling."),
    (["--corpus", "recall:201"], "recall takes a whole number from 2 to 200 after its "
                                  "colon, not 201. Write it for example as recall:20."),
    (["--corpus", ""], "corpus is ''; choose one of names, dialogue2, hf:OWNER/NAME, "
                       "text:SHA256."),
    (["--corpus", "text:" + "0" * 64], "The text that these settings name is not on this machine. "
     "Choose another one, or bring it in again."),
    (["--corpus", "dialogue2", "--hidden", "2048", "--layers", "4", "--batch", "1024"],
     r"re:This model needs about \d+ MB of memory; the limit is 4000 MB\. Make hidden, .*"),
    (["--corpus", "dialogue2", "--device", "mps", "--steps", "1"], "re:.*mps needs a Mac.*")])
def test_bad_input_is_refused_with_one_sentence(
        tmp_path: Path, here: Command, options: list[str], sentence: str) -> None:
    done = here("train", "--runs", tmp_path / "runs", *options)
    if "mps" in options:  # found out by the worker: progress and the folder are shown too
        assert done.returncode == 2 and "Traceback" not in done.stderr
        assert re.search(sentence.removeprefix("re:"), done.stderr)
    elif sentence.startswith("re:"):
        assert re.fullmatch(sentence.removeprefix("re:"), one_sentence(done))
    else:
        assert one_sentence(done) == sentence


@pytest.mark.parametrize(("content", "sentence"), [
    (b"\x89PNG\r\n\x1a\n\0\0", "text.txt does not look like text (it holds binary data). "
                               "Choose a plain text file."),
    (b"", "The text is empty. Paste or choose a text with at least 32 characters."),
    (b"hello hello hello", "The text has 17 characters; at least 32 are needed. Add text."),
    (b"z" * 500, "The text repeats one single character, so there is nothing to predict. "
                 "Choose a text with at least two different characters."),
    (b"hello " * 10, "The text has 60 tokens to train on; one sequence needs 65. "
                     "Add text or make the sequence length smaller.")])
def test_files_that_cannot_be_trained_on(
        tmp_path: Path, here: Command, content: bytes, sentence: str) -> None:
    (tmp_path / "text.txt").write_bytes(content)
    assert one_sentence(here("train", "--runs", tmp_path / "runs", "--corpus",
                               tmp_path / "text.txt", "--sequence-length", 64)) == sentence
    assert not list((tmp_path / "runs").glob("2*"))


@pytest.mark.parametrize("option", [["--hidden", "many"], ["--hidden", "8.5"], ["--nothing"]])
def test_what_is_no_number_or_no_option_is_refused(here: Command, option: list[str]) -> None:
    done = here("train", *option)
    assert done.returncode == 2 and "Traceback" not in done.stderr
    assert option[0] in done.stderr


@pytest.mark.parametrize("command", ["resume", "generate", "ship"])
def test_a_run_that_is_not_there(tmp_path: Path, here: Command, command: str) -> None:
    more = [tmp_path / "to"] if command == "ship" else []
    assert one_sentence(here(command, tmp_path / "none", *more)) == (
        "There is no run in none. Check the name, or list the runs.")


def test_a_folder_that_cannot_be_written(tmp_path: Path, here: Command) -> None:
    (tmp_path / "file").touch()
    sentence = one_sentence(here("train", "--runs", tmp_path / "file", "--corpus", "dialogue2"))
    assert re.fullmatch(r"The run folder cannot be written \(.+\)\. Free some space, .*", sentence)


def test_diverging_has_an_exit_code_of_its_own(tmp_path: Path) -> None:
    (tmp_path / "text.txt").write_text(small_text())
    done = unroll("train", "--runs", tmp_path, "--corpus", tmp_path / "text.txt", *TINY, "--steps",
                  500, "--cell", "rnn", "--activation", "relu", "--optimizer", "sgd",
                  "--learning-rate", 100, "--clip-norm", 0, "--warm-up-steps", 0,
                  "--schedule", "constant")
    assert done.returncode == 3
    assert "The loss stopped being a number at step" in done.stderr
    assert "Traceback" not in done.stderr


def test_ctrl_c_keeps_the_checkpoint_and_resume_goes_on(tmp_path: Path) -> None:
    folder = with_plan(new_run(tmp_path, yardsticks=True, max_steps=400))
    arguments = [*UNROLL, "resume", str(folder.path)]
    with subprocess.Popen(arguments, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                          start_new_session=True, cwd=Path(__file__).parents[2]) as process:
        wait_until(lambda: folder.metrics()[0])
        subprocess.run(["kill", "-INT", "--", f"-{process.pid}"], check=True)  # as a terminal does
        out, err = process.communicate(timeout=30)
    assert process.returncode == 130
    assert out.splitlines()[-1] == str(folder.path)
    assert "the checkpoint is kept" in err and "Traceback" not in err
    done = unroll("resume", folder.path)
    assert done.returncode == 0 and done.stdout.splitlines()[-1] == str(folder.path)
    assert [r.step for r in folder.metrics()[0]] == list(range(1, 401))


def test_ctrl_c_before_the_run_exists(tmp_path: Path) -> None:
    """While the text is prepared: no traceback, and the code of an interruption."""
    code = ("import os, signal, sys\nfrom rnnlm_core import cli, launch\n"
            # a shell that starts this in the background has it ignored
            "signal.signal(signal.SIGINT, signal.default_int_handler)\n"
            "launch.create_run = lambda *a: signal.raise_signal(signal.SIGINT)\n"
            "sys.argv = ['unroll', 'train', '--corpus', 'names']\ncli.main()")
    done = run_quietly(sys.executable, "-c", code)
    assert done.returncode == 130, done.stderr
    assert "Traceback" not in done.stderr


def test_a_shipped_run_is_small_and_can_be_read(trained: RunFolder, tmp_path: Path) -> None:
    done = unroll("ship", trained.path, tmp_path / "shipped")
    assert done.returncode == 0, done.stderr
    shipped = RunFolder(tmp_path / "shipped")
    assert not (shipped.path / "lock").exists()
    assert (shipped.path / "validation.txt").read_text()
    assert unroll("generate", shipped.path, "--length", 5).returncode == 0
    again = unroll("ship", trained.path, tmp_path / "shipped")
    assert "Traceback" not in one_sentence(again)


def test_a_reader_that_goes_away_is_no_fault(trained: RunFolder) -> None:
    command = f"{sys.executable} -m rnnlm_core generate {trained.path} --length 20000 | head -c 50"
    done = run_quietly("bash", "-o", "pipefail", "-c", command)
    assert done.returncode == 0 and done.stderr == "" and len(done.stdout) == 50


def test_a_prompt_of_bytes_that_are_no_text(trained: RunFolder) -> None:
    code = (f"import sys\nsys.argv = ['unroll', 'generate', {str(trained.path)!r}, '--prompt', "
            "'a\\udcff', '--length', '5']\nfrom rnnlm_core import cli\ncli.main()")
    done = run_quietly(sys.executable, "-c", code)
    assert done.returncode == 0 and "Traceback" not in done.stderr


def test_a_packed_table_is_a_file_too(tmp_path: Path) -> None:
    table = "id,text\n" + "".join(f'{i},"line {i}, of text"\n' for i in range(10))
    (tmp_path / "lines.csv.gz").write_bytes(gzip.compress(table.encode("utf-16")))
    config, root = config_of({"corpus": str(tmp_path / "lines.csv.gz")}, tmp_path / "runs")
    kept = read_stored(root / "corpora", config.corpus.removeprefix("text:"))
    assert kept.text == "\n".join(f"line {i}, of text" for i in range(10))
    assert kept.manifest.title == "lines.csv.gz"
