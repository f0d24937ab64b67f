"""Puts syncd into a machine as deploy/README.md says, from what is installed here: no network.

The virtual environment is the machine's own, in /opt/syncd, of /usr/bin/python3: the service's user
may not read this checkout, nor an interpreter under /root.
"""

import re
import shutil
import sys
from collections.abc import Iterable, Iterator
from importlib.metadata import Distribution, distribution
from importlib.util import find_spec
from pathlib import Path

from machine import Machine
from packaging.requirements import Requirement

REPOSITORY = Path(__file__).parents[2]
PREFIX = "/opt/syncd"
PYTHON = f"/usr/bin/python{sys.version_info.major}.{sys.version_info.minor}"

_CONNECTORS = sorted(each.parent.name for each in REPOSITORY.glob("connectors/*/pyproject.toml"))
_OURS = ("syncd", *(f"syncd-{connector}" for connector in _CONNECTORS))
_COMMAND = f"""#!{PREFIX}/bin/python
from syncd.cli import main
main()
"""


def missing() -> str | None:
    """Why syncd cannot be installed into a machine, or None if it can."""
    if not Path(PYTHON).exists():
        return f"no {PYTHON}, for which the packages of this environment were built"
    return None


def install(machine: Machine) -> None:
    """Install syncd, its connectors, the probe connector, the unit and the user."""
    machine.check(PYTHON, "-m", "venv", "--without-pip", PREFIX)
    site = machine.root / f"opt/syncd/lib/{Path(PYTHON).name}/site-packages"
    for dist in _closure(_OURS):
        _copy_files(dist, site)
    for name in _OURS:
        _copy_editable(distribution(name), site)
    shutil.copytree(Path(__file__).parent / "probe", site, dirs_exist_ok=True)
    machine.write(f"{PREFIX}/bin/syncd", _COMMAND, 0o755)
    # As pip does. The service may not write there, so it would compile it all anew at each start.
    machine.run(f"{PREFIX}/bin/python", "-m", "compileall", "-q", "-j0", str(_inside(site)))
    for source, target in (
        ("syncd.service", "/etc/systemd/system/syncd.service"),
        ("sysusers.d/syncd.conf", "/etc/sysusers.d/syncd.conf"),
    ):
        machine.write(target, (REPOSITORY / "deploy" / source).read_text(encoding="utf-8"))
    machine.check("systemd-sysusers", "/etc/sysusers.d/syncd.conf")
    machine.check("systemctl", "daemon-reload")


def _inside(path: Path) -> Path:
    return Path("/", *path.parts[path.parts.index("root") + 1 :])


def _closure(roots: Iterable[str]) -> Iterator[Distribution]:
    """Every distribution that installing `roots` brings with it, without themselves."""
    seen, waiting = set(roots), [need for root in roots for need in _needs(root)]
    while waiting:
        need = waiting.pop()
        name = _normal(need.name)
        if name not in seen:
            seen.add(name)
            yield distribution(name)
            waiting.extend(_needs(name, need.extras))


def _needs(name: str, extras: Iterable[str] = ()) -> Iterator[Requirement]:
    for line in distribution(name).requires or ():
        need = Requirement(line)
        if need.marker is None or any(
            need.marker.evaluate({"extra": each}) for each in ("", *extras)
        ):
            yield need


def _normal(name: str) -> str:
    return re.sub("[-_.]+", "-", name).lower()


def _copy_files(dist: Distribution, site: Path) -> None:
    """What pip installed of a distribution, but for its commands."""
    for file in dist.files or ():
        if ".." not in file.parts:
            target = site / file
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(str(file.locate()), target)


def _copy_editable(dist: Distribution, site: Path) -> None:
    """A distribution of this checkout: its package, and what names its entry points."""
    package = dist.metadata["Name"].replace("-", "_")
    spec = find_spec(package)
    assert spec is not None, f"{package} is not installed"
    assert spec.origin is not None
    shutil.copytree(Path(spec.origin).parent, site / package, dirs_exist_ok=True)
    info = next(file for file in dist.files or () if file.name == "METADATA").locate()
    shutil.copytree(Path(str(info)).parent, site / Path(str(info)).parent.name)
