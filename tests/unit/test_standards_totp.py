"""One-time passwords against the vectors that the RFCs print."""

import pytest

from fangxian.standards import totp

#: RFC 4226, appendix D: the codes of the counters 0 to 9.
HOTP = ("755224", "287082", "359152", "969429", "338314", "254676", "287922", "162583", "399871", "520489")
SECRET = b"12345678901234567890"
#: RFC 6238, appendix B: seconds → codes of eight digits by SHA-1, SHA-256 and SHA-512. Its secrets are as long as the hash.
TOTP = {
    59: ("94287082", "46119246", "90693936"),
    1111111109: ("07081804", "68084774", "25091201"),
    1111111111: ("14050471", "67062674", "99943326"),
    1234567890: ("89005924", "91819424", "93441116"),
    2000000000: ("69279037", "90698825", "38618901"),
    20000000000: ("65353130", "77737706", "47863826"),
}


@pytest.mark.parametrize(("counter", "code"), list(enumerate(HOTP)))
def test_the_codes_of_rfc_4226(counter: int, code: str) -> None:
    assert totp.hotp(SECRET, counter) == code


@pytest.mark.parametrize("seconds", TOTP)
def test_the_codes_of_rfc_6238(seconds: int) -> None:
    lengths = {"sha1": 20, "sha256": 32, "sha512": 64}
    for (algorithm, length), code in zip(lengths.items(), TOTP[seconds], strict=True):
        secret = (SECRET * 4)[:length]
        assert totp.hotp(secret, totp.step(seconds), digits=8, algorithm=algorithm) == code


def test_a_code_holds_a_step_either_side_and_is_taken_once() -> None:
    now = 1_111_111_111
    here = totp.step(now)
    for place in (-2, -1, 0, 1, 2):
        found = totp.fitting(SECRET, totp.hotp(SECRET, here + place), now)
        assert found == (here + place if abs(place) <= 1 else None)
    assert totp.fitting(SECRET, totp.hotp(SECRET, here), now, after=here) is None, "taken already"
    assert totp.fitting(SECRET, totp.hotp(SECRET, here + 1), now, after=here) == here + 1
    assert totp.fitting(SECRET, "", now) is None and totp.fitting(SECRET, "１２３４５６", now) is None


def test_what_the_app_is_told() -> None:
    assert totp.shared(SECRET) == "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
    told = totp.address(SECRET, "林 一诺", "Fangxian")
    assert told.startswith("otpauth://totp/Fangxian%3A%E6%9E%97%20%E4%B8%80%E8%AF%BA?secret=GEZDGNBVGY3TQOJQ")
    assert "issuer=Fangxian" in told and "digits=6" in told and "period=30" in told
