"""A line list of a province imported with every duty opened: 100,000 cases and 300,000 contacts (two cores, PostgreSQL).

Target: under 3 minutes and 2 GB. SORMAS users report 230 contacts in 30 minutes (their issue 2539), which at this size would
be 27 days. `python -m benchmarks.importing [cases]` for another size; the list is made up, and deterministic.
"""

import csv
import random
import resource
import sys
import tempfile
import time
from datetime import date, timedelta
from pathlib import Path

from benchmarks import Figure, console, database, show

RECIPE = """
title: {zh: 导入基准, en: Import benchmark}
pack: mers-who
time_zone: Asia/Shanghai
tables:
  - rows: cases
    file: cases.csv
    fields:
      id: id
      name: name
      sex: {column: sex, values: {M: male, F: female}}
      birth_date: born
      phone: phone
      area: area
      onset: onset
      diagnosed_at: diagnosed
      reported_at: reported
      classification: {constant: confirmed}
  - rows: contacts
    file: contacts.csv
    contacts_are: contacts
    fields: {from_id: from, to_id: to, name: name, sex: {column: sex, values: {M: male, F: female}}, phone: phone, area: area, start: met}
"""
_SURNAMES, _GIVEN = (
    "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗",
    "子涵雨桐浩然欣怡宇轩诗琪俊杰梦瑶思远晓彤嘉懿文博曦明哲雅婷志强秀英建国",
)


def write(folder: Path, cases: int) -> None:
    """The two files and the recipe: cases over 60 days in 100 counties, three contacts a case."""
    rng = random.Random(1)
    first = date(2020, 1, 1)

    def name() -> str:
        return rng.choice(_SURNAMES) + "".join(rng.sample(_GIVEN, 2))

    def area() -> str:
        return f"99{rng.randint(1, 10):02}{rng.randint(1, 10):02}{rng.randint(1, 12):03}{rng.randint(1, 10):03}001"

    def phone() -> str:
        return f"1{rng.choice('35789')}{rng.randint(0, 999_999_999):09}"

    with (
        (folder / "cases.csv").open("w", encoding="utf-8", newline="") as a,
        (folder / "contacts.csv").open("w", encoding="utf-8", newline="") as b,
    ):
        case_rows, contact_rows = csv.writer(a), csv.writer(b)
        case_rows.writerow("id name sex born phone area onset diagnosed reported".split())
        contact_rows.writerow("from to name sex phone area met".split())
        for number in range(cases):
            onset = first + timedelta(days=rng.randint(0, 60))
            known = onset + timedelta(days=rng.randint(1, 4))
            born = date(1940, 1, 1) + timedelta(days=rng.randint(0, 25_000))
            here = area()
            case_rows.writerow([f"C{number}", name(), rng.choice("MF"), born, phone(), here, onset, known, known])
            for each in range(3):
                met = onset + timedelta(days=rng.randint(0, 1))
                contact_rows.writerow([f"C{number}", f"K{number}-{each}", name(), rng.choice("MF"), phone(), here, met])
    (folder / "recipe.yaml").write_text(RECIPE, encoding="utf-8")


def run(cases: int = 100_000) -> list[Figure]:
    """Write the list, import it, and check that nobody was missed."""
    with database() as connection, tempfile.TemporaryDirectory(prefix="fangxian-bench-") as scratch:
        folder = Path(scratch)
        write(folder, cases)
        from fangxian.cases import actions as case_actions
        from fangxian.cases.schemas import OutbreakForm
        from fangxian.core import jobs
        from fangxian.core.access import SYSTEM
        from fangxian.duties.models import Duty, Step
        from fangxian.standards.linelist import load_recipe
        from fangxian.tracing import importing

        outbreak = case_actions.open_outbreak(SYSTEM, OutbreakForm(name_zh="基准", pack="mers-who", area="99"))
        recipe = load_recipe(folder / "recipe.yaml")
        begun, used = time.perf_counter(), time.process_time()
        job = importing.prepare(
            SYSTEM, recipe, (folder / "recipe.yaml").read_text(encoding="utf-8"), folder, outbreak.code
        )
        marks: list[tuple[float, int]] = []
        job = jobs.run(job.pk, lambda done, _total: marks.append((time.perf_counter() - begun, done)))
        seconds, used = time.perf_counter() - begun, time.process_time() - used
        assert job.state == "done", job.error
        assert (job.result["cases"], job.result["links"]) == (cases, 3 * cases), job.result
        console.print(f"{Duty.objects.count():,} duties with {Step.objects.count():,} steps on {connection.vendor}")
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
        half = next((at for at, done in marks if done >= cases), seconds)
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
        rival = 30 * 60 / 230 * 3 * cases
        return [
            Figure(f"{cases:,} cases and {3 * cases:,} contacts imported, every duty opened", seconds, 180 * cases / 100_000, rival,
                   f"{used:.0f} s of this process's CPU; peak {peak:.2f} GiB; cases alone {half:.0f} s"),
        ]  # fmt: skip


if __name__ == "__main__":
    show("Import", run(*map(int, sys.argv[1:2])))
