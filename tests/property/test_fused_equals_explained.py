"""The fused network that is trained and the explained one that is shown are the same function."""

import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from rnnlm_core.config import RunConfig
from rnnlm_core.nets.build import build
from rnnlm_core.nets.cells import unroll

CELLS = st.sampled_from([("rnn", "tanh"), ("rnn", "relu"), ("rnn", "sigmoid"), ("gru", "tanh"),
                         ("lstm", "tanh")])


@settings(max_examples=40)
@given(cell=CELLS, layers=st.integers(1, 2), hidden=st.integers(1, 7), embedding=st.integers(1, 5),
       batch=st.integers(1, 3), steps=st.integers(1, 6), seed=st.integers(0, 1000),
       carry=st.booleans())
def test_unroll_equals_the_fused_model(cell, layers, hidden, embedding, batch, steps, seed, carry):
    config = RunConfig(cell=cell[0], activation=cell[1], layers=layers, hidden=hidden,
                       embedding=embedding, seed=seed)
    model = build(config, 6).double().eval()
    make = torch.Generator().manual_seed(seed)
    ids = torch.randint(6, (batch, steps), generator=make)
    carried = tuple(torch.rand(part.shape, generator=make, dtype=torch.float64)
                    for part in model.zero_state(batch)) if carry else None

    with torch.no_grad():
        logits, last = model(ids, carried)
        trace = unroll(model, ids, carried)

    assert torch.allclose(trace.logits, logits, rtol=0, atol=1e-12)
    for found, expected in zip(trace.carried, last, strict=True):
        assert torch.allclose(found, expected, rtol=0, atol=1e-12)
