"""HL7 v2 results (ORU^R01), message by message; what cannot be taken is named by segment and field."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone

import hl7

from fangxian.standards.lab_results import (
    CANCELLED,
    CORRECTED,
    FINAL,
    PRELIMINARY,
    Code,
    LabResult,
    Quarantined,
    Reading,
    Unreadable,
    cycle,
    target,
    verdict,
)

#: Observation result status (table 0085) and result status (table 0123).
_STATUS = {
    sign: status
    for status, signs in ((FINAL, "FU"), (CORRECTED, "CK"), (CANCELLED, "XDWN"), (PRELIMINARY, "PRSIOAB"))
    for sign in signs
}
#: Groups of a case notification (PHIN): what was asked about the case, no test.
_QUESTIONS = re.compile(r"68991-9|PERSUBJ|NOTF", re.IGNORECASE)
_TIME = re.compile(r"(\d{4})(\d\d)?(\d\d)?(\d\d)?(\d\d)?(\d\d)?(?:\.\d+)?([+-]\d{4})?$")
_ENVELOPE = ("FHS", "BHS", "BTS", "FTS")


def read(data: bytes) -> Reading:
    """Every message of a file, also of a batch, with or without its envelope. UTF-8, GB 18030 or Latin-1."""
    messages = list(_messages(_text(data)))
    if not messages:
        why = Unreadable("MSH", "不是 HL7 v2 报文：没有 MSH 段", "it is no HL7 v2 message: there is no MSH segment")
        return Reading((), (Quarantined("1", why.field, why.reason),), 1)
    results: list[LabResult] = []
    kept: list[Quarantined] = []
    for number, text in enumerate(messages, 1):
        name = str(number)
        try:
            message = _Message(text)
            name = message.id or name
            results += message.results(name)
        except Unreadable as why:
            kept.append(Quarantined(name, why.field, why.reason))
    return Reading(tuple(results), tuple(kept), len(messages))


def _text(data: bytes) -> str:
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    return data.decode("latin-1")


def _messages(text: str) -> Iterator[str]:
    """The messages of a file, each with its segments ended by a carriage return."""
    lines = [line.strip("\x0b\x1c \t") for line in re.split(r"[\r\n]+", text)]
    current: list[str] = []
    for line in lines:
        if line.startswith("MSH"):
            if current:
                yield "\r".join(current)
            current = [line]
        elif current and line and not line.startswith(_ENVELOPE):
            current.append(line)
    if current:
        yield "\r".join(current)


class _Message:
    """One message, its fields counted as in the standard: MSH-9, OBX-5."""

    def __init__(self, text: str) -> None:
        broken = next((line for line in text.split("\r") if not re.match(r"[A-Z][A-Z0-9]{2}(?:\W|$)", line)), None)
        if len(text) < 8 or not text[3:4].strip() or text[3].isalnum():
            raise Unreadable(
                "MSH", "MSH 段不完整，读不出分隔符", "the MSH segment is cut off: its separators cannot be read"
            )
        if broken is not None:
            raise Unreadable(
                broken[:3] or "?", f"有一行不是段：“{broken[:40]}”；段内可能有未转义的换行",
                f"a line is no segment: “{broken[:40]}”; there may be a line break inside a field",
            )  # fmt: skip
        try:
            self.parsed = hl7.parse(text)
        except (hl7.HL7Exception, ValueError, IndexError) as fault:
            raise Unreadable("MSH", f"读不出报文（{fault}）", f"the message cannot be read ({fault})") from None
        head = self.parsed.segment("MSH")
        self.id = self.at(head, 10)
        kind = self.at(head, 9), self.at(head, 9, 2)
        if not kind[0]:
            raise Unreadable(
                "MSH-9", "没有报文类型，报文不完整", "the type of message is missing: the message is cut off"
            )
        if kind != ("ORU", "R01"):
            raise Unreadable(
                "MSH-9", f"是 {'^'.join(filter(None, kind))}，不是检验结果（ORU^R01）",
                f"it is {'^'.join(filter(None, kind))}, no result (ORU^R01)",
            )  # fmt: skip

    def at(self, segment: hl7.Segment | None, number: int, component: int = 1, sub: int = 1) -> str:
        """One piece of the first repetition of a field, unescaped; "" where there is none."""
        if segment is None or len(segment) <= number:
            return ""
        found = segment[number]
        for place in (0, component - 1, sub - 1):
            if isinstance(found, str):
                return self._plain(found) if place == 0 else ""
            if len(found) <= place:
                return ""
            found = found[place]
        return self._plain(str(found))

    def _plain(self, text: str) -> str:
        return "" if text == '""' else str(self.parsed.unescape(text)).strip()

    def results(self, name: str) -> list[LabResult]:
        """The tests in the message. Raises Unreadable, with the field, for what is not one or lacks what a result needs."""
        found: list[LabResult] = []
        person: hl7.Segment | None = None
        groups: list[list[hl7.Segment]] = []
        for segment in self.parsed:
            match str(segment[0]):
                case "PID":
                    person = segment
                case "OBR":
                    groups.append([segment])
                case "OBX" | "SPM" if groups:
                    groups[-1].append(segment)
        if not groups:
            raise Unreadable("OBR", "没有医嘱段（OBR），因而没有结果", "there is no OBR segment, and so no result")
        tests = [group for group in groups if not _QUESTIONS.search(self.at(group[0], 4) + self.at(group[0], 4, 4))]
        if not tests:
            what = self.at(groups[0][0], 4, 2) or self.at(groups[0][0], 4)
            raise Unreadable(
                "OBR-4",
                f"这是病例报告（{what}），其中没有检验结果",
                f"this is a case notification ({what}); there is no test in it",
            )
        for group in tests:
            found += self._group(name, person, group)
        if not found:
            raise Unreadable("OBX", "医嘱中没有一项结果（OBX）", "the order has no result (OBX)")
        return found

    def _group(self, name: str, person: hl7.Segment | None, group: list[hl7.Segment]) -> Iterator[LabResult]:
        """The results of one order; threshold cycles go with its verdicts."""
        order, observations = (
            group[0],
            [one for one in group if str(one[0]) == "OBX" and self.at(one, 29) not in ("QST", "SCI")],
        )
        specimen = next((one for one in group if str(one[0]) == "SPM"), None)
        cts: dict[str, float | None] = {}
        verdicts: list[hl7.Segment] = []
        for one in observations:
            aim = target(self._code(one, 3))
            if aim is None or self.at(one, 2) not in ("NM", "SN", "ST"):
                verdicts.append(one)
            else:
                cts[aim] = cycle(self._value(one), "OBX-5")
        for one in verdicts or observations[:1]:
            status = self.at(one, 11) or self.at(order, 25)
            if status not in _STATUS:
                raise Unreadable(
                    "OBX-11", f"结果状态“{status}”未知或为空；应为 F、C、X、P 之一",
                    f"the status of the result, “{status}”, is unknown or missing; it is F, C, X or P",
                )  # fmt: skip
            value = verdict(
                [self.at(one, 5), self.at(one, 5, 2), self.at(one, 5, 4), self.at(one, 5, 5), self.at(one, 8)]
            )
            codes = [self.at(specimen, 2, part, sub) for part, sub in ((1, 1), (2, 1))]
            codes += [self.at(order, 2), self.at(order, 3)]
            yield LabResult(
                message=name, test=self._code(one, 3), status=_STATUS[status], value=value if verdicts else "",
                value_text=self._value(one), cts=dict(cts), specimens=tuple(dict.fromkeys(filter(None, codes))),
                specimen_type=self.at(specimen, 4, 2) or self.at(specimen, 4), report=self.at(order, 3) or self.at(order, 2),
                laboratory=self.at(one, 23) or self.at(self.parsed.segment("MSH"), 4),
                sampled_at=self._time(specimen, "SPM", 17) or self._time(order, "OBR", 7) or self._time(one, "OBX", 14),
                tested_at=self._time(one, "OBX", 19) or self._time(order, "OBR", 22),
                person_ids=tuple(filter(None, (str(hl7_id) for hl7_id in self._ids(person)))), name=self._name(person),
                phone=self.at(person, 13, 12) or (self.at(person, 13, 6) + self.at(person, 13, 7)) or self.at(person, 13),
                born=(day.date() if (day := self._time(person, "PID", 7)) else None),
            )  # fmt: skip

    def _ids(self, person: hl7.Segment | None) -> list[str]:
        if person is None or len(person) <= 3:
            return []
        repeats = person[3] if not isinstance(person[3], str) else [person[3]]
        firsts = [one if isinstance(one, str) else one[0] for one in repeats]
        return [self._plain(one if isinstance(one, str) else str(one[0])) for one in firsts]

    def _name(self, person: hl7.Segment | None) -> str:
        family, given = self.at(person, 5), self.at(person, 5, 2)
        return (
            f"{family}{given}"
            if any("\u4e00" <= sign <= "\u9fff" for sign in family + given)
            else f"{given} {family}".strip()
        )

    def _code(self, segment: hl7.Segment, number: int) -> Code:
        return Code(
            self.at(segment, number),
            self.at(segment, number, 3),
            self.at(segment, number, 2) or self.at(segment, number),
        )

    def _value(self, one: hl7.Segment) -> str:
        if self.at(one, 2) == "SN":
            return "".join(self.at(one, 5, part) for part in (1, 2, 3, 4))
        return self.at(one, 5, 2) if self.at(one, 2) in ("CE", "CWE", "CNE") and self.at(one, 5, 2) else self.at(one, 5)

    def _time(self, segment: hl7.Segment | None, name: str, number: int) -> datetime | None:
        """A time of the standard, as exact as it is written. Raises Unreadable."""
        text = self.at(segment, number)
        if not text:
            return None
        parts = _TIME.match(text)
        try:
            if parts is None:
                raise ValueError
            found = datetime(*(int(part or least) for part, least in zip(parts.groups()[:6], "011000", strict=True)))  # type: ignore[arg-type]
        except ValueError:
            raise Unreadable(f"{name}-{number}", f"时间“{text[:30]}”不成立", f"“{text[:30]}” is no time") from None
        if not (zone := parts[7]):
            return found
        away = timedelta(hours=int(zone[1:3]), minutes=int(zone[3:5])) * (-1 if zone[0] == "-" else 1)
        return found.replace(tzinfo=timezone(away) if away else UTC)
