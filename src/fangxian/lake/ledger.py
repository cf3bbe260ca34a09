"""Which batches were taken: the latest in the manifest, so that taking one is one step; the others in files, so that it stays small."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from fangxian.lake.errors import Reused, damaged
from fangxian.lake.manifest import Batch, File, Manifest

#: How many batches the manifest itself holds before they go to a file.
LATEST = 500


def known(folder: Path, state: Manifest, source: str, name: str, digest: str) -> Batch | None:
    """The batch that a source sent under a name before, if it did. Raises Reused where it had another content."""
    found = next((one for one in state.batches if (one.source, one.batch) == (source, name)), None)
    for part in () if found else state.ledger:
        table = read(folder, part, filters=(pc.field("source") == source) & (pc.field("batch") == name))
        if table:
            found = table[0]
            break
    if found is not None and found.digest != digest:
        raise Reused(
            f"来源 {source} 的批次 {name} 已收过，但内容不同；没有改动，请为新内容另取批次号",
            f"the batch {name} of {source} was taken before with other content; nothing was changed, "
            "give new content a name of its own",
        )
    return found


def read(folder: Path, part: File, filters: pc.Expression | None = None) -> list[Batch]:
    """The batches of a file of the ledger. Raises Damaged."""
    try:
        rows = pq.read_table(folder / part.path, filters=filters).to_pylist()
        return [Batch(**{**row, "days": json.loads(row["days"])}) for row in rows]
    except (OSError, pa.ArrowInvalid, TypeError, ValueError) as fault:
        raise damaged(folder, part.path, str(fault)) from None


def fill(path: Path, batches: tuple[Batch, ...]) -> None:
    """Write batches as a file of the ledger."""
    rows = [{**asdict(one), "days": json.dumps(one.days)} for one in batches]
    pq.write_table(pa.Table.from_pylist(rows), path, compression="zstd")
