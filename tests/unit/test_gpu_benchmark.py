"""What of `benchmarks/gpu.py` runs without a GPU: the ways agree, the table, the refusal."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from benchmarks import gpu

SCRIPT = Path(gpu.__file__)


@pytest.mark.parametrize("cell", ["lstm", "gru", "rnn"])
def test_plain_and_resident_take_the_same_steps(cell: str) -> None:
    size = gpu.Size(cell, hidden=16, layers=2, batch=4, length=8)
    plain, resident = (gpu.opened(name, size, "fp32", "cpu") for name in ("plain", "resident"))
    losses = []
    for _ in range(20):
        plain.step()
        resident.step()
        losses.append(plain.last_loss())
        assert resident.last_loss() == pytest.approx(losses[-1], rel=1e-4)

    assert sum(losses[-3:]) < sum(losses[:3])
    assert all(bool(part.any()) for part in plain.state)
    assert all(torch.allclose(a, b, atol=1e-3)
               for a, b in zip(plain.state, resident.state, strict=True))


def test_both_go_on_at_the_start_of_the_text_alike() -> None:
    size = gpu.Size("rnn", hidden=4, layers=1, batch=2, length=5)
    plain, resident = gpu.Plain(size, "fp32", "cpu"), gpu.Resident(size, "fp32", "cpu")
    plain.rows, resident.rows = plain.rows[:, :12], resident.rows[:, :12]
    for _ in range(8):
        plain.step()
        resident.step()
        assert resident.last_loss() == pytest.approx(plain.last_loss(), rel=1e-4)


def test_bf16_stays_near_and_keeps_its_state_in_float32() -> None:
    size = gpu.Size("gru", hidden=16, layers=1, batch=4, length=8)
    exact, rough = (gpu.opened("resident", size, kind, "cpu") for kind in ("fp32", "bf16"))
    assert rough.last_loss() != exact.last_loss()
    assert rough.last_loss() == pytest.approx(exact.last_loss(), abs=0.05)
    assert all(part.dtype == torch.float32 for part in rough.state)


def test_rows_of_a_measurement() -> None:
    size = gpu.Size("rnn", hidden=4, layers=1, batch=2, length=5)
    rows = gpu.measure(size, "fp32", ["plain", "resident"], steps=2, turns=3, device="cpu")

    assert [row.way for row in rows] == ["plain", "resident"]
    assert rows[0].ratio == 1.0 and all(row.tokens_a_second > 0 for row in rows)
    text = gpu.table([gpu.Row("lstm", "bf16", "graph", 1_234_567.8, 3.456, 2.34567)])
    assert text.splitlines()[1].split() == ["lstm", "bf16", "graph", "1,234,568", "3.46×", "2.3457"]


def test_it_imports_nothing_but_torch_and_the_standard_library() -> None:
    names = {alias.name.split(".")[0] for node in ast.walk(ast.parse(SCRIPT.read_text("utf-8")))
             if isinstance(node, ast.Import) for alias in node.names}
    names |= {node.module.split(".")[0] for node in ast.walk(ast.parse(SCRIPT.read_text("utf-8")))
              if isinstance(node, ast.ImportFrom) and node.module}
    assert names - set(sys.stdlib_module_names) == {"torch"}


def test_without_a_gpu_it_says_so_in_one_sentence(tmp_path: Path) -> None:
    done = subprocess.run([sys.executable, str(SCRIPT)], cwd=tmp_path, text=True,
                          capture_output=True, timeout=120, check=False,
                          env=os.environ | {"CUDA_VISIBLE_DEVICES": ""})
    assert done.returncode == 2
    assert done.stdout == "" and done.stderr.count("\n") == 1 and "GPU" in done.stderr


def test_an_older_torch_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch, "__version__", "2.9.1+cpu")
    assert "2.11" in str(gpu.why_not()) and "2.9.1" in str(gpu.why_not())
