"""FAISS behind one interface: exact while passages are few, an inverted file of product codes when they are many."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

Matrix = NDArray[np.float32]
Mask = NDArray[np.bool_]
Places = NDArray[np.int64]

# Vectors from which the cells of the inverted file are learnt, for each cell; FAISS asks for 39 or more.
_TRAINING_PER_CELL = 64
# Cells that one search visits, as a share of all: 1 of 24, at least 16.
_VISITED_SHARE, _VISITED_LEAST = 24, 16
# Numbers of a vector that share a code of 4 bits; codes are coarse, so this many times more places are looked for.
_CODED_TOGETHER, _OVERSAMPLED = 4, 8
# So few allowed places are all of them given back: comparing each costs less than searching.
_FEW = 5_000
_ADD_STEP = 20_000


class VectorIndex:
    """Nearest passages by inner product; a place is a row of the matrix the index was built from."""

    def __init__(self, index: Any) -> None:
        self._index = index

    @property
    def size(self) -> int:
        return int(self._index.ntotal)

    @property
    def dimension(self) -> int:
        return int(self._index.d)

    def nearest(self, vector: Matrix, count: int, allowed: Mask | None = None) -> Places:
        """The nearest `count` places, and more of them in rough order when the index is large: the caller has
        the vectors and orders by them.

        `vector` is float32 (dimension,); `allowed` is bool (size,), None allows all.
        """
        import faiss  # type: ignore[import-untyped]

        if self.size == 0:
            return np.zeros(0, dtype=np.int64)
        if isinstance(self._index, faiss.IndexIVF):
            return self._roughly_nearest(vector, count, allowed)
        selector = None if allowed is None else faiss.IDSelectorBitmap(np.packbits(allowed, bitorder="little"))
        parameters = faiss.SearchParameters(sel=selector)
        return self._search(vector, count, parameters)

    def _roughly_nearest(self, vector: Matrix, count: int, allowed: Mask | None) -> Places:
        """Codes in registers know no selector: more is looked for, and what is not allowed falls out."""
        import faiss

        count *= _OVERSAMPLED
        if allowed is not None:
            places = np.flatnonzero(allowed)
            if len(places) <= _FEW:
                return places
            count = count * len(allowed) // len(places)
        found = self._search(vector, count, faiss.SearchParametersIVF(nprobe=_visited(self._index.nlist)))
        return found if allowed is None else found[allowed[found]]

    def _search(self, vector: Matrix, count: int, parameters: Any) -> Places:
        _, places = self._index.search(vector.reshape(1, -1), min(count, self.size), params=parameters)
        found: Places = places[0][places[0] >= 0]
        return found

    def save(self, path: Path) -> None:
        import faiss

        faiss.write_index(self._index, str(path))


def build_vectors(
    matrix: NDArray[np.float16] | Matrix,
    exact_limit: int,
    progress: Callable[[int, int], None] | None = None,
) -> VectorIndex:
    """An index of the rows of `matrix` (passages, dimension), whose type follows from how many there are.

    Fewer than `exact_limit`: exact. From there on: an inverted file with about 2 * sqrt(n) cells over
    product codes (Jegou, Douze & Schmid, 2011, "Product quantization for nearest neighbor search", IVFADC)
    of 4 bits, compared in registers (Andre, Kermarrec & Le Scouarnec, 2015, "Cache locality is not enough").
    """
    import faiss

    count, dimension = matrix.shape
    if count < exact_limit:
        index = faiss.IndexFlatIP(dimension)
    else:
        cells = max(1, min(int(2 * np.sqrt(count)), count // 39))
        codes = f"PQ{dimension // _CODED_TOGETHER}x4fs" if dimension % _CODED_TOGETHER == 0 else "SQ8"
        index = faiss.index_factory(dimension, f"IVF{cells},{codes}", faiss.METRIC_INNER_PRODUCT)
        rows = np.random.default_rng(0).permutation(count)[: cells * _TRAINING_PER_CELL]
        index.train(matrix[np.sort(rows)].astype(np.float32))
    for start in range(0, count, _ADD_STEP):
        index.add(matrix[start : start + _ADD_STEP].astype(np.float32))
        if progress is not None:
            progress(min(start + _ADD_STEP, count), count)
    return VectorIndex(index)


def load_vectors(path: Path) -> VectorIndex:
    """What `VectorIndex.save` wrote; a large one stays on disk and is read as it is searched."""
    import faiss

    return VectorIndex(faiss.read_index(str(path), faiss.IO_FLAG_MMAP | faiss.IO_FLAG_READ_ONLY))


def _visited(cells: int) -> int:
    return int(min(cells, max(_VISITED_LEAST, cells // _VISITED_SHARE)))
