"""The real server in a process of its own, as a clinic would run it, on a port the system chose."""

from __future__ import annotations

import functools
import multiprocessing
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from multiprocessing.context import BaseContext
from multiprocessing.process import BaseProcess
from pathlib import Path
from types import ModuleType, TracebackType
from typing import Self

import httpx

TOP = Path(__file__).resolve().parents[1]
PATIENCE_SECONDS = 60.0  # for a machine that is busy with other tests
# What a server imports before it answers. Each run of tests imports it once, in a process that forks the servers.
IMPORTED = ("streamlit.web.cli", "streamlit.web.bootstrap", "streamlit.starlette", "uvicorn", "pandas")
OURS = ("monitoring.clinic", "monitoring.routes", "monitoring.documents")


@functools.cache
def _forks() -> BaseContext | None:
    """Where servers are forked from; None on a system that cannot fork."""
    if "forkserver" not in multiprocessing.get_all_start_methods():
        return None
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([*IMPORTED, *OURS])
    return context


def _serve(command: list[str], environment: Mapping[str, str], log: Path) -> None:
    """Become the server: what `python -m streamlit run ...` does, in a forked process."""
    os.chdir(TOP)
    os.environ.clear()
    os.environ.update(environment)
    written = os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    os.dup2(written, 1)
    os.dup2(written, 2)
    sys.argv = command
    from streamlit.web import cli

    cli.main()


class _Forked:
    """A forked process with what a Popen offers here."""

    def __init__(self, process: BaseProcess) -> None:
        self._process = process
        # A new process imports what is the main module here. Pages that are tried in this process leave theirs there.
        main = sys.modules["__main__"]
        sys.modules["__main__"] = ModuleType("__main__")
        try:
            process.start()
        finally:
            sys.modules["__main__"] = main

    def poll(self) -> int | None:
        return self._process.exitcode

    def wait(self, timeout: float | None = None) -> int:
        self._process.join(timeout)
        if self._process.exitcode is None:
            raise subprocess.TimeoutExpired("the forked server", timeout or 0)
        return self._process.exitcode

    def terminate(self) -> None:
        self._process.terminate()

    def send_signal(self, number: int) -> None:
        assert self._process.pid is not None
        os.kill(self._process.pid, number)

    @property
    def returncode(self) -> int | None:
        return self._process.exitcode


class Server:
    """One server on the database at `file` ("" for the demonstration's rate means a real clinic).

    `with Server(tmp_path / "clinic.db") as server:` starts it, waits until it is healthy, and ends it. What it wrote
    is in `server.log`; when it does not start, the end of that is in the failure. `cold`: from nothing, as a clinic
    would start it; else forked from a process that has imported it all, which is the same a second earlier.
    """

    def __init__(
        self,
        file: Path,
        *,
        demonstration_rate: float | None = None,
        environment: Mapping[str, str] | None = None,
        cold: bool = False,
    ) -> None:
        self.cold = cold
        self.file = file
        self.log = file.with_suffix(".log")
        self.port = 0
        self._started_at = 0  # where in the log the present process begins
        self.process: subprocess.Popen[bytes] | _Forked | None = None
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("MONITORING_", "STREAMLIT_"))}
        self._environment = {**kept, "MONITORING_DB": f"sqlite:///{file}", **(environment or {})}
        if demonstration_rate is not None:
            self._environment |= {"MONITORING_DEMO": "1", "MONITORING_DEMO_RATE": f"{demonstration_rate:g}"}

    @property
    def url(self) -> str:
        """Where a browser finds it."""
        return f"http://127.0.0.1:{self.port}"

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def launch(self) -> subprocess.Popen[bytes] | _Forked:
        """Start the process and do not wait for it. Started again, it takes the port it had."""
        command = ["streamlit", "run", "dashboard.py", "--server.port", str(self.port)]
        forks = None if self.cold else _forks()
        with self.log.open("ab") as log:
            self._started_at = log.tell()
            if forks is not None:
                self.process = _Forked(forks.Process(target=_serve, args=(command, self._environment, self.log)))  # type: ignore[attr-defined]
            else:
                self.process = subprocess.Popen(
                    [sys.executable, "-m", *command],
                    cwd=TOP,
                    env=self._environment,
                    stdout=log,
                    stderr=subprocess.STDOUT,
                )
        return self.process

    def start(self) -> None:
        """Start it and wait until it answers; fails with the end of its log when it does not."""
        process = self.launch()
        deadline = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < deadline:
            if process.poll() is not None:
                raise AssertionError(f"The server ended with {process.returncode}:\n{self.tail()}")
            self.port = self.port or self._port_in_log()
            if self.port and self._answers():
                # Something answers on this port: that it is ours is known because ours still lives.
                assert process.poll() is None, self.tail()
                return
            time.sleep(0.02)
        self.stop()
        raise AssertionError(f"The server was not healthy within {PATIENCE_SECONDS:g} s:\n{self.tail()}")

    def _answers(self) -> bool:
        try:
            return httpx.get(f"{self.url}/healthz", timeout=5, trust_env=False).status_code in (200, 503)
        except httpx.TransportError:
            return False

    def stop(self) -> None:
        """End it as a service manager would."""
        if self.process is not None and self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(10)
            except subprocess.TimeoutExpired:
                self.kill()

    def kill(self) -> None:
        """End it as a power cut would: no chance to write another byte."""
        if self.process is not None:
            self.process.send_signal(signal.SIGKILL)
            self.process.wait()

    def tail(self, lines: int = 40) -> str:
        """The end of what it wrote."""
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-lines:])

    def _port_in_log(self) -> int:
        found = re.search(rb"URL: +http://[^:]+:(\d+)", self.log.read_bytes()[self._started_at :])
        return int(found[1]) if found else 0


def until(true: Callable[[], bool], otherwise: Callable[[], str]) -> None:
    """Wait for a state; fails with what `otherwise` says when it does not come."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not true():
        assert time.monotonic() < deadline, otherwise()
        time.sleep(0.02)
