"""CNN by Hand: the helpers that the course's notebooks import."""

import os

# OpenMP's threads wait for each other by spinning. Where something else wants the core as well, a browser or another
# notebook, that made training on two threads several times slower than on one; a short spin costs little on a quiet
# machine (python -m benchmarks.thread_waiting). Read when torch is first imported, and only by GNU's OpenMP.
os.environ.setdefault("GOMP_SPINCOUNT", "1000")
