"""The training loop's mathematics: one optimizer step at a time, no files.

`Trainer.step` is the loop that a learner should read. Its whole state goes into `tensors()` and
`values()` and comes back by `restore`, to the bit. Evaluation draws no random numbers and leaves
the carried state alone: watching a run never changes it.
"""

from __future__ import annotations

import math
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from rnnlm_core.config import RunConfig
from rnnlm_core.data.batches import Streams
from rnnlm_core.data.split import ValidationRows
from rnnlm_core.data.tokenizer import Ids
from rnnlm_core.errors import Diverged, RunError
from rnnlm_core.nets.language_model import Carried, LanguageModel, build
from rnnlm_core.records import Plan

_FINAL_RATE = 0.02  # of the peak, at the end of the cosine


@dataclass(frozen=True)
class StepResult:
    """Of one step: mean loss in nats a token, gradient norm before and after clipping."""

    loss: float
    gradient_norm: float
    clipped_norm: float
    learning_rate: float


def learning_rate(config: RunConfig, step: int, total_steps: int) -> float:
    """Of the step numbered from 1: linear warm-up, then constant or half a cosine down to 2 %."""
    warm_up = min(1.0, step / (config.warm_up_steps + 1))
    if config.schedule == "constant":
        return config.learning_rate * warm_up
    done = min(1.0, step / total_steps)
    cosine = _FINAL_RATE + (1 - _FINAL_RATE) * (1 + math.cos(math.pi * done)) / 2
    return config.learning_rate * warm_up * cosine


def make_optimizer(config: RunConfig, model: nn.Module) -> torch.optim.Optimizer:
    """PyTorch's optimizer for the config, fused where there is such a kernel."""
    parameters, rate = list(model.parameters()), config.learning_rate
    if config.optimizer == "adamw":
        return torch.optim.AdamW(parameters, rate, weight_decay=config.weight_decay, fused=True)
    if config.optimizer == "adam":
        return torch.optim.Adam(parameters, rate, fused=True)
    if config.optimizer == "rmsprop":
        return torch.optim.RMSprop(parameters, rate, foreach=True)
    momentum = 0.9 if config.optimizer == "momentum" else 0.0
    return torch.optim.SGD(parameters, rate, momentum=momentum, fused=True)


class Trainer:
    """A model, its optimizer and its place in the text."""

    def __init__(self, config: RunConfig, plan: Plan, train_ids: Ids, vocabulary: int) -> None:
        self.config, self.plan = config, plan
        self.model: LanguageModel = build(config, vocabulary).to(plan.device)
        self.optimizer = make_optimizer(config, self.model)
        self.streams = Streams(train_ids, plan.batch, plan.sequence_length, config.seed,
                               plan.device)
        self.carried: Carried | None = None
        self.steps = 0
        self.last_loss: float | None = None
        self._parameters = list(self.model.parameters())
        torch.manual_seed(config.seed)  # of the dropout masks; saved with the run

    @property
    def tokens(self) -> int:
        return self.steps * self.plan.batch * self.plan.sequence_length

    def step(self) -> StepResult:
        """One step of truncated back-propagation through time.

        Raises `Diverged` before the weights are touched where the loss or its gradient is not
        finite, so that the last good weights are kept.
        """
        number = self.steps + 1
        rate = learning_rate(self.config, number, self.plan.total_steps)
        for group in self.optimizer.param_groups:
            group["lr"] = rate
        self.model.train()
        inputs, targets, new_epoch = self.streams.next()  # (B, T)
        if new_epoch or self.carried is None:
            self.carried = self.model.zero_state(self.plan.batch)
        self.optimizer.zero_grad(set_to_none=True)
        with self.precision():
            logits, carried = self.model(inputs, self.carried)  # (B, T, V)
            loss = functional.cross_entropy(logits.float().flatten(0, 1), targets.flatten())
        loss.backward()  # type: ignore[no-untyped-call]
        norm = self._clip()
        value = float(loss.detach())
        if not (math.isfinite(value) and math.isfinite(norm)):
            raise Diverged("run.diverged", step=number,
                           loss="–" if self.last_loss is None else f"{self.last_loss:.4g}")
        self.optimizer.step()
        self.carried = tuple(state.detach().float() for state in carried)
        self.steps, self.last_loss = number, value
        clip = self.config.clip_norm
        return StepResult(value, norm, min(norm, clip) if clip else norm, rate)

    def _clip(self) -> float:
        """Scale the whole gradient down to `clip_norm`; the norm before that."""
        limit = self.config.clip_norm or math.inf
        return float(nn.utils.clip_grad_norm_(self._parameters, limit, foreach=True))

    def precision(self) -> AbstractContextManager[Any]:
        if self.plan.precision == "bf16":
            return torch.autocast(self.plan.device, torch.bfloat16)
        return nullcontext()

    @torch.no_grad()
    def evaluate(self, rows: ValidationRows, live: bool) -> float:
        """Mean loss in nats a token over the live sample or over the whole validation text."""
        self.model.eval()
        width = rows.live_width if live else rows.targets.shape[1]
        inputs = torch.from_numpy(rows.inputs[:, :rows.warm_up + width]).to(self.plan.device)
        targets = torch.from_numpy(rows.targets[:, :width]).to(self.plan.device)
        total, carried = 0.0, None
        with self.precision():
            if rows.warm_up:
                _, carried = self.model(inputs[:, :rows.warm_up])
            for at in range(0, width, 256):  # bounds the memory of the logits
                logits, carried = self.model(
                    inputs[:, rows.warm_up + at:rows.warm_up + at + 256], carried)
                total += float(functional.cross_entropy(
                    logits.float().flatten(0, 1), targets[:, at:at + 256].flatten(),
                    ignore_index=-1, reduction="sum"))
        return total / int((targets >= 0).sum())

    # -- the whole state, to the bit ------------------------------------------------------------
    def tensors(self) -> dict[str, Tensor]:
        found = {f"model.{n}": t for n, t in self.model.state_dict().items()}
        for index, state in self.optimizer.state_dict()["state"].items():
            found |= {f"optimizer.{index}.{n}": t for n, t in state.items()
                      if isinstance(t, Tensor)}
        found |= {f"carried.{i}": t for i, t in enumerate(self.carried or ())}
        found["random.torch"] = torch.get_rng_state()
        if self.plan.device == "cuda":
            found["random.cuda"] = torch.cuda.get_rng_state()
        return found

    def values(self) -> dict[str, Any]:
        return {"steps": self.steps, "epoch": self.streams.epoch, "index": self.streams.index,
                "last_loss": self.last_loss}

    def restore(self, tensors: dict[str, Tensor], values: dict[str, Any]) -> None:
        """Go on exactly where `tensors()` and `values()` were taken.

        Raises `RunError` where the tensors are not those of this config.
        """
        self._check_shapes(tensors)
        self.model.load_state_dict({n.removeprefix("model."): t for n, t in tensors.items()
                                    if n.startswith("model.")})
        state: dict[int, dict[str, Tensor]] = {}
        for name, tensor in tensors.items():
            if name.startswith("optimizer."):
                _, index, key = name.split(".", 2)
                state.setdefault(int(index), {})[key] = tensor
        groups = self.optimizer.state_dict()["param_groups"]
        self.optimizer.load_state_dict({"state": state, "param_groups": groups})
        carried = [tensors[f"carried.{i}"] for i in range(2) if f"carried.{i}" in tensors]
        self.carried = tuple(t.to(self.plan.device) for t in carried) or None
        self.streams.go_to(values["epoch"], values["index"])
        self.steps, self.last_loss = values["steps"], values["last_loss"]
        if "random.cuda" in tensors and self.plan.device == "cuda":
            torch.cuda.set_rng_state(tensors["random.cuda"])
        torch.set_rng_state(tensors["random.torch"])  # last: nothing may draw after it

    def _check_shapes(self, tensors: dict[str, Tensor]) -> None:
        expected = {f"model.{n}": t.shape for n, t in self.model.state_dict().items()}
        if "carried.0" in tensors:
            state = self.model.zero_state(self.plan.batch)
            expected |= {f"carried.{i}": t.shape for i, t in enumerate(state)}
        found = {n: t.shape for n, t in tensors.items()
                 if n.startswith(("model.", "carried."))}
        shapes = {str(i): p.shape for i, p in enumerate(self._parameters)}
        moments = [(shapes.get(n.split(".")[1]), t.shape)
                   for n, t in tensors.items() if n.startswith("optimizer.")]
        if found != expected or any(t and t != of for of, t in moments):
            raise RunError("run.mismatch", what="tensor shapes")
