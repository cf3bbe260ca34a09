"""The text of a PDF as a reader selects it: the glyphs of its pages by the character maps (ToUnicode) of its fonts.

Enough for what typst writes (PDF 1.7: plain objects, Flate streams, two-byte glyphs); no reader of PDFs in general.
"""

import re
import zlib

_OBJECT = re.compile(rb"(\d+) 0 obj\s*(.*?)endobj", re.DOTALL)
_STREAM = re.compile(rb"/Length (\d+).*?stream\r?\n", re.DOTALL)


def text_of_pdf(made: bytes) -> str:
    """All pages, without blanks, in the order in which they are drawn."""
    objects = {int(number): body for number, body in _OBJECT.findall(made)}
    text = []
    for body in objects.values():
        if re.search(rb"/Type\s*/Page\b(?!s)", body):
            content, resources = (
                re.search(rb"/" + name + rb" (\d+) 0 R", body) for name in (b"Contents", b"Resources")
            )
            assert content and resources, "a page as typst writes it"
            text.append(_shown(_inflated(objects[int(content[1])]), _fonts(objects, objects[int(resources[1])])))
    return "".join(text)


def _fonts(objects: dict[int, bytes], resources: bytes) -> dict[bytes, dict[int, str]]:
    """Names of the fonts of a page → glyph → characters."""
    fonts = {}
    for name, number in re.findall(rb"/(f\d+) (\d+) 0 R", resources):
        found = re.search(rb"/ToUnicode (\d+) 0 R", objects[int(number)])
        fonts[name] = _characters(_inflated(objects[int(found[1])])) if found else {}
    return fonts


def _inflated(body: bytes) -> bytes:
    found = _STREAM.search(body)
    if found is None:
        return b""
    stream = body[found.end() : found.end() + int(found[1])]  # by its length: it may hold any byte, and end with any
    return zlib.decompress(stream) if b"/FlateDecode" in body else stream


def _characters(cmap: bytes) -> dict[int, str]:
    found: dict[int, str] = {}
    for block in re.findall(rb"beginbfchar(.*?)endbfchar", cmap, re.DOTALL):
        for glyph, letters in re.findall(rb"<([0-9A-Fa-f]+)>\s*<([0-9A-Fa-f]+)>", block):
            found[int(glyph, 16)] = bytes.fromhex(letters.decode()).decode("utf-16-be")
    return found


_ESCAPES = {ord("n"): 10, ord("r"): 13, ord("t"): 9, ord("b"): 8, ord("f"): 12}


def _shown(content: bytes, fonts: dict[bytes, dict[int, str]]) -> str:
    """The strings of a page that are shown (TJ, Tj), each by the font in force; others, such as a language tag, are not text."""
    font: dict[int, str] = {}
    text: list[str] = []
    waiting: list[bytes] = []
    place = 0
    while place < len(content):
        if content[place : place + 1] == b"(":
            literal, place = _literal(content, place + 1)
            waiting.append(literal)
        elif found := _WORD.match(content, place):
            if found[1]:
                font = fonts.get(found[1], {})
            elif found[2]:
                waiting.append(bytes.fromhex(found[2].decode()))
            elif found[3] in (b"TJ", b"Tj"):
                codes = b"".join(waiting)
                text += [font.get(int.from_bytes(codes[at : at + 2]), "") for at in range(0, len(codes), 2)]
            if found[3]:
                waiting = []
            place = found.end()
        else:
            place += 1
    return re.sub(r"[\s\u200b]+", "", "".join(text))


#: A font with its size, a string in hexadecimal digits, or an operator.
_WORD = re.compile(rb"/(f\d+) [\d.]+ Tf|<([0-9A-Fa-f]+)>|([A-Za-z*']+)")


def _literal(content: bytes, place: int) -> tuple[bytes, int]:
    """A string in parentheses, which may hold balanced ones, from behind its first; and where it ends."""
    found, depth = bytearray(), 1
    while True:
        byte = content[place]
        place += 1
        if byte == ord("\\"):
            digits = re.match(rb"[0-7]{1,3}", content[place : place + 3])
            found.append(int(digits[0], 8) if digits else _ESCAPES.get(content[place], content[place]))
            place += len(digits[0]) if digits else 1
            continue
        depth += {ord("("): 1, ord(")"): -1}.get(byte, 0)
        if not depth:
            return bytes(found), place
        found.append(byte)
