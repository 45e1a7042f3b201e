"""`make bench`: speed, memory and learning, as ratios taken side by side in one run."""
