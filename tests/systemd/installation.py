"""Puts syncd into a machine as deploy/README.md says, from what is installed here: no network.

The virtual environment is the machine's own, in /opt/syncd, of /usr/bin/python3: the service's user
may not read this checkout, nor an interpreter under /root.
"""

import re
import shutil
import sys
from collections.abc import Iterator
from importlib.metadata import Distribution, distribution
from importlib.util import find_spec
from pathlib import Path

from machine import Machine

REPOSITORY = Path(__file__).parents[2]
PREFIX = "/opt/syncd"
PYTHON = f"/usr/bin/python{sys.version_info.major}.{sys.version_info.minor}"

_CONNECTORS = tuple(sorted(each.parent.name for each in REPOSITORY.glob("connectors/*/pyproject.toml")))
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
    for dist in _closure("syncd"):
        _copy_files(dist, site)
    for name in ("syncd", *(f"syncd-{connector}" for connector in _CONNECTORS)):
        _copy_editable(distribution(name), site)
    shutil.copytree(Path(__file__).parent / "probe", site, dirs_exist_ok=True)
    machine.write(f"{PREFIX}/bin/syncd", _COMMAND, 0o755)
    # The service may not write there, so it would compile all of it anew at each start.
    machine.check(f"{PREFIX}/bin/python", "-m", "compileall", "-q", "-j0", str(_inside(site)))
    for source, target in (
        ("syncd.service", "/etc/systemd/system/syncd.service"),
        ("sysusers.d/syncd.conf", "/etc/sysusers.d/syncd.conf"),
    ):
        machine.write(target, (REPOSITORY / "deploy" / source).read_text(encoding="utf-8"))
    machine.check("systemd-sysusers", "/etc/sysusers.d/syncd.conf")
    machine.check("systemctl", "daemon-reload")


def _inside(path: Path) -> Path:
    return Path("/", *path.parts[path.parts.index("root") + 1 :])


def _closure(root: str) -> Iterator[Distribution]:
    """Every distribution that installing `root` and the connectors without extras would install."""
    seen = {"syncd", *(f"syncd-{connector}" for connector in _CONNECTORS)}
    waiting = [need for name in sorted(seen) for need in _needs(distribution(name))]
    while waiting:
        name = waiting.pop()
        if name not in seen:
            seen.add(name)
            dist = distribution(name)
            yield dist
            waiting.extend(_needs(dist))


def _needs(dist: Distribution) -> Iterator[str]:
    from packaging.requirements import Requirement

    for line in dist.requires or ():
        requirement = Requirement(line)
        extras = requirement.extras or {""}
        if requirement.marker is None or requirement.marker.evaluate({"extra": ""}):
            yield re.sub(r"[-_.]+", "-", requirement.name).lower()
            for extra in extras - {""}:
                yield from _extra(requirement.name, extra)


def _extra(name: str, extra: str) -> Iterator[str]:
    from packaging.requirements import Requirement

    for line in distribution(name).requires or ():
        requirement = Requirement(line)
        if requirement.marker is not None and requirement.marker.evaluate({"extra": extra}):
            yield re.sub(r"[-_.]+", "-", requirement.name).lower()


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
    assert spec is not None and spec.origin is not None, f"{package} is not installed"
    shutil.copytree(Path(spec.origin).parent, site / package, dirs_exist_ok=True)
    info = next(file for file in dist.files or () if file.name == "METADATA").locate()
    shutil.copytree(Path(str(info)).parent, site / Path(str(info)).parent.name)
