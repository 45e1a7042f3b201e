"""The whole state of a training, to the bit: what a checkpoint holds and a resume takes up.

Weights, their running average, the optimizer's moments, the carried state and the random state are
tensors; counters, the place in the text and the turned knobs are plain values.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from rnnlm_core.errors import RunError
from rnnlm_core.knobs import KNOBS
from rnnlm_core.optimizers import moments_of
from rnnlm_core.run.checkpoint import AVERAGE, WEIGHTS
from rnnlm_core.trainer import Trainer


def tensors_of(trainer: Trainer) -> dict[str, Tensor]:
    found = {WEIGHTS + n: t for n, t in trainer.model.state_dict().items()}
    if trainer.average is not None:
        found |= {AVERAGE + n: t for n, t in trainer.average.state_dict().items()}
    for index, state in trainer.optimizer.state_dict()["state"].items():
        found |= {f"optimizer.{index}.{n}": t for n, t in state.items() if isinstance(t, Tensor)}
    found |= {f"carried.{i}": t for i, t in enumerate(trainer.carried or ())}
    found["random.torch"] = torch.get_rng_state()
    if trainer.plan.device == "cuda":
        found["random.cuda"] = torch.cuda.get_rng_state()
    return found


def values_of(trainer: Trainer) -> dict[str, Any]:
    return {"steps": trainer.steps, "epoch": trainer.streams.epoch, "index": trainer.streams.index,
            "last_loss": trainer.last_loss,
            "knobs": {name: getattr(trainer.config, name) for name in KNOBS}}


def restore(trainer: Trainer, tensors: dict[str, Tensor], values: dict[str, Any]) -> None:
    """Go on exactly where `tensors_of` and `values_of` were taken.

    Raises `RunError` where the tensors are not those of this config.
    """
    _check_shapes(trainer, tensors)
    _load_weights(trainer, tensors)
    _load_optimizer(trainer, tensors)
    _load_position(trainer, tensors, values)
    _load_counters(trainer, values)
    for name, value in values.get("knobs", {}).items():
        trainer.turn(name, value)
    _load_random_state(trainer, tensors)  # last: nothing may draw after it


def adopt(trainer: Trainer, tensors: dict[str, Tensor], values: dict[str, Any],
          same_windows: bool) -> dict[str, bool]:
    """Begin where another run was, with this config; says what came along besides the weights.

    The optimizer comes along where it is of the same kind and was kept; position and state where
    `same_windows` are cut; random state where it was kept.
    """
    weights = {n: t for n, t in tensors.items() if n.startswith(WEIGHTS)}
    _check_shapes(trainer, weights)
    _load_weights(trainer, tensors)
    moments = {name.split(".")[2] for name in tensors if name.startswith("optimizer.")}
    optimizer = bool(moments) and moments == moments_of(trainer.config.optimizer)
    if optimizer:
        _load_optimizer(trainer, tensors)
    carried = _numbered(tensors, "carried.")
    position = same_windows and bool(carried)
    if position:
        _check_shapes(trainer, weights | {f"carried.{i}": t for i, t in enumerate(carried)})
        _load_position(trainer, tensors, values)
    else:
        trainer.streams.go_to(values["epoch"] + 1, 0)
    _load_counters(trainer, values)
    random = "random.torch" in tensors
    if random:
        _load_random_state(trainer, tensors)
    return {"optimizer": optimizer, "position": position, "random_state": random}


def _load_weights(trainer: Trainer, tensors: dict[str, Tensor]) -> None:
    trainer.model.load_state_dict({n.removeprefix(WEIGHTS): t for n, t in tensors.items()
                                   if n.startswith(WEIGHTS)})
    if trainer.average is not None:
        kept = {n.removeprefix(AVERAGE): t for n, t in tensors.items() if n.startswith(AVERAGE)}
        trainer.average.load_state_dict(kept or trainer.model.state_dict())


def _load_optimizer(trainer: Trainer, tensors: dict[str, Tensor]) -> None:
    state: dict[int, dict[str, Tensor]] = {}
    for name, tensor in tensors.items():
        if name.startswith("optimizer."):
            _, index, key = name.split(".", 2)
            state.setdefault(int(index), {})[key] = tensor
    groups = trainer.optimizer.state_dict()["param_groups"]
    trainer.optimizer.load_state_dict({"state": state, "param_groups": groups})


def _load_position(trainer: Trainer, tensors: dict[str, Tensor], values: dict[str, Any]) -> None:
    carried = _numbered(tensors, "carried.")
    trainer.carried = tuple(t.to(trainer.plan.device) for t in carried) or None
    trainer.streams.go_to(values["epoch"], values["index"])


def _load_counters(trainer: Trainer, values: dict[str, Any]) -> None:
    trainer.steps, trainer.last_loss = values["steps"], values["last_loss"]


def _load_random_state(trainer: Trainer, tensors: dict[str, Tensor]) -> None:
    if "random.cuda" in tensors and trainer.plan.device == "cuda":
        torch.cuda.set_rng_state(tensors["random.cuda"])
    torch.set_rng_state(tensors["random.torch"])


def _check_shapes(trainer: Trainer, tensors: dict[str, Tensor]) -> None:
    expected = {WEIGHTS + n: t.shape for n, t in trainer.model.state_dict().items()}
    if "carried.0" in tensors:
        state = trainer.model.zero_state(trainer.plan.batch)
        expected |= {f"carried.{i}": t.shape for i, t in enumerate(state)}
    found = {n: t.shape for n, t in tensors.items() if n.startswith((WEIGHTS, "carried."))}
    shapes = {str(i): p.shape for i, p in enumerate(trainer.model.parameters())}
    moments = [(shapes.get(n.split(".")[1]), t.shape)
               for n, t in tensors.items() if n.startswith("optimizer.")]
    if found != expected or any(t and t != of for of, t in moments):
        raise RunError("run.mismatch", what="tensor shapes")


def _numbered(tensors: dict[str, Tensor], prefix: str) -> list[Tensor]:
    """prefix0, prefix1, …"""
    count = sum(name.startswith(prefix) for name in tensors)
    return [tensors[f"{prefix}{index}"] for index in range(count)]
