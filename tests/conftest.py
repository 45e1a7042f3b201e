"""One thread for PyTorch, as in training: with tiny sizes more threads only wait. No deadline for
an example of Hypothesis: how long one takes is the machine's affair, and no test times anything."""

import os

from hypothesis import settings

os.environ.setdefault("OMP_NUM_THREADS", "1")
settings.register_profile("unroll", deadline=None)
settings.load_profile("unroll")
