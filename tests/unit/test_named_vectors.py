"""`--vectors` and `train(RunConfig(vectors=…))`: a file, the hub or a hash, and what is told."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from rnnlm_core import cli, launch
from rnnlm_core.cli_options import config_of
from rnnlm_core.config import RunConfig
from rnnlm_core.data.corpus import keep_own_text
from rnnlm_core.data.vector_reading import read_uploaded
from rnnlm_core.data.vector_sources import kept_table
from rnnlm_core.data.vector_table import keep_vectors
from rnnlm_core.errors import BadInput, ConfigError
from rnnlm_core.lab import train
from rnnlm_core.run.directory import RunFolder
from tests.hub_stand_in import Repo, StandIn, zipped
from tests.small_runs import run_quietly, small_text

TABLE = b"e 1 0 0 2\na 0 1 0 2\nE 0 0 1 2\n"
TINY = {"hidden": 8, "batch": 4, "sequence_length": 8, "max_steps": 3}
SMALL = [f"--{name.replace('_', '-').replace('max-', '')}={value}" for name, value in TINY.items()]
Refused = Callable[..., str]


@pytest.fixture
def table(tmp_path: Path) -> Path:
    path = tmp_path / "small.vec"
    path.write_bytes(TABLE)
    return path


@pytest.fixture
def refused(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str],
            tmp_path: Path) -> Refused:
    """The one sentence by which `train` refuses these options."""
    def command(*options: object) -> str:
        monkeypatch.setattr(sys, "argv", ["unroll", "train", "--runs", str(tmp_path / "runs"),
                                          *map(str, options)])
        with pytest.raises(SystemExit) as ended:
            cli.main()
        out, err = capsys.readouterr()
        assert (ended.value.code, out) == (2, "") and "Traceback" not in err
        assert launch.list_runs(tmp_path / "runs") == []
        return err.strip().split("\n")[-1]

    return command


def test_a_file_is_used_with_the_size_it_has(table: Path, tmp_path: Path) -> None:
    config, root = config_of({"vectors": str(table), **TINY}, tmp_path / "runs")
    assert (config.embedding_source, config.embedding) == ("file", 4)
    assert re.fullmatch("[0-9a-f]{64}", config.vectors)  # never a path
    again, _ = config_of({"vectors": config.vectors, **TINY}, root)
    assert again == config


def test_training_with_a_file_of_the_hub_prints_how_much_of_the_text_it_covers(
        tmp_path: Path) -> None:
    """In a process of its own, since the hub's address is read when its library is imported.

    By hand: 1,080 characters of the training part are 360 a, 360 b, 180 spaces and 180 line ends;
    of these and `<unk>` the table has a.
    """
    text, packed = tmp_path / "text.txt", zipped({"t.vec": TABLE, "other.vec": b"b 1\n"})
    text.write_text("ab ba\n" * 200)
    with StandIn({"acme/packed": Repo({"t.zip": packed}, model=True)}) as hub:
        done = run_quietly(
            sys.executable, "-m", "rnnlm_core", "train", "--runs", tmp_path, "--corpus", text,
            "--vectors", "hf:acme/packed:t.zip:t.vec", "--freeze-embedding", *SMALL,
            env={"HF_ENDPOINT": hub.url, "HF_HOME": str(tmp_path / "home"), "NO_PROXY": "*"})
    assert done.returncode == 0, done.stderr
    assert "t.vec: 3 words of 4 numbers\n" in done.stderr
    assert "1 of 5 tokens (20.0%) begin with a vector of their own: 33.3% of the training part." \
        in done.stderr
    assert "The commonest without one: 'b' (360), " in done.stderr
    config = RunFolder(done.stdout.strip()).config()
    assert (config.embedding_source, config.embedding, config.freeze_embedding) == ("file", 4, True)
    papers = kept_table("hf:acme/packed:t.zip:t.vec", tmp_path / "corpora")
    assert papers is not None and (papers.rows, papers.sha256) == (3, config.vectors)


@pytest.mark.parametrize(("options", "sentence"), [
    (["--vectors", "{table}", "--embedding-source", "ppmi"],
     "vectors names a table, but embedding_source is ppmi. Choose file there, or name no table."),
    (["--vectors", "{table}", "--embedding", "64"],
     "small.vec has 4 numbers for each word, but embedding is 64. Set it to 4, or choose another "
     "table."),
    (["--vectors", "{table}", "--hidden", "0"], "hidden is 0, but must be at least 1."),
    (["--vectors", "none.vec"], "There is no file none.vec. Check the spelling."),
    (["--vectors", "0" * 64], "The table of vectors is not on this machine."),
    (["--vectors", "hf:../x:y"], "../x:y names no table on the hub."),
    (["--embedding-source", "file"], "The embedding is to begin with the vectors of a file, but")])
def test_what_is_wrong_is_one_sentence_and_leaves_no_run(
        options: list[str], sentence: str, table: Path, refused: Refused) -> None:
    said = refused(*SMALL, *[option.replace("{table}", str(table)) for option in options])
    assert said.removeprefix("hf:").startswith(sentence)


# -- notebooks and links ---------------------------------------------------------------------------
def test_a_notebook_names_a_file(table: Path, tmp_path: Path) -> None:
    corpus = keep_own_text(tmp_path / "runs" / "corpora", small_text(), "small", 10_000)
    small = {**TINY, "corpus": corpus.manifest.source, "embedding": 4, "vectors": str(table)}
    run = train(RunConfig(**small), tmp_path / "runs")
    assert (run.config.embedding_source, len(run.config.vectors)) == ("file", 64)
    with pytest.raises(ConfigError, match="but embedding_source is ppmi"):
        train(RunConfig(**small, embedding_source="ppmi"), tmp_path / "runs")


def test_a_link_reads_neither_the_hub_nor_the_disk(table: Path, tmp_path: Path) -> None:
    """What a page makes a run of: `hf:…` counts once it is in the store, a path never."""
    source, root = "hf:a/b:small.vec", tmp_path / "runs"
    config = RunConfig.from_query({"vectors": source, "embedding_source": "file",
                                   "embedding": "4", "max_steps": "3"})
    assert RunConfig.from_query(config.to_query()) == config
    with pytest.raises(BadInput, match=r"The table a/b:small\.vec has not been read"):
        launch.create_run(config, root)
    papers = keep_vectors(root / "corpora", read_uploaded(TABLE, "small.vec"), "small.vec", source)
    assert launch.create_run(config, root).config().vectors == papers.sha256
    with pytest.raises(ConfigError, match="choose one of SHA-256, hf:OWNER/NAME:FILE"):
        RunConfig.from_query({"vectors": str(table)})


def test_fewer_rows_than_asked_for_are_not_enough(tmp_path: Path) -> None:
    read = replace(read_uploaded(TABLE, "t"), ended="rows")
    keep_vectors(tmp_path, read, "t", "hf:a/b")
    assert kept_table("hf:a/b", tmp_path, 3) is not None
    assert kept_table("hf:a/b", tmp_path, 4) is None and kept_table("hf:a/c", tmp_path) is None
