"""Bulk facts: stays by the hundred million, outside the record database, under keys that mean nothing without the registry.

from fangxian.lake import Lake
lake = Lake(Path("var/lake"))
lake.ingest(Path("gates.parquet"), source="gates", batch="2022-01-31")
window = lake.stays(date(2022, 1, 18), date(2022, 1, 31), at_least=15 * 60)
"""

from fangxian.lake.compacting import Compaction
from fangxian.lake.deleting import Deletion
from fangxian.lake.errors import Busy, Damaged, LakeError, Reused
from fangxian.lake.store import Day, Lake, Receipt
from fangxian.lake.verifying import LakeFault
from fangxian.lake.window import Window

__all__ = [
    "Busy", "Compaction", "Damaged", "Day", "Deletion", "Lake", "LakeError", "LakeFault", "Receipt", "Reused", "Window",
]  # fmt: skip
