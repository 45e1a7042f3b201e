"""What anyone would write: the plainest PyTorch loop of the same model, in its own process.

`python -m benchmarks.bare_loop CONFIG_JSON VOCABULARY SECONDS` prints tokens a second.
"""

from __future__ import annotations

import statistics
import sys
import time

import torch
from torch import nn

from rnnlm_core.config import RunConfig


def main() -> None:
    config = RunConfig.from_json(sys.argv[1])
    vocabulary, seconds = int(sys.argv[2]), float(sys.argv[3])
    torch.set_num_threads(config.threads)
    torch.manual_seed(config.seed)
    embedding = nn.Embedding(vocabulary, config.embedding)
    recurrent = nn.LSTM(config.embedding, config.hidden, config.layers, batch_first=True)
    dropout, output = nn.Dropout(config.dropout), nn.Linear(config.hidden, vocabulary)
    parameters = [*embedding.parameters(), *recurrent.parameters(), *output.parameters()]
    optimizer = torch.optim.AdamW(parameters, lr=config.learning_rate, fused=True)
    stream = torch.randint(vocabulary, (config.batch, 200_000 // config.batch))
    state, at, times = None, 0, []
    begin = time.perf_counter()
    while time.perf_counter() - begin < seconds:
        before = time.perf_counter()
        if at + config.sequence_length + 1 > stream.shape[1]:
            at = 0
        x = stream[:, at:at + config.sequence_length]
        y = stream[:, at + 1:at + config.sequence_length + 1]
        at += config.sequence_length
        optimizer.zero_grad()
        h, state = recurrent(dropout(embedding(x)), state)
        loss = nn.functional.cross_entropy(output(dropout(h)).flatten(0, 1), y.flatten())
        loss.backward()
        nn.utils.clip_grad_norm_(parameters, config.clip_norm)
        optimizer.step()
        state = tuple(s.detach() for s in state)
        times.append(time.perf_counter() - before)
    settled = times[len(times) // 5:]
    mean = sum(settled) / len(settled)
    print(config.batch * config.sequence_length / mean, statistics.median(settled))


if __name__ == "__main__":
    main()
