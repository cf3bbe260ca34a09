"""Ports: one that is taken is told of, or another is found."""

import errno
import socket
from collections.abc import Iterator

import pytest

from fangxian.site.serving import claim, free_port

HERE = "127.0.0.1"


@pytest.fixture
def taken() -> Iterator[int]:
    with socket.socket() as other:
        other.bind((HERE, 0))
        other.listen()
        yield other.getsockname()[1]


def test_a_port_that_is_free_is_taken_as_asked() -> None:
    port = claim(HERE, 0)
    assert 0 < port < 65536
    assert (claim(HERE, port), free_port(HERE, port)) == (port, port)


def test_a_port_that_is_taken_is_refused_by_name_or_evaded(taken: int) -> None:
    with pytest.raises(OSError, match="in use") as refusal:
        claim(HERE, taken)
    assert (refusal.value.errno, refusal.value.filename) == (errno.EADDRINUSE, f"{HERE}:{taken}")
    assert free_port(HERE, taken) not in (taken, 0)


@pytest.mark.parametrize("host", ["192.0.2.1", "no such host"])
def test_an_address_that_is_not_ours(host: str) -> None:
    with pytest.raises(OSError, match=host):
        claim(host, 0)
