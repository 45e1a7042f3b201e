"""One thread for PyTorch, as in training: with tiny sizes more threads only wait."""

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")
