"""The web server, and the small worker that a laptop runs inside it."""

import errno
import os
import socket
import threading
import time

from django.conf import settings

from fangxian.site.working import work_once


def serve(host: str, port: int, workers: int = 1) -> None:
    """Serve until interrupted. In inline mode a thread beside the server does what `fangxian work` does elsewhere."""
    from granian import Granian
    from granian.constants import Interfaces

    if settings.INLINE:
        threading.Thread(target=_work_for_ever, daemon=True).start()
    Granian(
        "fangxian.site.wsgi:application",
        address=host,
        port=port,
        interface=Interfaces.WSGI,
        workers=workers,
        blocking_threads=4,
        workers_kill_timeout=3,  # a page that streams must not hold up the end
        log_enabled=settings.DEBUG,
    ).serve()


def claim(host: str, port: int) -> int:
    """The port, or any free one for 0. Raises OSError where somebody listens there already, or the address is not ours."""
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
            probe.listen()
        except OSError as fault:
            number = fault.errno or errno.EADDRNOTAVAIL  # a name that nobody knows has no errno
            raise OSError(number, os.strerror(number), f"{host}:{port}") from fault
        return int(probe.getsockname()[1])


def free_port(host: str, wanted: int) -> int:
    """`wanted` if nobody listens there, else any free port."""
    try:
        return claim(host, wanted)
    except OSError:
        return claim(host, 0)


def _work_for_ever() -> None:
    while True:
        if not work_once():
            time.sleep(5)
