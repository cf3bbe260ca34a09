"""A night in the county at contact tracing: stays in the lake around the index case, and whoever was there."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from django.test import override_settings

from fangxian.core import clock, jobs
from fangxian.core.access import SYSTEM
from fangxian.registry import actions as registry
from fangxian.registry.actions import PlaceForm
from fangxian.tracing import actions
from fangxian.tracing.finds import SearchForm
from fangxian.tracing.lakes import lake
from fangxian.tracing.models import Candidate, Search
from tests.support.county import COUNTY, START
from tests.support.tracers import COVID, Tracers

NOW = START + timedelta(hours=16)  # midnight in Shanghai
#: Places of the county: key → kind, name.
PLACES = {
    "home": ("home", "河口村 1 号"), "diner": ("restaurant", "河口小馆"), "office": ("office", "镇政府"), "mall": ("shop", "江城广场"),
    "street": ("outdoors", "河堤"),
}  # fmt: skip


class Whereabouts(Tracers):
    """The county with places on record and a lake of who was there when."""

    def open_places(self) -> None:
        """Put the places on record; the lake is empty."""
        self.places = {
            key: registry.create_place(SYSTEM, PlaceForm(kind=kind, name_zh=name, area=COUNTY, lon=112.0, lat=3.9))
            for key, (kind, name) in PLACES.items()
        }
        self.batches = 0

    def people(self, count: int, **more: Any) -> list[int]:
        """So many people on record, by id."""
        return list(registry.register_many(SYSTEM, [self.person(**more) for _ in range(count)]))

    def stay(self, *rows: tuple[int, str, float, float]) -> None:
        """Take stays into the lake: person, place (a key, or any label), from and to in hours before now."""
        keys = registry.lake_keys(SYSTEM, {person for person, *_rest in rows})
        now = clock.now().astimezone(UTC)
        table = pa.table(
            {
                "person": pa.array([keys[person] for person, *_rest in rows], pa.uint32()),
                "place": [self.places[place].code if place in self.places else place for _p, place, *_rest in rows],
                "t_in": pa.array(
                    [now - timedelta(hours=since) for _p, _q, since, _u in rows], pa.timestamp("s", "UTC")
                ),
                "t_out": pa.array([now - timedelta(hours=until) for *_rest, until in rows], pa.timestamp("s", "UTC")),
            }
        )
        self.batches += 1
        with TemporaryDirectory() as folder:
            path = Path(folder) / "stays.parquet"
            pq.write_table(table, path)
            lake().ingest(path, source="gates", batch=str(self.batches))


class Night(Whereabouts):
    """The county at midnight, with searches around its index case."""

    def __init__(self, pack: str = COVID) -> None:
        super().__init__(pack, NOW)
        self.open_places()

    def search(self, post: str = "investigator", **more: Any) -> Search:
        """Search around the index case, to its end."""
        told = {"cases": [self.index.code], "why": "密接排查", **more}
        search = actions.find_contacts(self.actor(post), SearchForm(**told))
        assert search.job is not None
        done = jobs.run(search.job.pk)
        assert done.state == "done", done.error
        search.refresh_from_db()
        return search

    @property
    def patient(self) -> int:
        """The person of the index case."""
        return int(self.index.person_id)


def by_person(search: Search) -> dict[int | None, Candidate]:
    """The candidates of a search by person."""
    return {one.person_id: one for one in Candidate.objects.filter(search=search)}


@contextmanager
def night(pack: str = COVID) -> Iterator[Night]:
    """The county at midnight, with a lake of its own."""
    with TemporaryDirectory(prefix="fangxian-lake-") as folder, override_settings(DATA_DIR=Path(folder)), clock.at(NOW):
        yield Night(pack)
