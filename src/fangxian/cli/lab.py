"""`fangxian lab ingest`: results of laboratories from files of HL7 v2, FHIR or tables. With --dry-run it needs no installation."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import groupby, islice
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.table import Table

from fangxian.cli.started import bar as progress_bar
from fangxian.cli.started import console, language, say, start
from fangxian.text import Text

if TYPE_CHECKING:
    from fangxian.laboratory.schemas import ResultForm
    from fangxian.standards.lab_results import LabResult

app = typer.Typer(no_args_is_help=True)

#: So many quarantined messages are shown to a person; --json has them all.
_SHOWN = 20
_TABLES = {".csv", ".tsv", ".xlsx", ".xls", ".xlsb", ".ods"}
#: Results are written by the thousand, each batch whole or not at all.
_BATCH = 2000


@app.callback()
def group() -> None:
    """Laboratories."""


@dataclass(frozen=True, slots=True)
class _Told:
    """One result as the laboratory stage takes it, and where it came from."""

    file: str
    message: str
    source: str
    form: "ResultForm"


@dataclass(frozen=True, slots=True)
class _Kept:
    """What was not taken."""

    file: str
    message: str
    field: str
    reason: str


@app.command(
    help=say(
        "收检验结果（HL7 v2 ORU^R01、FHIR R4、CSV/XLSX）：收下的计数，不能收的逐条说明字段与原因",
        "Take results of laboratories (HL7 v2 ORU^R01, FHIR R4, CSV/XLSX); what cannot be taken is listed with field and reason",
    )
)
def ingest(
    files: Annotated[list[Path], typer.Argument(exists=True, dir_okay=False, help=say("结果文件", "Files of results"))],
    laboratory: Annotated[
        int | None, typer.Option(help=say("出结果的实验室（机构编号）；--dry-run 时可不写",
                                          "Number of the laboratory that tells them; not needed with --dry-run"))
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help=say("只读不写，不需要安装", "Only read; needs no installation"))] = False,
    as_json: Annotated[bool, typer.Option("--json", help=say("结果以 JSON 输出", "Machine-readable result on stdout"))] = False,
) -> None:  # fmt: skip
    if not dry_run and laboratory is None:
        raise typer.BadParameter(
            say("请写明实验室，或用 --dry-run 只读", "name the laboratory, or only read with --dry-run"),
            param_hint="--laboratory",
        )
    start("nothing" if dry_run else "installation")
    kept: list[_Kept] = []
    told = _told(files, kept)
    result: dict[str, Any] = {"accepted": 0, "dry_run": dry_run}
    if dry_run:
        result["accepted"] = sum(1 for _one in told)
    else:
        assert laboratory is not None
        result |= _written(told, kept, laboratory)
    result["quarantined"] = [
        {"file": one.file, "message": one.message, "field": one.field, "reason": one.reason} for one in kept
    ]
    if as_json:
        print(json.dumps(result, ensure_ascii=False))
    else:
        _show(result, kept)


def _told(files: list[Path], kept: list[_Kept]) -> Iterator[_Told]:
    """The results of all files, as they are read; what cannot be is added to what was kept."""
    for file in files:
        for one in _read(file):
            if isinstance(one, _Told):
                yield one
            else:
                kept.append(one)


def _read(file: Path) -> Iterator[_Told | _Kept]:
    """What a file holds, by what it looks like: a table by its name, FHIR by its brace, HL7 v2 otherwise."""
    if file.suffix.lower() in _TABLES:
        yield from _table(file)
        return
    from fangxian.standards import fhir, hl7v2

    data = file.read_bytes()
    head = data.lstrip(b"\xef\xbb\xbf \t\r\n")[:1]
    kind, reading = ("fhir", fhir.read(data)) if head in (b"{", b"[") else ("hl7v2", hl7v2.read(data))
    for result in reading.results:
        if (why := _unusable(result)) is not None:
            yield _Kept(str(file), result.message, why[0], why[1].in_(language()))
        else:
            yield _Told(str(file), result.message, kind, _form(result))
    for one in reading.quarantined:
        yield _Kept(str(file), one.message, one.field, one.reason.in_(language()))


def _unusable(result: "LabResult") -> tuple[str, Text] | None:
    """Why a result that can be read cannot be acted on: the field and the reason; None if it can be."""
    if result.status == "preliminary":
        return "status", Text("是初步结果；终审后再发", "it is preliminary; send it when it is final")
    if result.status != "cancelled" and not result.value and not result.cts:
        return "value", Text(
            f"“{result.value_text[:60]}”不是阳性、阴性或不确定，也没有 Ct 值；请写明判断",
            f"“{result.value_text[:60]}” is neither positive, negative nor indeterminate, and there is no Ct; give a verdict",
        )
    if not result.specimens and not result.name and not result.person_ids:
        return "specimen", Text("没有标本号，也没有受检者", "it names neither a specimen nor a person")
    return None


def _form(result: "LabResult") -> "ResultForm":
    from fangxian.laboratory.schemas import ResultForm

    return ResultForm(
        code=result.specimens[0] if result.specimens else "", value=result.value, cts=result.cts, status=result.status,
        tested_at=_aware(result.tested_at), sampled_at=_aware(result.sampled_at), reference=result.report, name=result.name,
        document=next((one for one in result.person_ids if len(one) == 18), ""), phone=result.phone,
        birth_year=result.born.year if result.born else None,
    )  # fmt: skip


def _aware(at: datetime | None) -> datetime | None:
    """A time without a zone is one of the deployment's."""
    from fangxian.core import clock

    return at if at is None or at.tzinfo else at.replace(tzinfo=clock.zone())


def _table(file: Path) -> Iterator[_Told | _Kept]:
    from fangxian.core.errors import Refusal
    from fangxian.laboratory import intake

    try:
        lines = intake.read(file, file.name).lines
    except Refusal as refusal:
        yield _Kept(str(file), "1", refusal.field or "", str(refusal))
        return
    for line in lines:
        if line.form is not None:
            yield _Told(str(file), str(line.row), "file", line.form)
        elif line.refusal is not None:
            yield _Kept(str(file), str(line.row), line.refusal.field or "", str(line.refusal))


def _written(told: Iterator[_Told], kept: list[_Kept], laboratory: int) -> dict[str, int]:
    """Take the results, batch by batch as they are read; those that the laboratory stage refuses are added to what was kept.

    Whatever ends it, each batch was taken wholly or not at all; sent again, what was taken is recognised.
    """
    from fangxian.core.access import SYSTEM
    from fangxian.laboratory import actions

    totals = {"taken": 0, "repeated": 0, "unmatched": 0, "positive": 0}
    by = replace(SYSTEM, channel="cli")
    with progress_bar() as shown:
        task = shown.add_task(say("收结果", "taking results"), total=None)
        for source, alike in groupby(told, lambda one: one.source):
            while batch := list(islice(alike, _BATCH)):
                done = actions.report_results(by, [one.form for one in batch], laboratory=laboratory, source=source)
                for name in totals:
                    totals[name] += getattr(done, name)
                kept += [
                    _Kept(batch[i].file, batch[i].message, refusal.field or "", str(refusal))
                    for i, refusal in done.refused
                ]
                shown.advance(task, len(batch))
    return totals | {"accepted": totals["taken"] + totals["repeated"] + totals["unmatched"]}


def _show(result: dict[str, Any], kept: list[_Kept]) -> None:
    console.print(
        say(f"收下 {result['accepted']} 条结果，{len(kept)} 条未收。", f"{result['accepted']} results accepted, {len(kept)} not taken."),
        highlight=False,
    )  # fmt: skip
    if not result["dry_run"]:
        console.print(
            say(f"新 {result['taken']}，已有 {result['repeated']}，待核对归属 {result['unmatched']}，阳性 {result['positive']}。",
                f"New {result['taken']}, on record already {result['repeated']}, waiting to be matched {result['unmatched']},"
                f" positive {result['positive']}."),
            highlight=False,
        )  # fmt: skip
    if kept:
        table = Table(say("文件", "File"), say("报文", "Message"), say("字段", "Field"), say("原因", "Reason"))
        for one in kept[:_SHOWN]:
            table.add_row(Path(one.file).name, one.message, one.field, one.reason)
        console.print(table, markup=False, soft_wrap=False)
    if len(kept) > _SHOWN:
        console.print(say("…（--json 可见全部）", "… (--json lists them all)"))
