"""The web server, and the small worker that a laptop runs beside it."""

import errno
import multiprocessing
import os
import signal
import socket
import time

from django.conf import settings
from django.db import connections

from fangxian.site.working import work_once


def serve(host: str, port: int, workers: int = 1) -> None:
    """Serve until interrupted. In inline mode a process beside the server does what `fangxian work` does elsewhere.

    A thread could not do it: the server forks, and a fork taken while the thread is inside SQLite inherits a lock that nobody opens.
    """
    from granian import Granian
    from granian.constants import Interfaces

    if settings.INLINE:
        connections.close_all()
        beside = multiprocessing.get_context("fork")
        beside.Process(target=_work_while, args=(os.getpid(),), name="fangxian-worker", daemon=True).start()
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


def _work_while(server: int) -> None:
    """Work as long as the process of this number is the one that began it: it may end without saying so."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the server's, who ends this process
    while os.getppid() == server:
        if not work_once():
            time.sleep(5)
