"""Finite fields (有限域) of small order, as tables: what a Reed–Solomon layout of pools is computed in."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Table = NDArray[np.int64]

#: Irreducible polynomials for the orders that are powers of a prime, lowest coefficient first (8: 1 + x + x³, as P-BEST).
_POLYNOMIALS = {4: (2, (1, 1, 1)), 8: (2, (1, 1, 0, 1)), 9: (3, (1, 0, 1)), 16: (2, (1, 1, 0, 0, 1)), 25: (5, (2, 0, 1)),
                27: (3, (1, 2, 0, 1)), 32: (2, (1, 0, 1, 0, 0, 1))}  # fmt: skip
#: The orders for which there is a field here.
ORDERS = (2, 3, 4, 5, 7, 8, 9, 11, 13, 16, 17, 19, 23, 25, 27, 29, 31, 32)


def field(order: int) -> tuple[Table, Table]:
    """Tables of sums and products of the elements 0 … order − 1, each of shape (order, order)."""
    numbers = np.arange(order)
    prime, polynomial = _POLYNOMIALS.get(order, (order, (0, 1)))
    degree = len(polynomial) - 1
    if degree == 1:
        return (numbers[:, None] + numbers) % order, (numbers[:, None] * numbers) % order
    digits = numbers[:, None] // prime ** np.arange(degree) % prime
    weight = prime ** np.arange(degree)
    total = (digits[:, None] + digits) % prime @ weight
    raw = np.zeros((order, order, 2 * degree - 1), np.int64)
    for i in range(degree):
        for j in range(degree):
            raw[:, :, i + j] += digits[:, None, i] * digits[None, :, j]
    for power in range(2 * degree - 2, degree - 1, -1):  # x^power is replaced by what it equals modulo the polynomial
        for i, coefficient in enumerate(polynomial[:-1]):
            raw[:, :, power - degree + i] -= raw[:, :, power] * coefficient
    return total, raw[:, :, :degree] % prime @ weight
