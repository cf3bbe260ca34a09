"""Duplicate people: quality and time beside Splink on the same records, and the search for one person among a million.

    .venv/bin/python -m benchmarks.linkage [records] [population]

Splink is installed into an environment of its own, .venvs/splink, on the first run.
"""

from __future__ import annotations

import csv
import json
import statistics
import subprocess
import sys
import tempfile
import venv
from collections.abc import Callable
from pathlib import Path
from time import perf_counter

from benchmarks.people import Population, population
from fangxian.analytics.linkage import (
    DEFAULT,
    Match,
    Parameters,
    Record,
    blocking_keys,
    clusters,
    estimate,
    matches,
    pairs,
)

ROOT = Path(__file__).resolve().parents[1]
HOME = ROOT / ".venvs" / "splink"
Pairs = set[tuple[int, int]]


def main(records: int = 100_000, million: int = 1_000_000) -> None:
    people = population(records)
    truth = people.true_pairs()
    print(f"{records:,} records of {len(set(people.person)):,} people, {len(truth):,} true pairs\n")
    print(f"{'':44}{'precision':>10}{'recall':>9}{'F1':>9}")
    default = _ours(people, truth, DEFAULT, "Fangxian, default weights")
    started = perf_counter()
    learnt = estimate(people.records)
    learning = perf_counter() - started
    ours = _ours(people, truth, learnt, "Fangxian, estimated")
    ours_total = learning + ours
    for kind, label in (("plain", "Splink"), ("phonetic", "Splink + our pinyin column")):
        times = _splink(people, truth, kind, label)
        if times:
            total = sum(times.values())
            steps = ", ".join(f"{step} {seconds:.1f}" for step, seconds in times.items())
            print(
                f"    Fangxian {ours_total:.1f} s (estimate {learning:.1f}, the rest {ours:.1f}); {default:.1f} s with default weights"
            )
            print(f"    Splink {total:.1f} s ({steps})")
            print(f"    Splink / Fangxian {total / ours_total:.2f}, with default weights {total / default:.2f}\n")
    _vetoes(people, learnt)
    _search(million, learnt)


def _ours(people: Population, truth: Pairs, parameters: Parameters, label: str) -> float:
    for record in people.records:  # time the parsing too: forget what earlier runs have prepared
        for prepared in [name for name in vars(record) if name not in Record.__dataclass_fields__]:
            del record.__dict__[prepared]
    started = perf_counter()
    found = list(pairs(people.records, parameters))
    groups = clusters(found)
    seconds = perf_counter() - started
    merged = {_key(match) for match in found if match.decision == "merge"}
    listed = merged | {_key(match) for match in found}
    _quality(f"{label}: merged unasked", merged, truth)
    _quality(f"{label}: with review", listed, truth)
    joined = {(a, b) for group in groups for a in group for b in group if a < b}  # type: ignore[operator]
    _quality(f"{label}: clusters", joined, truth)  # type: ignore[arg-type]
    _best(label, {_key(match): match.probability for match in found}, truth)
    return seconds


def _key(match: Match) -> tuple[int, int]:
    a, b = match.a.key, match.b.key
    assert isinstance(a, int) and isinstance(b, int)
    return (a, b) if a < b else (b, a)


def _quality(label: str, found: Pairs, truth: Pairs) -> None:
    right = len(found & truth)
    precision, recall = right / max(len(found), 1), right / len(truth)
    print(f"{label:44}{precision:10.4f}{recall:9.4f}{2 * right / (len(found) + len(truth)):9.4f}")


def _best(label: str, probability: dict[tuple[int, int], float], truth: Pairs) -> None:
    """The threshold at which F1 is highest, for tools that draw their lines in different places."""
    right = best = taken = 0
    f1 = 0.0
    ranked = sorted(probability, key=lambda pair: -probability[pair])
    for n, pair in enumerate(ranked, 1):
        right += pair in truth
        if (score := 2 * right / (n + len(truth))) > f1:
            f1, best, taken = score, n, right
    print(f"{label + ': best threshold':44}{taken / max(best, 1):10.4f}{taken / len(truth):9.4f}{f1:9.4f}")


def _splink(people: Population, truth: Pairs, kind: str, label: str) -> dict[str, float] | None:
    python = _environment()
    if python is None:
        return None
    with tempfile.TemporaryDirectory() as folder:
        source, result = Path(folder, "records.csv"), Path(folder, "pairs.csv")
        _write(people.records, source)
        ran = subprocess.run(
            [python, Path(__file__).with_name("splink_side.py"), source, result, kind],
            capture_output=True,
            text=True,
            check=False,
        )
        if ran.returncode:
            print(f"{label} failed:\n{ran.stderr[-2000:]}")
            return None
        with result.open(newline="") as file:
            rows = csv.reader(file)
            next(rows)
            found = {(min(int(a), int(b)), max(int(a), int(b))): float(p) for a, b, p in rows}
    for threshold in (DEFAULT.merge_above, DEFAULT.review_above):
        _quality(f"{label}: above {threshold}", {pair for pair, p in found.items() if p > threshold}, truth)
    _best(label, found, truth)
    times: dict[str, float] = json.loads(ran.stdout.strip().splitlines()[-1])
    return times


def _environment() -> Path | None:
    python = HOME / "bin" / "python"
    if not python.exists():
        print("installing Splink into .venvs/splink …")
        venv.create(HOME, with_pip=True)
    ready = subprocess.run([python, "-c", "import splink"], capture_output=True, check=False).returncode == 0
    if not ready:
        installed = subprocess.run([python, "-m", "pip", "install", "-q", "splink>=5,<6"], check=False)
        if installed.returncode:
            print("Splink could not be installed; only our own numbers are shown.")
            return None
    return python


def _write(records: list[Record], path: Path) -> None:
    """What an analyst would hand to Splink: clean telephones and names without spaces and marks, one value per field."""
    with path.open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(("unique_id", "name", "sound", "sex", "born", "year", "phone", "document", "area", "household"))
        for record in records:
            first = record.names[0] if record.names else None
            name = " ".join(first.words) if first and not first.han else "".join(first.words) if first else ""
            rows.writerow((
                record.key, name, first.sound if first else "", record.gender, record.born_digits, record.born_year or "",
                next(iter(record.numbers), ""), record.papers[0].number if record.papers else "", record.area or "", record.household or "",
            ))  # fmt: skip


def _vetoes(people: Population, parameters: Parameters) -> None:
    """Pairs of different people that would have been merged but for a veto, by its reason."""
    saved: dict[str, int] = {}
    delayed: dict[str, int] = {}
    for match in pairs(people.records, parameters):
        if match.veto and match.probability > parameters.merge_above:
            a, b = _key(match)
            table = delayed if people.person[a] == people.person[b] else saved
            table[match.veto.code] = table.get(match.veto.code, 0) + 1
    print(
        f"vetoes, of pairs that would otherwise be merged: two people kept apart {saved}, one person sent to review {delayed}\n"
    )


def _search(records: int, parameters: Parameters) -> None:
    """Find one person's duplicates among a registry's keys held in memory, as an index table would hold them."""
    people = population(records, seed=2)
    index: dict[str, list[int]] = {}
    started = perf_counter()
    for row, record in enumerate(people.records):
        for key in blocking_keys(record):
            index.setdefault(key, []).append(row)
    print(
        f"{records:,} records: {sum(map(len, index.values())):,} keys made and indexed in {perf_counter() - started:.0f} s"
    )
    asked = [people.records[row] for row in range(0, records, max(records // 1000, 1))]
    times, looked_at = [], []

    def timed(action: Callable[[], int]) -> None:
        begun = perf_counter()
        looked_at.append(action())
        times.append((perf_counter() - begun) * 1000)

    def find(record: Record) -> int:
        rows = {row for key in blocking_keys(record) for row in index.get(key, ())}
        matches(record, (people.records[row] for row in rows if row != record.key), parameters)
        return len(rows)

    for record in asked:
        timed(lambda record=record: find(record))  # type: ignore[misc]
    print(
        f"one person among {records:,}: median {statistics.median(times):.1f} ms, 99 % {statistics.quantiles(times, n=100)[98]:.1f} ms, "
        f"worst {max(times):.1f} ms; candidates median {statistics.median(looked_at):.0f}, most {max(looked_at)}"
    )


if __name__ == "__main__":
    main(*map(int, sys.argv[1:3]))
