"""Fifty people at work at once on a province: each walks the day of a role, reads, opens, completes, reports (PostgreSQL, two cores).

Targets over ten minutes: 95 of 100 answers within 500 ms, no error, and memory that does not grow. The server is `fangxian serve`
with `fangxian work` beside it, as on a server of one's own. It stops by itself and ends with 1 where a target was missed.

`python -m benchmarks.load FOLDER [minutes] [users] [people]`; FOLDER is that of `benchmarks.scale`.
"""

import http.client
import json
import os
import random
import re
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rich.table import Table

from benchmarks import console
from benchmarks.province import province

P95, GROWTH, WARMING = 0.5, 1.25, 60
#: Seconds that somebody looks at a page before going on.
THINKING = (2.0, 8.0)
#: Of a hundred users, how many hold which role.
SHARES = {"grid_worker": 40, "investigator": 20, "reviewer": 14, "clinic": 10, "duty_officer": 8, "leader": 8}


@dataclass(slots=True)
class Answers:
    """What came back: seconds by kind of question, and every answer that should not have been."""

    #: What comes before counts only if it is an error: a server that has just started reads everything for the first time.
    begin: float
    times: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    errors: list[str] = field(default_factory=list)
    lock: Any = field(default_factory=threading.Lock)

    def add(self, what: str, seconds: float, error: str) -> None:
        if time.monotonic() < self.begin and not error:
            return
        with self.lock:
            self.times[what].append(seconds)
            if error:
                self.errors.append(f"{what}: {error}")


class User:
    """One person at a browser: a session for the pages, a token for what is written."""

    def __init__(
        self, role: str, port: int, cookie: str, token: str, outbreak: str, answers: Answers, seed: int
    ) -> None:
        self.role, self.cookie, self.token, self.outbreak, self.answers = role, cookie, token, outbreak, answers
        self.line = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        self.rng = random.Random(seed)
        self.number = seed * 100_000

    def walk(self, until: float) -> None:
        """Do the day of the role over and over."""
        day: Callable[[], None] = getattr(self, self.role)
        time.sleep(self.rng.uniform(0, THINKING[1]))  # nobody starts at the stroke of the clock
        while time.monotonic() < until:
            day()

    def page(self, what: str, address: str) -> str:
        return self._ask(what, "GET", address, None, {"Cookie": f"sessionid={self.cookie}"}, (200,))

    def write(self, what: str, address: str, body: dict[str, Any]) -> str:
        """A refusal with words (somebody was quicker, an earlier step is open) is an answer, not an error."""
        headers = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"}
        return self._ask(what, "POST", f"/api/v1{address}", json.dumps(body), headers, (200, 201, 404, 409, 422))

    def _ask(
        self, what: str, method: str, address: str, body: str | None, headers: dict[str, str], good: tuple[int, ...]
    ) -> str:
        begun, error, text = time.perf_counter(), "", ""
        try:
            self.line.request(method, address, body=body, headers=headers)
            answer = self.line.getresponse()
            text = answer.read().decode()
            if answer.status not in good:
                error = f"{answer.status} {address} {text[:200]}"
        except (OSError, http.client.HTTPException) as fault:
            error = f"{type(fault).__name__} {fault} {address}"
            self.line.close()
        self.answers.add(what, time.perf_counter() - begun, error)
        time.sleep(self.rng.uniform(*THINKING))
        return text

    def one_of(self, pattern: str, text: str) -> str:
        found = sorted(set(re.findall(pattern, text)))
        return self.rng.choice(found) if found else ""

    # ── the days ───────────────────────────────────────────────────────────────────────────────────────────────────────

    def grid_worker(self) -> None:
        mine = self.page("my duties", "/")
        if step := self.one_of(r"/duties/(\d+)/", mine):
            self.page("a step", f"/duties/{step}/")
            evidence = {"temperature": 36.6, "symptoms": "none", "result": "negative", "phone_reached": True}
            self.write("complete a step", f"/steps/{step}/completion", {"evidence": evidence})
        if code := self.one_of(r"/contacts/(\w{10})/", mine):
            self.page("a contact", f"/contacts/{code}/")

    def investigator(self) -> None:
        self.page("my duties", "/")
        self._case(self.page("line list", "/cases/"))
        contacts = self.page("contacts", f"/contacts/?outbreak={self.outbreak}")
        if code := self.one_of(r"/contacts/(\w{10})/", contacts):
            self.page("a contact", f"/contacts/{code}/")
            self.page("a contact's calendar", f"/contacts/{code}/calendar/")

    def reviewer(self) -> None:
        waiting = self.page("line list, filtered", "/cases/?reviewed=reported")
        code = self._case(waiting)
        if code:
            self.write("review", f"/cases/{code}/review", {"decision": "approve", "reason": ""})
        self.page("line list by name", "/cases/?text=%E7%8E%8B%E4%BC%9F")
        self.page("contacts, late", f"/contacts/?outbreak={self.outbreak}&late=on")

    def clinic(self) -> None:
        self.page("report form", "/cases/report/")
        self.number += 1
        person = {
            "name": self.rng.choice("王李张刘陈") + self.rng.choice("子涵雨桐浩然欣怡"), "sex": "female", "area": "990101001001001",
            "birth_date": f"19{self.rng.randint(50, 99)}-05-17", "phones": [f"139{self.rng.randint(0, 99_999_999):08}"],
        }  # fmt: skip
        facts = {"pcr_positive": True, "symptomatic": True}
        card = {
            "outbreak": self.outbreak,
            "person": person,
            "facts": facts,
            "source_ref": f"LOAD-{self.number}-{os.getpid()}",
        }
        self.write("report a case", "/cases", card)
        self.page("line list", "/cases/")

    def duty_officer(self) -> None:
        self.page("my duties, late", "/?show=late")
        self.page("coverage", "/coverage/")
        self.page("missing by name", "/coverage/contact2.observation/")

    def leader(self) -> None:
        self.page("situation", "/situation/")
        self.page("coverage", "/coverage/")
        self._case(self.page("line list", "/cases/"))

    def _case(self, listed: str) -> str:
        code = self.one_of(r"/cases/(\w{10})/", listed)
        if code:
            self.page("a case", f"/cases/{code}/")
            for part in ("person", "duties", "contacts", "chain"):
                if self.role != "leader" or part != "person":
                    self.page(f"a case: {part}", f"/cases/{code}/{part}/")
        return code


# ── the server ─────────────────────────────────────────────────────────────────────────────────────────────────────────


@contextmanager
def served() -> Iterator[tuple[int, subprocess.Popen[bytes]]]:
    """`fangxian serve` and `fangxian work` on the database that the environment names; both end with the block."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    env = os.environ | {"FANGXIAN_INLINE": "false", "FANGXIAN_LOG_LEVEL": "ERROR"}
    command = [str(Path(sys.executable).with_name("fangxian"))]
    server = subprocess.Popen([*command, "serve", "--port", str(port)], env=env)
    worker = subprocess.Popen([*command, "work"], env=env)
    try:
        deadline = time.monotonic() + 120
        while not _answers(port):
            if server.poll() is not None or time.monotonic() > deadline:
                raise SystemExit("the server did not start")
            time.sleep(0.5)
        yield port, server
    finally:
        for process in (server, worker):
            process.terminate()
        for process in (server, worker):
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()


def _answers(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def memory(process: subprocess.Popen[bytes]) -> float:
    """What the process and its children hold, in MiB."""
    found, waiting = 0, [process.pid]
    while waiting:
        pid = waiting.pop()
        try:
            found += sum(
                int(line.split()[1])
                for line in Path(f"/proc/{pid}/status").read_text().splitlines()
                if line.startswith("VmRSS")
            )
            for task in Path(f"/proc/{pid}/task").iterdir():
                waiting += map(int, (task / "children").read_text().split())
        except (FileNotFoundError, ProcessLookupError):
            continue
    return found / 1024


def run(folder: Path, minutes: float = 10, users: int = 50, people: int = 1_000_000) -> bool:
    """Let them work; whether every target was met."""
    with province(folder, people) as (_world, _url):
        from fangxian.cases.models import Outbreak

        outbreak = Outbreak.objects.get(pk=1).code
        keys = _keys(users)
        held: list[float] = []
        with served() as (port, server):
            begin = time.monotonic() + WARMING
            until, answers = begin + minutes * 60, Answers(begin)
            crowd = [
                threading.Thread(
                    target=User(role, port, cookie, token, outbreak, answers, number).walk, args=[until], daemon=True
                )
                for number, (role, cookie, token) in enumerate(keys)
            ]
            for one in crowd:
                one.start()
            while time.monotonic() < until:
                time.sleep(min(10, max(0.1, until - time.monotonic())))
                held.append(memory(server))
            for one in crowd:
                one.join(60)
        return _told(answers, held, minutes, users)


def _keys(users: int) -> list[tuple[str, str, str]]:
    """A role, a session and a token for everybody, from the busiest counties on."""
    from django.contrib.auth import get_user_model
    from django.test import Client

    from fangxian.core import tokens
    from fangxian.core.access import SYSTEM

    found = []
    for role, share in SHARES.items():
        accounts = (
            get_user_model().objects.filter(login__startswith=f"{role}-").exclude(login="leader-99").order_by("login")
        )
        step = 11 if role == "grid_worker" else 1
        for account in accounts[: max(1, round(users * share / 100)) * step : step]:
            client = Client()
            client.force_login(account)
            found.append((role, client.cookies["sessionid"].value, tokens.issue(SYSTEM, account.pk, "load")[1]))
    return found


def _told(answers: Answers, held: list[float], minutes: float, users: int) -> bool:
    table = Table(title=f"{users} users for {minutes:g} minutes")
    for name in ("", "answers", "p50", "p95", "longest"):
        table.add_column(name, justify="left" if not name else "right")
    every = sorted(seconds for times in answers.times.values() for seconds in times)

    def line(name: str, times: list[float]) -> None:
        times = sorted(times)
        table.add_row(
            name,
            str(len(times)),
            *(f"{value * 1000:,.0f} ms" for value in (statistics.median(times), _p95(times), times[-1])),
        )

    for what, times in sorted(answers.times.items(), key=lambda one: -_p95(sorted(one[1]))):
        line(what, times)
    line("everything", every)
    console.print(table)
    settled = held[len(held) // 5]
    console.print(
        f"{len(every) / minutes / 60:.1f} answers a second; {len(answers.errors)} errors; "
        f"memory {settled:,.0f} → {held[-1]:,.0f} MiB (at most {max(held):,.0f})"
    )
    for one in answers.errors[:20]:
        console.print(one, markup=False)
    good = {
        "p95 within 500 ms": _p95(every) <= P95,
        "no error": not answers.errors,
        "flat memory": held[-1] <= settled * GROWTH,
    }
    console.print(", ".join(f"{name}: {'yes' if met else 'NO'}" for name, met in good.items()))
    return all(good.values())


def _p95(times: list[float]) -> float:
    return times[int(0.95 * (len(times) - 1))]


if __name__ == "__main__":
    given = sys.argv[1:] or [str(Path(tempfile.gettempdir()) / "fangxian-province")]
    numbers = [float(given[1]) if given[1:] else 10, *(int(one) for one in given[2:4])]
    raise SystemExit(not run(Path(given[0]), *numbers))  # type: ignore[arg-type]
