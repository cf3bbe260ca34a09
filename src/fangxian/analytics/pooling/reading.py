"""Designs and results of laboratories as tables: `pool,sample` and `pool,positive` or `pool,ct`, by whatever names they use."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from fangxian.analytics.columns import read_column, read_names, read_table, require_columns, writing
from fangxian.analytics.pooling.assay import Floats
from fangxian.analytics.pooling.errors import PoolingError

Rows = NDArray[np.int64]

_YES = {"1", "1.0", "true", "t", "yes", "y", "positive", "pos", "detected", "+", "阳", "阳性", "是", "检出"}
_NO = {"0", "0.0", "false", "f", "no", "n", "negative", "neg", "not detected", "-", "阴", "阴性", "否", "未检出"}
#: How machines write that no cycle was reached. 0 is what P-BEST's own files have.
_NO_CYCLE = _NO | {"undetermined", "undet", "nd", "n/d", "no ct", "noct", "nan", "n/a", "na", "inf"}


@dataclass(frozen=True, eq=False)
class Layout:
    """A design as it was pipetted: names of tubes and of samples, and which tube and sample each drop is of."""

    tubes: tuple[str, ...]
    samples: tuple[str, ...]
    tube: Rows
    sample: Rows


def read_design(path: Path) -> Layout:
    """A table `pool,sample` with a line for every drop. Raises AnalysisError naming the row that is there twice."""
    table = read_table(path)
    require_columns(path, table, "pool", "sample")
    tubes, tube = read_names(path, table, "pool")
    samples, sample = read_names(path, table, "sample")
    if not len(tube):
        raise PoolingError(
            f"{path}：没有一行；每管每样本写一行。", f"{path}: has no line. Write one for each sample of each pool."
        )
    _, first = np.unique(tube.astype(np.int64) * len(samples) + sample, return_index=True)
    if len(first) < len(tube):
        row = int(np.setdiff1d(np.arange(len(tube)), first)[0])
        name, whom = tubes[tube[row]], samples[sample[row]]
        raise PoolingError(
            f"{path} 第 {row + 2} 行：样本 {whom} 在管 {name} 中已列出；请删去重复的行。",
            f"{path}, row {row + 2}: sample {whom} was listed in pool {name} before. Remove the repeated row.",
        )
    return Layout(tubes, samples, tube.astype(np.int64), sample.astype(np.int64))


def write_design(path: Path, tubes: Rows, samples: Rows) -> None:
    """Write a layout as `pool,sample`, both counted from 1."""
    with writing(path, {"pool": pa.int64(), "sample": pa.int64()}) as write:
        write({"pool": tubes + 1, "sample": samples + 1})


def read_results(path: Path, tubes: Sequence[str]) -> tuple[Floats, Floats]:
    """What each of these tubes showed: positive (1, 0, NaN for nothing) and Ct (infinite: not detected, NaN for nothing).

    Raises AnalysisError for a tube that is not in the design or comes twice, and for words that are neither.
    """
    table = read_table(path)
    require_columns(path, table, "pool")
    if not {"positive", "ct"} & set(table.column_names):
        require_columns(path, table, "positive")
    names, rows = read_names(path, table, "pool")
    number = {name: i for i, name in enumerate(tubes)}
    stranger = next((i for i, row in enumerate(rows) if names[row] not in number), None)
    if stranger is not None:
        raise PoolingError(
            f"{path} 第 {stranger + 2} 行：方案中没有管 {names[rows[stranger]]}；请核对管号。",
            f"{path}, row {stranger + 2}: pool {names[rows[stranger]]} is not in the design. Check its number.",
        )
    place = np.array([number[name] for name in names], np.int64)[rows]
    _, first = np.unique(place, return_index=True)
    if len(first) < len(place):
        row = int(np.setdiff1d(np.arange(len(place)), first)[0])
        raise PoolingError(
            f"{path} 第 {row + 2} 行：管 {names[rows[row]]} 的结果已列出；请只留一个。",
            f"{path}, row {row + 2}: pool {names[rows[row]]} has a result before. Keep one of them.",
        )
    said = []
    for column, read in (("positive", _positive), ("ct", _cycle)):
        values = np.full(len(tubes), np.nan)
        if column in table.column_names:
            words, which = read_column(path, table, column, read)
            values[place] = np.array(words)[which]
        said.append(values)
    return said[0], said[1]


def _positive(word: str) -> float:
    match word.casefold():
        case "":
            return np.nan
        case known if known in _YES or known in _NO:
            return float(known in _YES)
    raise PoolingError(
        f"“{word}”不是结果；请写 1 或 0，无结果留空。", f"“{word}” is no result; write 1 or 0, or nothing for none."
    )


def _cycle(word: str) -> float:
    if not word:
        return np.nan
    if word.casefold() in _NO_CYCLE:
        return np.inf
    try:
        cycle = float(word)
    except ValueError:
        cycle = -1.0
    if 0 < cycle < 60:
        return cycle
    raise PoolingError(
        f"“{word}”不是 Ct 值；请写循环数，未检出写 0 或 Undetermined，无结果留空。",
        f"“{word}” is no Ct; write cycles, 0 or Undetermined for not detected, nothing for no result.",
    )
