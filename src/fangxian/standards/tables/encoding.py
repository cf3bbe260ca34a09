"""Which characters the bytes of a delimited file stand for. Strict and deterministic: no guess is silent.

UTF-8 is tried first because Chinese text in another encoding is almost never valid UTF-8 by accident. What is not UTF-8
is judged by how many of its characters are *common* in each candidate: GB 2312 level 1 (for GBK and GB 18030), Big5
level 1, letters between ASCII letters (for Western files). Mixed files are refused with the line where they change.
"""

from __future__ import annotations

import codecs
import io
from pathlib import Path

from fangxian.standards.errors import Where
from fangxian.standards.tables.model import TableError
from fangxian.text import Text

_BOMS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
_SAMPLE = 1 << 18
_COMMON = 0.8
ENCODING_REMEDY = Text(
    "请用表格软件另存为“CSV UTF-8”，或在方案中用 encoding 写明编码",
    "Save it again as “CSV UTF-8”, or name the encoding in the recipe with “encoding”",
)


def detect(path: Path) -> tuple[str, list[Text]]:
    """The encoding of a text file and notes on what was assumed.

    Raises TableError for bytes of two encodings in one file, or of none that is known. Reads the file once, by chunks.
    """
    with path.open("rb") as file:
        head = file.read(_SAMPLE)
        for bom, name in _BOMS:
            if head.startswith(bom):
                return name, []
        if wide := _utf16_without_bom(head):
            return wide, [_assumed(wide)]
        file.seek(0)
        if _is_utf8(file):
            return "utf-8", []
        file.seek(0)
        return _other_than_utf8(path, file)


def _is_utf8(file: io.BufferedReader) -> bool:
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        while chunk := file.read(1 << 20):
            decoder.decode(chunk)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True


def _utf16_without_bom(head: bytes) -> str | None:
    """UTF-16 of mostly Western text has a zero in every other byte; delimiters and digits are enough to show it."""
    if len(head) < 4:
        return None
    even, odd = head[0::2].count(0), head[1::2].count(0)
    half = len(head) // 2
    if odd > 0.3 * half and even < 0.05 * half:
        return "utf-16-le"
    if even > 0.3 * half and odd < 0.05 * half:
        return "utf-16-be"
    return None


def _other_than_utf8(path: Path, file: io.BufferedReader) -> tuple[str, list[Text]]:
    sample = bytearray()
    first: dict[str, int] = {}
    for number, line in enumerate(file, start=1):
        if line.isascii():
            continue
        if len(sample) < _SAMPLE:
            sample += line
        kind = "utf-8" if _only_utf8(line) else "other"
        first.setdefault(kind, number)
        if len(first) == 2:
            raise _mixed(path, max(first.values()), "utf-8" if kind == "other" else "gb18030")
    scores = {name: _share_of_common(bytes(sample), name) for name in ("gb18030", "big5", "cp1252")}
    best = max(scores, key=lambda name: scores[name])
    if scores[best] < 0.5:
        raise TableError(
            Text("看不出文件用的是哪种文字编码", "the text encoding of the file cannot be recognised"),
            ENCODING_REMEDY,
            Where(path.name),
        )
    file.seek(0)
    for number, line in enumerate(file, start=1):
        try:
            line.decode(best)
        except UnicodeDecodeError:
            raise _mixed(path, number, best) from None
    return best, [_assumed(best)]


def _only_utf8(line: bytes) -> bool:
    """Valid UTF-8 that would not also be ordinary GBK text (two-byte hanzi can be valid UTF-8 by accident)."""
    try:
        line.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return _share_of_common(line, "gb18030") < _COMMON


def _share_of_common(data: bytes, encoding: str) -> float:
    """Of the characters beyond ASCII, the share that is ordinary in ``encoding`` (0 to 1)."""
    if encoding == "cp1252":
        return _share_of_lone_letters(data)
    ordinary = seen = position = 0
    while position < len(data):
        lead = data[position]
        if lead < 0x80:
            position += 1
            continue
        trail = data[position + 1] if position + 1 < len(data) else 0
        seen += 1
        if encoding == "gb18030":
            ordinary += 0xA1 <= trail <= 0xFE and (0xA1 <= lead <= 0xA3 or 0xB0 <= lead <= 0xD7)
        else:
            ordinary += 0xA1 <= lead <= 0xC6 and (0x40 <= trail <= 0x7E or 0xA1 <= trail <= 0xFE)
        position += 2
    return ordinary / seen if seen else 0.0


def _share_of_lone_letters(data: bytes) -> float:
    """Western files have single accented letters among ASCII; double-byte files hardly ever do."""
    lone = seen = 0
    for position, byte in enumerate(data):
        if byte < 0x80:
            continue
        seen += 1
        before = data[position - 1] if position else 0x20
        after = data[position + 1] if position + 1 < len(data) else 0x20
        lone += before < 0x80 and after < 0x80 and (byte >= 0xC0 or 0x91 <= byte <= 0x97 or byte in (0x80, 0xA3, 0xB0))
    return lone / seen if seen else 0.0


def _assumed(encoding: str) -> Text:
    return Text(f"按 {encoding} 编码读取", f"read as {encoding}")


def _mixed(path: Path, line: int, expected: str) -> TableError:
    return TableError(
        Text(
            f"这一行的字节不是 {expected} 编码，而其余各行是",
            f"the bytes of this line are not {expected}, unlike the rest of the file",
        ),
        ENCODING_REMEDY,
        Where(path.name, line=line),
    )
