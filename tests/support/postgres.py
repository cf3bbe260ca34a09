"""A private PostgreSQL 15 for one run of the tests or of a benchmark: made in a temporary folder, gone afterwards.

`python -m tests.support.postgres COMMAND …` runs a command with DATABASE_URL pointing at such a server. A server that is given a
folder of its own keeps its data there, for a world that takes minutes to build.
"""

import os
import pwd
import secrets
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import psycopg

BIN = Path("/usr/lib/postgresql/15/bin")

SETTINGS = {"shared_buffers": "256MB", "jit": "off", "listen_addresses": "127.0.0.1"}
#: What the tests give up for speed, and a benchmark must not.
HASTY = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}


class NoServer(RuntimeError):
    """PostgreSQL 15 is not installed, or would not start."""


@contextmanager
def server(
    *, durable: bool = False, kept: Path | None = None, settings: Mapping[str, str] | None = None
) -> Iterator[str]:
    """Run a server on loopback for the length of the block; gives its URL in the form DATABASE_URL takes.

    With `kept` its data stay in that folder, and are found there the next time. `settings` go before the usual ones.
    Raises NoServer where PostgreSQL 15 is missing or does not start within a minute.
    """
    if not (BIN / "initdb").exists():
        raise NoServer(f"PostgreSQL 15 is needed ({BIN}/initdb is not there). On Debian: apt-get install postgresql-15")
    if kept is None:
        folder = Path(tempfile.mkdtemp(prefix="fangxian-postgres-"))
    else:
        folder = kept.resolve()
        folder.mkdir(parents=True, exist_ok=True)
    secret, data = folder / "password", folder / "data"
    try:
        if not data.exists():
            _make(folder, secret, data)
        password = secret.read_text()
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        chosen = SETTINGS | ({} if durable else HASTY) | {"port": str(port), "unix_socket_directories": str(folder)}
        chosen |= settings or {}
        options = [part for name, value in chosen.items() for part in ("-c", f"{name}={value}")]
        log = folder / "log"
        with log.open("w") as output:
            process = subprocess.Popen(
                [*_as_owner("--pdeathsig=INT"), BIN / "postgres", "-D", data, *options],
                stdout=output,
                stderr=output,
                stdin=subprocess.DEVNULL,
                cwd=folder,
            )
        try:
            url = f"postgres://fangxian:{password}@127.0.0.1:{port}/fangxian"
            _wait(process, url.removesuffix("fangxian") + "postgres", log)
            yield url
        finally:
            process.send_signal(2)  # SIGINT: PostgreSQL's "fast" shutdown
            process.wait(timeout=60)
    except subprocess.CalledProcessError as fault:
        raise NoServer(f"initdb failed: {fault.stderr.decode().strip()}") from fault
    finally:
        if kept is None:
            shutil.rmtree(folder, ignore_errors=True)


def _make(folder: Path, secret: Path, data: Path) -> None:
    """An empty server in the folder, with a password of its own."""
    secret.write_text(secrets.token_urlsafe(16))
    if os.geteuid() == 0:  # PostgreSQL refuses to run as root
        owner = pwd.getpwnam("postgres")
        for path in (folder, secret):
            os.chown(path, owner.pw_uid, owner.pw_gid)
    subprocess.run(
        [
            *_as_owner(),
            *(BIN / "initdb", "--no-sync", "--encoding=UTF8", "--locale=C.UTF-8", "--auth=scram-sha-256"),
            *("--username=fangxian", f"--pwfile={secret}", f"--pgdata={data}"),
        ],
        check=True,
        capture_output=True,
        cwd=folder,
    )


def _as_owner(*options: str) -> list[str]:
    """Run as the user `postgres` where we are root. With --pdeathsig the server ends even if this process is killed."""
    identity = ["--reuid=postgres", "--regid=postgres", "--clear-groups"] if os.geteuid() == 0 else []
    return ["setpriv", *identity, *options, "--"]


def _wait(process: subprocess.Popen[bytes], url: str, log: Path) -> None:
    deadline = time.monotonic() + 60
    while True:
        try:
            psycopg.connect(url, connect_timeout=5).close()
            return
        except psycopg.OperationalError as fault:
            if process.poll() is not None or time.monotonic() > deadline:
                raise NoServer(f"PostgreSQL did not start ({fault}):\n{log.read_text()[-2000:]}") from fault
            time.sleep(0.05)


if __name__ == "__main__":
    with (
        server(durable=True) as address,
        psycopg.connect(address.removesuffix("fangxian") + "postgres", autocommit=True) as session,
    ):
        session.execute("CREATE DATABASE fangxian")
        raise SystemExit(subprocess.run(sys.argv[1:], env=os.environ | {"DATABASE_URL": address}).returncode)
