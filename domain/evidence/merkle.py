"""Merkle trees as RFC 6962 (section 2.1) builds them: one hash for many rows, and a short proof for each of them."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence


class Tree:
    """Leaves are hashed behind 0x00, nodes behind 0x01, so that neither passes for the other.

    Args:
        leaves: at least one.
    """

    def __init__(self, leaves: Sequence[bytes]) -> None:
        # Level by level: a node without a neighbour goes up as it is, which is the tree of the RFC's recursion.
        self._levels = [[hashlib.sha256(b"\0" + leaf).digest() for leaf in leaves]]
        while len(self._levels[-1]) > 1:
            below = self._levels[-1]
            level = [hashlib.sha256(b"\1" + below[at] + below[at + 1]).digest() for at in range(0, len(below) - 1, 2)]
            self._levels.append([*level, *below[len(level) * 2 :]])

    @property
    def root(self) -> bytes:
        return self._levels[-1][0]

    def path(self, index: int) -> list[bytes]:
        """The audit path of the leaf at `index` (from 0), from its neighbour up to the root (RFC 6962, 2.1.1)."""
        found = []
        for level in self._levels:
            if index ^ 1 < len(level):
                found.append(level[index ^ 1])
            index //= 2
        return found
