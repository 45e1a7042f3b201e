"""The one unit with a cliff: its gradient against autograd, and the walk that needs clipping."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from rnnlm_core.insight.cliff import B_RANGE, W_RANGE, loss_and_gradient, walk
from rnnlm_ui.gradients.clip_cliff import _path, finding


def test_the_gradient_by_hand_is_autograds_all_over_the_surface() -> None:
    w, b = (part.ravel() for part in np.meshgrid(np.linspace(3, 8, 61), np.linspace(-5, -1, 41)))
    weights = [torch.tensor(v, requires_grad=True) for v in (w, b)]
    a = torch.full((len(w),), 0.5, dtype=torch.float64)
    for _ in range(50):
        a = weights[0] * torch.sigmoid(a) + weights[1]
    loss = (torch.sigmoid(a) - 0.7) ** 2
    found = torch.autograd.grad(loss.sum(), weights)
    ours = loss_and_gradient(w, b)
    assert ours[0] == pytest.approx(loss.detach().numpy(), rel=1e-9, abs=1e-15)
    for mine, theirs in zip(ours[1:], found, strict=True):
        # on the cliff itself fifty steps multiply the rounding of each
        assert mine == pytest.approx(theirs.numpy(), rel=1e-7, abs=1e-14)


@pytest.mark.parametrize("place", [(5.5, -2.6), (4.2, -2.1), (6.5, -3.4), (5.0, -3.0)])
def test_the_gradient_is_a_finite_difference(place: tuple[float, float]) -> None:
    w, b = place
    _, by_w, by_b = loss_and_gradient(w, b)
    h = 1e-6
    for found, high, low in ((by_w, (w + h, b), (w - h, b)), (by_b, (w, b + h), (w, b - h))):
        difference = (loss_and_gradient(*high)[0] - loss_and_gradient(*low)[0]) / (2 * h)
        assert found == pytest.approx(difference, rel=1e-5, abs=1e-9)


def test_a_whole_surface_is_its_places() -> None:
    w, b = np.linspace(*W_RANGE, 7), np.linspace(*B_RANGE, 5)
    loss, by_w, _ = loss_and_gradient(w[None, :], b[:, None])
    assert loss.shape == by_w.shape == (5, 7)
    assert loss[3, 2] == loss_and_gradient(w[2], b[3])[0]


def test_without_clipping_it_flies_off_and_with_it_it_walks_down() -> None:
    """The start that the page shows first."""
    plain, clipped = walk((5.5, -2.6), 0.5, 60), walk((5.5, -2.6), 0.5, 60, 0.1)
    assert plain.left_at == 13 and plain.norms.max() > 1_000
    assert plain.losses[-1] > 0.05  # and there the surface is flat
    assert clipped.left_at is None and clipped.losses[-1] < 1e-3
    steps = np.linalg.norm(np.diff(clipped.places, axis=0), axis=1)
    assert steps.max() <= 0.5 * 0.1 * (1 + 1e-9)  # no step is longer than rate · limit


def test_a_limit_that_is_never_reached_changes_nothing() -> None:
    one, other = walk((6.8, -2.1), 0.5, 10), walk((6.8, -2.1), 0.5, 10, 5.0)
    assert one.norms.max() < 5 and one.places == pytest.approx(other.places, rel=1e-12)


def test_the_sentence_and_the_chart_count_the_same_steps() -> None:
    plain, clipped = walk((5.5, -2.6), 0.5, 60), walk((5.5, -2.6), 0.5, 60, 0.1)
    met = int(plain.norms.argmax())
    assert met == 12  # the gradient that throws it stands there in the chart
    assert "after 12 steps it meets a gradient of 5,436" in finding(plain, clipped, 0.1)
    assert _path(plain, "free", True).hovers[met] == "after 12 steps: gradient 5,436"
