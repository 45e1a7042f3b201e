"""The same training in Keras 3, run by a Python that has it (see `benchmarks/peers.txt`).

`python keras_loop.py BACKEND POLICY SETTINGS_JSON`, BACKEND tensorflow or jax, POLICY float32 or
mixed_bfloat16. Prints one JSON object: tokens a second by the wall's and by the processor's clock,
and the mean loss of the last steps. Imports nothing of this project.

Each peer as it is fastest here: `train_on_batch` compiled by XLA for JAX; by TensorFlow's own graph
compiler (XLA asked for with `"jit": true`); one thread; state carried (`stateful`).
"""

from __future__ import annotations

import json
import os
import sys
import time


def main() -> None:
    backend, policy, asked = sys.argv[1], sys.argv[2], json.loads(sys.argv[3])
    os.environ |= {"KERAS_BACKEND": backend, "TF_CPP_MIN_LOG_LEVEL": "3",
                   "TF_NUM_INTRAOP_THREADS": "1", "TF_NUM_INTEROP_THREADS": "1",
                   "OMP_NUM_THREADS": "1",
                   "XLA_FLAGS": "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1"}
    if hasattr(os, "sched_setaffinity"):  # one thread, whatever the runtime starts
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})

    import keras
    import numpy as np

    keras.utils.set_random_seed(1)
    keras.mixed_precision.set_dtype_policy(policy)
    batch, length, vocabulary = asked["batch"], asked["length"], asked["vocabulary"]
    layers = [keras.layers.Embedding(vocabulary, asked["embedding"]),
              keras.layers.Dropout(asked["dropout"])]
    for _ in range(asked["layers"]):
        layers += [keras.layers.LSTM(asked["hidden"], return_sequences=True, stateful=True,
                                     unroll=asked.get("unroll", False)),
                   keras.layers.Dropout(asked["dropout"])]
    model = keras.Sequential([keras.Input(batch_shape=(batch, length), dtype="int32"), *layers,
                              keras.layers.Dense(vocabulary, dtype="float32")])
    model.compile(keras.optimizers.AdamW(asked["rate"], weight_decay=0.01, global_clipnorm=1.0),
                  keras.losses.SparseCategoricalCrossentropy(from_logits=True),
                  jit_compile=asked["jit"])
    ids = np.load(asked["ids"]).astype(np.int32)
    rows = ids[:len(ids) // batch * batch].reshape(batch, -1)
    losses, walls, cores = [], [], []
    at = 0
    for step in range(asked["steps"] + 1):
        if step:  # the first one compiles
            walls.append(time.perf_counter())
            cores.append(time.process_time())
        if at + length + 1 > rows.shape[1]:
            at = 0
        window = rows[:, at:at + length + 1]
        at += length
        losses.append(float(model.train_on_batch(window[:, :-1], window[:, 1:])))
    walls.append(time.perf_counter())
    cores.append(time.process_time())
    first = len(walls) // 5
    count = (len(walls) - 1 - first) * batch * length
    json.dump({"wall": count / (walls[-1] - walls[first]),
               "processor": count / (cores[-1] - cores[first]),
               "loss": float(np.mean(losses[-20:]))}, sys.stdout)


if __name__ == "__main__":
    main()
