"""The product with the city of Xizhou in it, served on loopback for the browser tests: `python -m tests.browser.served`.

A process of its own, with a home of its own, so that the browser meets exactly what a user meets. Prints the port, then serves
until its standard input is closed.
"""

import os
import sys
import threading
import time
from tempfile import TemporaryDirectory


def main() -> None:
    with TemporaryDirectory(prefix="fangxian-browser-", ignore_cleanup_errors=True) as home:
        os.environ |= {
            "FANGXIAN_HOME": home,
            "FANGXIAN_INLINE": "1",
            "DJANGO_SETTINGS_MODULE": "fangxian.site.settings",
        }
        os.environ.pop("DATABASE_URL", None)
        import django

        django.setup()
        from django.conf import settings
        from django.core.management import call_command
        from django.core.wsgi import get_wsgi_application

        settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
        call_command("migrate", verbosity=0, interactive=False)
        from fangxian.core import clock
        from fangxian.duties.sweep import sweep
        from tests.support import world

        city = world.build(clock.now())
        sweep()
        server = _server(get_wsgi_application())
        threading.Thread(target=server.serve_forever, daemon=True).start()
        threading.Thread(target=_work, daemon=True).start()
        codes = (city.cases[0], city.cases[3], city.contacts[0], city.contacts[2])
        sys.stdout.write(" ".join(map(str, (server.server_port, *codes, world.PASSWORD))) + "\n")
        sys.stdout.flush()
        sys.stdin.read()
        server.shutdown()


def _work():
    """What `fangxian serve` has a thread for: jobs that somebody starts on a page are done."""
    from fangxian.site.working import work_once

    while True:
        if not work_once():
            time.sleep(0.5)


def _server(application):
    from socketserver import ThreadingMixIn
    from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

    class Server(ThreadingMixIn, WSGIServer):
        daemon_threads = True

    class Quiet(WSGIRequestHandler):
        def log_message(self, format: str, *args: object) -> None:
            """Nobody reads it."""

    return make_server("127.0.0.1", 0, application, server_class=Server, handler_class=Quiet)


if __name__ == "__main__":
    main()
