"""Random numbers that are looked up and not drawn in turn: each belongs to a run, a person, an instant and a purpose.

So two scenarios differ only where a measure acts (common random numbers), and the answer does not depend on the number of threads.
The mixing is that of SplitMix64 (Steele, Lea, Flood, OOPSLA 2014).
"""

from __future__ import annotations

import numpy as np

from fangxian.analytics.kernel import kernel

_U = np.uint64
#: What a number is for: the last part of its key.
(
    LATENT, SYMPTOMS, ONSET, SEVERE, TO_SEVERE, CRITICAL, TO_CRITICAL, DIES, ENDS, SPREADS, SKIPS, MEETS, TESTS, TRACES, SEEDS, COUNTS,
    SENSED, SEEKS, PLACES, TRACED_ON, TURNS, ATTENDS, SCREENED, ARRIVES, AGO, LEAKS, DOSES,
) = range(1, 28)  # fmt: skip


@kernel(inner=True, forceinline=True)
def _mixed(x):  # type: ignore[no-untyped-def]
    x = (x ^ (x >> _U(30))) * _U(0xBF58476D1CE4E5B9)
    x = (x ^ (x >> _U(27))) * _U(0x94D049BB133111EB)
    return x ^ (x >> _U(31))


@kernel(inner=True, forceinline=True)
def uniform(run, who, when, purpose):  # type: ignore[no-untyped-def]
    """A number strictly between 0 and 1."""
    a = _mixed(run + _U(who) * _U(0x9E3779B97F4A7C15))
    b = _U(when) * _U(0xD1342543DE82EF95) + _U(purpose) * _U(0x2545F4914F6CDD1D)
    return (float(_mixed(a ^ b) >> _U(11)) + 0.5) * (1.0 / 9007199254740992.0)
