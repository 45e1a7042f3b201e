"""Who may import what, and that starting is cheap."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.small_runs import run_quietly

ROOT = Path(__file__).resolve().parents[2]
HEAVY = ("torch", "pandas", "plotly", "streamlit", "datasets", "sklearn", "pyarrow",
         "huggingface_hub")


def imported(path: Path) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name.split(".")[0] for alias in node.names}
        if isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module.split(".")[0])
    return found


def loaded_by(statement: str) -> set[str]:
    code = f"import sys, json\n{statement}\nprint(json.dumps(sorted(sys.modules)))"
    done = run_quietly(sys.executable, "-c", code)
    assert done.returncode == 0, done.stderr
    return set(json.loads(done.stdout))


def test_nothing_imports_the_app() -> None:
    paths = [p for folder in ("pages", "rnnlm_ui", "rnnlm_core", "benchmarks")
             for p in (ROOT / folder).rglob("*.py")]
    assert len(paths) > 40
    assert [p.name for p in paths if "app" in imported(p)] == []


def test_the_core_knows_no_streamlit() -> None:
    assert [p.name for p in (ROOT / "rnnlm_core").rglob("*.py")
            if imported(p) & {"streamlit", "rnnlm_ui", "pages"}] == []


@pytest.mark.parametrize("module", ["worker", "launch", "config", "run.directory", "run.process",
                                    "tasks.desk"])
def test_these_start_light(module: str) -> None:
    assert loaded_by(f"import rnnlm_core.{module}") & set(HEAVY) == set()


def test_the_yardsticks_need_no_torch() -> None:
    assert loaded_by("import rnnlm_core.yardsticks") & {"torch", "pandas", "datasets"} == set()


def test_training_loads_nothing_of_the_page(tmp_path: Path) -> None:
    statement = ("from pathlib import Path\nfrom tests.small_runs import *\n"
                 f"from rnnlm_core.worker import work\n"
                 f"assert work(with_plan(new_run(Path({str(tmp_path)!r}), max_steps=2)))"
                 " == 'finished'")
    heavy = {"pandas", "plotly", "streamlit", "datasets", "sklearn", "pyarrow"}
    assert loaded_by(statement) & heavy == set()


def test_the_layers_hold() -> None:
    done = subprocess.run([Path(sys.executable).with_name("lint-imports")], cwd=ROOT, text=True,
                          capture_output=True, timeout=120, check=False)
    assert done.returncode == 0, done.stdout[-2_000:]
