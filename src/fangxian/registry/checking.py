"""From a form to what is stored: every field in its normal form, or a refusal that names the field and the remedy."""

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from hashlib import blake2b

from django.utils.translation import get_language
from django.utils.translation import gettext as _

from fangxian.analytics import linkage
from fangxian.analytics.linkage.chinese import is_han, name_readings, plain_letters
from fangxian.core import clock, secrets
from fangxian.core.errors import Invalid
from fangxian.registry import masking
from fangxian.registry.languages import sentence
from fangxian.registry.schemas import PersonForm
from fangxian.registry.vocabulary import must_be, terms
from fangxian.standards import cn_ids
from fangxian.standards.errors import InputError

SEXES = ("male", "female")
#: Numbers of these kinds hold area, birth date, sex and a check digit (GB 11643).
_TELLING = ("citizen_id", "residence_permit")
#: Kinds whose numbers are given out once; the others repeat from country to country.
UNIQUE = frozenset(terms("document_kinds")) - {"foreign_passport", "other"}


@dataclass(frozen=True, slots=True)
class Number:
    """A document or telephone number ready to be stored: sealed, found by `index`, shown as `masked`."""

    kind: str
    sealed: bytes
    index: str
    masked: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """A form that holds, in normal form, with the keys under which duplicates of it are looked for."""

    name: str
    name_latin: str
    pinyin: str
    sex: str
    birth_date: date | None
    birth_year: int | None
    nationality: str
    area: str
    address: str
    occupation: str
    household: str
    aliases: tuple[str, ...]
    documents: tuple[Number, ...]
    phones: tuple[Number, ...]


def check(form: PersonForm) -> Checked:
    """The form in normal form. Raises Invalid, naming the field, what is wrong with it and what to do."""
    sex, born, year = form.sex, form.birth_date, form.birth_year
    if sex:
        must_be(sex, SEXES, "sex")
    today = clock.today()
    documents = []
    nationality = _nationality(form.nationality)
    for kind, number in form.documents:
        document = _document(kind, number, today)
        if document.kind in _TELLING:
            sex, born = _must_agree(document.number, sex, born, year)
            nationality = nationality or ("CHN" if document.kind == "citizen_id" else "")
        documents.append(document)
    if born is not None:
        if not date(1850, 1, 1) <= born <= today:
            raise Invalid(
                _("This birth date is not possible: %(date)s.") % {"date": born.isoformat()},
                remedy=_("Compare it with the document."),
                field="birth_date",
            )
        if year not in (None, born.year):
            raise Invalid(
                _("Birth date and year of birth differ."), remedy=_("Give the one that is sure."), field="birth_year"
            )
        year = born.year
    elif year is not None and not 1850 <= year <= today.year:
        raise Invalid(
            _("This year of birth is not possible."), remedy=_("Compare it with the document."), field="birth_year"
        )
    name, latin = text_of(form, "name"), text_of(form, "name_latin")
    return Checked(
        name=name,
        name_latin=latin,
        pinyin=reading(name) or reading(latin),
        sex=sex,
        birth_date=born,
        birth_year=year,
        nationality=nationality,
        area=area(form.area) if form.area else "",
        address=text_of(form, "address"),
        occupation=text_of(form, "occupation"),
        household=form.household,
        aliases=tuple(dict.fromkeys(clean(alias) for alias in form.aliases if clean(alias)))[:20],
        documents=tuple(
            _number(kind, f"document:{kind}", number, masking.document)
            for kind, number in dict.fromkeys((one.kind, one.number) for one in documents)
        ),
        phones=tuple(
            _number("phone", "phone", number, masking.phone)
            for number in dict.fromkeys(_phone(one) for one in form.phones if one.strip())
        ),
    )


#: How long a text may be, as the table has it.
_LONGEST = {"name": 120, "name_latin": 160, "address": 200, "occupation": 80}


def text_of(form: PersonForm, field: str) -> str:
    """A text of a form in normal form. Raises Invalid where it is too long."""
    text = clean(getattr(form, field))
    if len(text) > _LONGEST[field]:
        raise Invalid(
            _("Too long: %(n)s characters, at most %(max)s.") % {"n": len(text), "max": _LONGEST[field]},
            remedy=_("Shorten it."),
            field=field,
        )
    return text


def clean(text: str) -> str:
    """NFC, no control characters, one blank where there were many. Full-width letters stay: they may be part of a name."""
    text = unicodedata.normalize("NFC", text)
    if not text.isprintable():
        text = "".join(" " if char.isspace() else char for char in text if char.isprintable() or char.isspace())
    return " ".join(text.split())


def reading(name: str) -> str:
    """How a name is read: 张伟 → zhangwei, Maria → maria. Empty where there is nothing to read."""
    if any(map(is_han, name)):
        return "".join(unit[0] for unit in name_readings("".join(filter(is_han, name)))).replace("ü", "v")[:160]
    return "".join(plain_letters(name))[:160]


def area(code: str) -> str:
    """The shortest form of an area code. Raises Invalid where it does not have the shape of one."""
    try:
        return cn_ids.area_code(code)
    except InputError as fault:
        raise invalid(fault, "area") from None


def document_indexes(text: str) -> list[tuple[str, str]]:
    """(kind, blind index) of every kind of document that such a number may belong to; empty for a text that is no number."""
    found = []
    for kind in terms("document_kinds"):
        try:
            one = _document(kind, text, clock.today())
        except Invalid:
            continue
        found.append((kind, secrets.blind_index(f"document:{kind}", one.number)))
    return found


def document_index(kind: str, text: str) -> str:
    """The blind index of a document number of a kind; empty for a text that is none."""
    try:
        return secrets.blind_index(f"document:{kind}", _document(kind, text, clock.today()).number)
    except Invalid:
        return ""


def phone_index(text: str) -> str:
    """The blind index of a telephone number; empty for a text that is none."""
    try:
        return secrets.blind_index("phone", cn_ids.parse_phone(text).number)
    except InputError:
        return ""


def match_keys(record: linkage.Record) -> list[int]:
    """The keys under which duplicates of a record are looked for, as signed 64-bit hashes, smallest first."""
    return sorted(
        {
            int.from_bytes(blake2b(key.encode(), digest_size=8).digest(), signed=True)
            for key in linkage.blocking_keys(record)
        }
    )


def invalid(fault: InputError, field: str) -> Invalid:
    """What a pure reader refused, in the reader's language."""
    language = get_language() or "zh"
    place = fault.where.text.in_(language)
    what = sentence(fault.what.in_(language))
    return Invalid(f"{place}: {what}" if place else what, remedy=sentence(fault.remedy.in_(language)), field=field)


def _nationality(code: str) -> str:
    code = code.strip().upper()
    if code and not re.fullmatch("[A-Z]{3}", code):
        raise Invalid(
            _("“%(code)s” is not a country code.") % {"code": code},
            remedy=_("Use the three letters of ISO 3166-1, such as CHN."),
            field="nationality",
        )
    return code


def _document(kind: str, text: str, today: date) -> cn_ids.Document:
    if kind:
        must_be(kind, terms("document_kinds"), "documents")
    if kind == "source_record":  # whatever another system calls the person, as it is
        return cn_ids.Document(kind, text.strip()[:120])  # type: ignore[arg-type]
    if kind == "other":
        number = re.sub(r"[\s\-–—]+", "", unicodedata.normalize("NFKC", text)).upper()
        if not re.fullmatch(r"[^\W_]{3,40}", number):
            raise Invalid(
                _("This is not a document number."), remedy=_("Letters and digits, from 3 to 40."), field="documents"
            )
        return cn_ids.Document("other", number)  # type: ignore[arg-type]
    try:
        return cn_ids.parse_document(text, kind or None, today=today)  # type: ignore[arg-type]
    except InputError as fault:
        raise invalid(fault, "documents") from None


def _must_agree(number: str, sex: str, born: date | None, year: int | None) -> tuple[str, date]:
    """Sex and birth date of a checked identity number (GB 11643). Raises Invalid where something else was said."""
    told_born = date(int(number[6:10]), int(number[10:12]), int(number[12:14]))
    told_sex = "male" if int(number[16]) % 2 else "female"
    if sex and sex != told_sex:
        raise Invalid(
            _("The sex does not fit the identity number."),
            remedy=_("One of the two is wrong: compare both with the document."),
            field="sex",
        )
    if born not in (None, told_born) or year not in (None, told_born.year):
        raise Invalid(
            _("The birth date does not fit the identity number."),
            remedy=_("One of the two is wrong: compare both with the document."),
            field="birth_date" if born else "birth_year",
        )
    return told_sex, told_born


def _phone(text: str) -> str:
    try:
        return cn_ids.parse_phone(text).number
    except InputError as fault:
        raise invalid(fault, "phones") from None


def _number(kind: str, scope: str, text: str, mask: Callable[[str], str]) -> Number:
    return Number(kind, secrets.seal(text), secrets.blind_index(scope, text), mask(text))
