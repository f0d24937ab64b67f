"""Prism as a validating proxy between connectors and fakes: ``python -m tests.contract.prism``.

Prism is a public tool (@stoplight/prism-cli) with a reading of the descriptions of its own. With
``--errors`` it answers with an error in place of whatever is not as published, asked or answered.
Exits with 1 where there is any, or where a connector does not get through its play.
"""

import argparse
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

from tests.contract.conftest import ALL
from tests.contract.declaration import Contract, Description
from tests.contract.front import Exchange, Front
from tests.contract.judging import calls

STARTS_WITHIN = 60.0
_ERRORS_OF_PRISM = "stoplight.io/prism/errors"


class Prisms:
    """A proxy for each description that is needed, started when it is; ended all together."""

    def __init__(self, program: Path, folder: Path, stack: ExitStack) -> None:
        self._program = program
        self._folder = folder
        self._stack = stack
        self._urls: dict[tuple[str, str], str] = {}

    def __call__(self, description: Description, behind: str) -> str:
        """The address of the proxy that checks by this description and passes on to `behind`."""
        key = description.file, behind
        if key not in self._urls:
            self._urls[key] = self._started(description, behind)
        return self._urls[key]

    def _started(self, description: Description, behind: str) -> str:
        number = len(self._urls)
        file = self._folder / f"{number}.json"
        # Dates of YAML, which JSON does not have, are written as they were.
        file.write_text(json.dumps(description.document, default=str), encoding="utf-8")
        log = self._stack.enter_context((self._folder / f"{number}.log").open("wb"))
        port = _free_port()
        command = [self._program, "proxy", "--host", "127.0.0.1", "--port", str(port), "--errors",
                   str(file), behind]  # fmt: skip
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
        )
        self._stack.callback(_end, process)
        _wait_for(port, process, Path(log.name))
        return f"http://127.0.0.1:{port}"


def violations(contract: Contract, exchanges: list[Exchange]) -> Iterator[str]:
    """What Prism objected to, and what was asked that no description has."""
    for request, answer, description, _ in exchanges:
        asked = f"{request.method} {request.path}"
        if _ERRORS_OF_PRISM.encode() in answer.body or "sl-violations" in answer.headers:
            said = answer.headers.get("sl-violations") or answer.body.decode("utf-8", "replace")
            yield f"{asked}: {said}"
        elif description is None and not request.path.startswith(contract.beside):
            yield f"{asked}: no description has it, and `beside` does not name it"


def check(contract: Contract, program: Path) -> list[str]:
    """What is wrong with a connector and its fake, as Prism sees it."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="syncd-contract-")))
        front = stack.enter_context(Front(contract, Prisms(program, folder, stack)))
        failed = []
        try:
            contract.play(front)
        except Exception as error:  # noqa: BLE001  an answer of Prism's may end a play in any way
            failed = [f"the play did not come to its end: {error!r}"]
        found = list(dict.fromkeys(violations(contract, front.exchanges)))
        passed = calls(front.exchanges)
    missing = [f"{call}: declared, and not made" for call in sorted(contract.calls - passed)]
    _say(f"{contract.name}: {len(front.exchanges)} exchanges of {len(passed)} calls")
    return [*found, *failed, *missing]


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait_for(port: int, process: subprocess.Popen[bytes], log: Path) -> None:
    until = time.monotonic() + STARTS_WITHIN
    while time.monotonic() < until and process.poll() is None:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise SystemExit(f"Prism did not start:\n{log.read_text(errors='replace')[-2000:]}")


def _end(process: subprocess.Popen[bytes]) -> None:
    # It starts processes of its own, in the session that it was given.
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def main(arguments: list[str]) -> int:
    """Check the contracts named, or all."""
    parser = argparse.ArgumentParser(prog="tests.contract.prism", description=__doc__)
    parser.add_argument("--prism", type=Path, required=True, help="the program")
    parser.add_argument("names", nargs="*", help="of connectors; default: all")
    chosen = parser.parse_args(arguments)
    wrong = 0
    for contract in ALL:
        if chosen.names and contract.name not in chosen.names:
            continue
        if contract.missing:
            _say(f"{contract.name}: skipped, {contract.missing}")
            continue
        found = check(contract, chosen.prism)
        _say("\n".join([f"{contract.name}: {len(found) or 'nothing'} wrong", *found]))
        wrong += len(found)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
