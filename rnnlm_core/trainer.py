"""The training loop's mathematics: one optimizer step at a time, no files.

`Trainer.step` is the loop that a learner should read. Its whole state is kept and comes back to the
bit by `trainer_state`. Evaluation draws no random numbers and leaves the carried state alone:
watching a run never changes it.
"""

from __future__ import annotations

import copy
import dataclasses
import math
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from rnnlm_core.config import RunConfig
from rnnlm_core.data.batches import Streams, Window
from rnnlm_core.data.split import ValidationRows
from rnnlm_core.data.tokenizer import Ids
from rnnlm_core.errors import Diverged
from rnnlm_core.knobs import KNOBS
from rnnlm_core.nets.adaptive import AdaptiveOutput
from rnnlm_core.nets.build import build
from rnnlm_core.nets.language_model import Carried, LanguageModel
from rnnlm_core.nets.layers import token_losses
from rnnlm_core.nets.pretrained import Pretrained
from rnnlm_core.optimizers import make_optimizer
from rnnlm_core.records import Plan
from rnnlm_core.schedules import learning_rate


@dataclass(frozen=True)
class StepResult:
    """Of one step: mean loss in nats a token, gradient norm before and after clipping."""

    loss: float
    gradient_norm: float
    clipped_norm: float
    learning_rate: float
    layer_norms: list[float]  # before clipping; in the order of `Trainer.layer_names`
    parameter_norms: list[float]  # likewise; in the order of `Trainer.parameter_names`


class Trainer:
    """A model, its optimizer and its place in the text."""

    def __init__(self, config: RunConfig, plan: Plan, train_ids: Ids, vocabulary: int) -> None:
        self.config, self.plan = config, plan
        self.model: LanguageModel = build(config, vocabulary).to(plan.device)
        if isinstance(self.model.output, AdaptiveOutput):
            counts = torch.bincount(torch.from_numpy(train_ids.astype("int64")),
                                    minlength=vocabulary)
            self.model.output.order_by(counts)
        if config.freeze_embedding:
            self.model.embedding.requires_grad_(False)  # no gradient, no moments, no weight decay
        self.average = copy.deepcopy(self.model).requires_grad_(False) if config.averaging else None
        self.optimizer = make_optimizer(config, self.model)
        self.streams = Streams(train_ids, plan.batch, plan.sequence_length, config, plan.device)
        self.carried: Carried | None = None
        self.steps = 0
        self.last_loss: float | None = None
        self._parameters = list(self.model.parameters())
        self.parameter_names = [n for n, p in self.model.named_parameters() if p.requires_grad]
        self.layer_names, self._layers = _by_layer(self.parameter_names)
        torch.manual_seed(config.seed)  # of the dropout masks; saved with the run

    @torch.no_grad()
    def begin_with(self, start: Pretrained) -> None:
        """Put these rows into the embedding of a network that has not made a step yet.

        A token without a vector keeps its random row. Tied weights begin smaller (`TiedLinear`).
        """
        rows = torch.from_numpy(start.vectors) * (
            self.config.embedding**-0.5 if self.config.tie_weights else 1.0)
        known = torch.from_numpy(start.known)
        for model in (self.model, self.average):
            if model is not None:
                weight: Tensor = model.embedding.weight
                weight[known.to(weight.device)] = rows[known].to(weight.device)

    @property
    def tokens(self) -> int:
        return self.steps * self.plan.batch * self.plan.sequence_length

    @property
    def shown(self) -> LanguageModel:
        """The network that is evaluated, written and looked at: the average where there is one."""
        return self.model if self.average is None else self.average

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
        window = self.streams.next()
        if window.fresh or self.carried is None:
            self.carried = self.model.zero_state(self.plan.batch)
        self.optimizer.zero_grad(set_to_none=True)
        with self.precision():
            h, carried = self._read(window, self.carried)  # (B, T, H)
            objective, loss = self._losses(h.flatten(0, 1), window.targets.flatten())
        objective.backward()  # type: ignore[no-untyped-call]
        value = float(loss.detach())
        self.parameter_norms, norm, clipped = self._clip()
        if not (math.isfinite(value) and math.isfinite(norm)):
            raise Diverged("run.diverged", step=number,
                           loss="–" if self.last_loss is None else f"{self.last_loss:.4g}")
        self.optimizer.step()
        self.carried = carried
        self.steps, self.last_loss = number, value
        self._average()
        return StepResult(value, norm, clipped, rate, self.layer_norms, self.parameter_norms)

    @property
    def layer_norms(self) -> list[float]:
        """Of the last step, before clipping; in the order of `layer_names`."""
        return [math.hypot(*(self.parameter_norms[i] for i in part)) for part in self._layers]

    def _read(self, window: Window, carried: Carried) -> tuple[Tensor, Carried]:
        """What the output layer sees at the T tokens to learn from (B, T, H), and the state where
        the next window begins. A short reach of the gradient cuts the window into pieces."""
        reach, length = self.config.backprop_length, window.inputs.shape[1]
        short = 0 < reach < length
        ends = {window.keep, *(range(reach, length, reach) if short else ()), length} - {0}
        kept, parts = carried, []
        for begin, end in pairwise((0, *sorted(ends))):
            h, carried = self.model.read(window.inputs[:, begin:end], carried)
            parts.append(h)
            if end == window.keep:
                kept = _detached(carried)
            if short:
                carried = _detached(carried)
        h = parts[0] if len(parts) == 1 else torch.cat(parts, 1)
        return h[:, window.lead:], kept

    def _losses(self, h: Tensor, targets: Tensor) -> tuple[Tensor, Tensor]:
        """What is minimised, and the cross-entropy in nats a token, which is always reported.

        h (N, H), targets (N,). The mean squared error is that of the probabilities against one-hot
        targets, over all N · V of them, as Keras has it.
        """
        config, output = self.config, self.model.output
        if config.loss == "cross_entropy" and not config.label_smoothing:
            loss = output.losses(h, targets, "mean")
            return loss, loss
        logits = output(h).float()  # (N, V)
        loss = token_losses(logits.detach(), targets, "mean")
        if config.loss == "mse":
            wanted = functional.one_hot(targets, logits.shape[1]).float()
            return (logits.softmax(1) - wanted).square().mean(), loss
        return functional.cross_entropy(
            logits, targets, label_smoothing=config.label_smoothing), loss

    def _clip(self) -> tuple[list[float], float, float]:
        """Norms of the parameters' gradients and of all before clipping, and of all after it.

        By norm: all parameters together, direction kept. By value: each entry by itself. They read
        a few numbers from the device a step, which costs nothing on a CPU.
        """
        norms = self._gradient_norms()
        each: list[float] = norms.tolist()
        total = norms.norm()
        before = float(total)
        clip, value = self.config.clip_norm, self.config.clip_value
        if clip:
            nn.utils.clip_grads_with_norm_(self._parameters, clip, total, foreach=True)
        after = min(before, clip) if clip else before
        if value:
            nn.utils.clip_grad_value_(self._parameters, value, foreach=True)
            after = float(nn.utils.get_total_norm(
                [p.grad for p in self._parameters if p.grad is not None], foreach=True))
        return each, before, after

    def _gradient_norms(self) -> Tensor:
        """Of each parameter that is trained; 0 where this step has no gradient for it: no token of
        that part of an adaptive vocabulary came up."""
        gradients = [p.grad for p in self._parameters if p.requires_grad]
        norms = torch.stack(torch._foreach_norm([g for g in gradients if g is not None]))
        if len(norms) == len(gradients):
            return norms
        whole = norms.new_zeros(len(gradients))
        whole[[i for i, g in enumerate(gradients) if g is not None]] = norms
        return whole

    @torch.no_grad()
    def _average(self) -> None:
        """A running mean of the weights (Polyak & Juditsky 1992), short at first."""
        if self.average is not None:
            decay = min(self.config.averaging, (1 + self.steps) / (10 + self.steps))
            weights: list[Tensor] = list(self._parameters)
            torch._foreach_lerp_(list(self.average.parameters()), weights, 1 - decay)

    def turn(self, name: str, value: float) -> None:
        """Change one of `knobs.KNOBS` from the next step on."""
        if name not in KNOBS:
            raise ValueError(name)
        self.config = dataclasses.replace(self.config, **{name: value})  # type: ignore[arg-type]
        self.model.set_dropouts(self.config)

    def precision(self) -> AbstractContextManager[Any]:
        if self.plan.precision == "bf16":
            return torch.autocast(self.plan.device, torch.bfloat16)
        return nullcontext()

    @torch.no_grad()
    def evaluate(self, rows: ValidationRows, live: bool, reset: int = 0) -> float:
        """Mean loss in nats a token over the live sample or over the whole validation text.

        The state is carried along each row, or emptied every `reset` tokens where that is given.
        """
        model = self.shown.eval()
        width = rows.live_width if live else rows.targets.shape[1]
        inputs = torch.from_numpy(rows.inputs[:, :rows.warm_up + width]).to(self.plan.device)
        targets = torch.from_numpy(rows.targets[:, :width]).to(self.plan.device)
        total, carried = 0.0, None
        with self.precision():
            if rows.warm_up:
                _, carried = model.read(inputs[:, :rows.warm_up])
            step = reset or 256  # bounds the memory of the logits
            for at in range(0, width, step):
                h, carried = model.read(
                    inputs[:, rows.warm_up + at:rows.warm_up + at + step],
                    None if reset else carried)
                total += float(model.output.losses(
                    h.flatten(0, 1), targets[:, at:at + step].flatten(), "sum"))
        return total / int((targets >= 0).sum())


def _detached(state: Carried) -> Carried:
    return tuple(part.detach().float() for part in state)


def _by_layer(trained: list[str]) -> tuple[list[str], list[list[int]]]:
    """Names of the parts (embedding, layers.0, …, output), and the numbers of their parameters
    among all that are trained: what is frozen has no gradient."""
    parts: dict[str, list[int]] = {}
    for index, name in enumerate(trained):
        pieces = name.split(".")
        part = ".".join(pieces[:2]) if pieces[0] == "layers" else pieces[0]
        parts.setdefault(part, []).append(index)
    return list(parts), list(parts.values())
