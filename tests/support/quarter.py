"""A quarter of the fictional city with streets, compounds, buildings and households, for stories about risk areas (风险区)."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from fangxian.cases import actions as cases
from fangxian.cases.schemas import CaseForm, OutbreakForm
from fangxian.core import clock
from fangxian.core.access import SYSTEM, Actor, Grant
from fangxian.registry import actions as registry
from fangxian.registry.actions import PlaceForm
from fangxian.registry.schemas import Division, PersonForm
from fangxian.tracing import actions as tracing
from fangxian.tracing.schemas import StayForm
from tests.support import kept
from tests.support.tracers import hand_on

PROVINCE, CITY, COUNTY, OTHER_COUNTY = "99", "9901", "990101", "990102"
TOWNSHIP, VILLAGE, NEXT_VILLAGE = "990101001", "990101001001", "990101001002"
NINTH, EIGHTH = "covid-19-cn-9", "covid-19-cn-8"
#: A quiet piece of the open sea.
LON, LAT = 112.0, 3.9


def box(lon: float, lat: float, size: float = 0.001) -> dict[str, Any]:
    """A square outline, `size` degrees wide, with its corner at the point."""
    corners = [[lon, lat], [lon + size, lat], [lon + size, lat + size], [lon, lat + size], [lon, lat]]
    return {"type": "Polygon", "coordinates": [corners]}


def actor(role: str, area: str = COUNTY, name: str = "") -> Actor:
    return Actor(None, name or f"{role} of {area}", (Grant(role, area),), "web")


@dataclass
class Quarter:
    """Two communities: two compounds of two buildings each in the first, one compound in the second; a restaurant between."""

    pack: str = NINTH
    outbreak: str = ""
    places: dict[str, str] = field(default_factory=dict)
    people: int = 0

    def __post_init__(self) -> None:
        registry.install(SYSTEM)
        rows = [
            (PROVINCE, "江省", "Jiang"), (CITY, "江城市", "Jiangcheng"), (COUNTY, "东区", "Dong"), (OTHER_COUNTY, "西区", "Xi"),
            (TOWNSHIP, "河口街道", "Hekou"), (VILLAGE, "金桥社区", "Jinqiao"), (NEXT_VILLAGE, "银桥社区", "Yinqiao"),
        ]  # fmt: skip
        registry.import_divisions(SYSTEM, [Division(code=code, name=zh, name_en=en) for code, zh, en in rows])
        for number, (key, village) in enumerate((("A", VILLAGE), ("B", VILLAGE), ("C", NEXT_VILLAGE))):
            lon = LON + 0.01 * number
            self._place(key, "compound", f"{key}小区", village, box(lon, LAT, 0.004))
            for building in (1, 2):
                name = f"{key}{building}"
                at = box(lon + 0.002 * (building - 1), LAT + 0.001)
                self._place(name, "building", f"{building}号楼", village, at, parent=key)
        self._place("cafe", "restaurant", "桥头餐馆", VILLAGE, box(LON + 0.006, LAT, 0.0005))
        self.clinic = registry.create_organisation(SYSTEM, "clinic", "东区医院", COUNTY).pk
        self.outbreak = cases.open_outbreak(
            SYSTEM, OutbreakForm(name_zh="疫情", name_en="Outbreak", pack=self.pack, area=CITY)
        ).code

    @classmethod
    def now(cls, pack: str = NINTH) -> "Quarter":
        """The quarter as it is at this instant, with an outbreak under that pack."""
        return kept.once(("quarter", pack, clock.now()), lambda: cls(pack))

    def _place(self, key: str, kind: str, name: str, village: str, outline: dict[str, Any], parent: str = "") -> None:
        form = PlaceForm(
            kind=kind, name_zh=name, name_en=f"{kind.title()} {key}", area=village, outline=outline,
            parent=self.places.get(parent, ""),
        )  # fmt: skip
        self.places[key] = registry.create_place(SYSTEM, form).code

    def resident(self, building: str = "", village: str = VILLAGE, address: str = "某处") -> str:
        """Somebody new who lives in a building, or at an address of which no building is known; their code."""
        self.people += 1
        household = (
            registry.create_household(SYSTEM, village, f"{address}{self.people}", self.places.get(building, "")).code
            if building
            else ""
        )
        form = PersonForm(
            name=f"居民{self.people}", birth_year=1980, area=village, address=address, household=household
        )
        return registry.register_person(SYSTEM, form).code

    def case(self, building: str = "", *, person: str = "", **more: Any) -> Any:
        """Somebody who lives there is a confirmed case, reported now."""
        now = clock.now()
        form = {
            "person": person or self.resident(building), "outbreak": self.outbreak, "organisation": self.clinic, "area": COUNTY,
            "classification": "confirmed", "onset_on": (now - timedelta(days=1)).date(), "diagnosed_at": now,
        }  # fmt: skip
        case = cases.report(SYSTEM, CaseForm(**{**form, **more}))
        hand_on()
        return case

    def stay(self, case: Any, place: str, begin: datetime, minutes: int) -> None:
        """The case stayed at a place."""
        form = StayForm(from_at=begin, to_at=begin + timedelta(minutes=minutes), place=self.places[place])
        tracing.add_stay(SYSTEM, case.code, form)
        hand_on()
