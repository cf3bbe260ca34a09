"""Secrets at rest, and codes that survive the telephone."""

import json
import stat
from pathlib import Path

import pytest
from django.conf import LazySettings
from hypothesis import given
from hypothesis import strategies as st

from fangxian.core import ids, secrets

numbers = st.text(max_size=40)
bodies = st.text(st.sampled_from(ids.ALPHABET), min_size=9, max_size=9)


@given(numbers)
def test_what_is_sealed_opens_and_never_looks_the_same_twice(text: str):
    sealed = secrets.seal(text)
    assert secrets.unseal(sealed) == text
    assert secrets.seal(text) != sealed
    assert len(text) < 4 or text.encode() not in sealed


@given(numbers, st.data())
def test_a_sealed_value_that_was_altered_does_not_open(text: str, data: st.DataObject):
    sealed = bytearray(secrets.seal(text))
    place = data.draw(st.integers(0, len(sealed) - 1))
    sealed[place] ^= data.draw(st.integers(1, 255))
    with pytest.raises(secrets.KeyFault):
        secrets.unseal(bytes(sealed))


def test_under_another_key_nothing_opens_and_nothing_is_found(settings: LazySettings):
    sealed, index = secrets.seal("330106"), secrets.blind_index("citizen_id", "330106")
    settings.KEYS = secrets.Keys.fresh()
    assert secrets.blind_index("citizen_id", "330106") != index
    with pytest.raises(secrets.KeyFault):
        secrets.unseal(sealed)


@given(numbers, numbers, st.sampled_from(["a", "ab", "phone"]), st.sampled_from(["a", "ab", "phone"]))
def test_a_blind_index_is_the_same_for_the_same_thing_only(text: str, other: str, kind: str, other_kind: str):
    same = (text, kind) == (other, other_kind)
    assert (secrets.blind_index(kind, text) == secrets.blind_index(other_kind, other)) == same


def test_keys_are_made_once_for_their_owner_alone(tmp_path: Path):
    path = tmp_path / "keys.json"
    keys = secrets.load_keys(path)
    assert secrets.load_keys(path) == keys
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert len({keys.session, keys.seal, keys.index, keys.sign}) == 4
    assert (
        secrets.load_keys(
            tmp_path / "none.json", json.dumps({"session": "a", "seal": "b", "index": "c", "sign": "d"})
        ).seal
        == "b"
    )
    assert not (tmp_path / "none.json").exists()


@pytest.mark.parametrize("content", ["", "{", '{"session": "a"}', "[]"])
def test_a_broken_key_file_is_named_and_never_replaced(tmp_path: Path, content: str):
    path = tmp_path / "keys.json"
    path.write_text(content)
    with pytest.raises(secrets.KeyFault, match=r"keys\.json.*Restore it from its backup"):
        secrets.load_keys(path)
    assert path.read_text() == content


def test_codes_are_well_formed_and_different():
    many = ids.new_codes(5000)
    assert len(set(many)) == 5000 and all(map(ids.is_code, many))
    assert ids.is_code(ids.new_code())
    counts = [sum(code.count(letter) for code in many) for letter in ids.ALPHABET]
    assert min(counts) > 0.85 * max(counts), "every letter is as frequent as the others"


@given(bodies, st.data())
def test_a_wrong_letter_is_found(body: str, data: st.DataObject):
    code = body + ids.check_character(body)
    place = data.draw(st.integers(0, 9))
    letter = data.draw(st.sampled_from(ids.ALPHABET).filter(lambda one: one != code[place]))
    assert ids.is_code(code) and not ids.is_code(code[:place] + letter + code[place + 1 :])


@given(bodies, st.data())
def test_two_letters_that_changed_places_are_found(body: str, data: st.DataObject):
    code = body + ids.check_character(body)
    a, b = sorted((data.draw(st.integers(0, 8)), data.draw(st.integers(0, 8))))
    swapped = list(code)
    swapped[a], swapped[b] = swapped[b], swapped[a]
    assert ids.is_code("".join(swapped)) == (code[a] == code[b])


@given(bodies)
def test_a_code_is_understood_as_it_is_spoken_and_typed(body: str):
    code = body + ids.check_character(body)
    typed = f" {code[:5].lower()}-{code[5:].replace('0', 'O').replace('1', 'l').replace('2', 'z')} "
    assert ids.normalise_code(typed) == code


@pytest.mark.parametrize("text", ["", "ABC", "7K2M9QXTB", "７K2M9QXTB4", "7K2M9QXTBU", "7K2M9QXTB44"])
def test_other_texts_are_no_codes(text: str):
    assert not ids.is_code(text)
