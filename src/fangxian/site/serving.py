"""The web server, and the small worker that a laptop runs inside it."""

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
        port=port or free_port(host),
        interface=Interfaces.WSGI,
        workers=workers,
        blocking_threads=4,
        log_enabled=settings.DEBUG,
    ).serve()


def free_port(host: str, wanted: int = 0) -> int:
    """`wanted` if nobody listens there, else any free port."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, wanted))
        except OSError:
            probe.bind((host, 0))
        return int(probe.getsockname()[1])


def _work_for_ever() -> None:
    while True:
        if not work_once():
            time.sleep(5)
