"""Entry points become checked connector classes; what is wrong with one never stops the rest."""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from importlib.metadata import EntryPoint, entry_points
from inspect import getattr_static

from pluggy import PluginManager, PluginValidationError

from syncd import hookspecs, process
from syncd.connector import API_VERSION, AccountConfig, Capability, Connector
from syncd.connector.contract import NAME, STREAMS


@dataclass(frozen=True, slots=True)
class PluginProblem:
    """Why a connector is not there, in a sentence that says who has to do what."""

    distribution: str
    """Name and version of the package that brings it."""
    entry_point: str
    text: str

    def __str__(self) -> str:
        return f"{self.entry_point} ({self.distribution}): {self.text}"


@dataclass(frozen=True, slots=True)
class Plugins:
    """The connectors that are installed and fit, and what is wrong with the others."""

    connectors: dict[str, type[Connector]] = field(default_factory=dict)
    problems: list[PluginProblem] = field(default_factory=list)
    origins: dict[str, str] = field(default_factory=dict)
    """Connector name -> name and version of the package that brings it."""


class _Unfit(Exception):
    """A plug-in or one of its classes breaks the contract; the text is for its reader."""


def load(wanted: Collection[str] | None = None) -> Plugins:
    """Import the installed connectors and check them against the contract.

    With `wanted`, only the entry points of these names, as each import costs a start some
    milliseconds; all of them where a connector of these names is still not there, for an entry
    point may bring connectors of other names than its own.

    Never raises because of a plug-in: each entry point is loaded by itself, and whatever goes wrong
    with it becomes a problem.
    """
    found = entry_points(group=hookspecs.ENTRY_POINT_GROUP)
    if wanted is not None:
        plugins = _loaded(each for each in found if each.name in wanted)
        if plugins.connectors.keys() >= set(wanted):
            return plugins
    return _loaded(found)


def owner(name: str) -> str | None:
    """Name and version of the installed package that stands in the way of a connector `name`.

    That is one whose connector, entry point or module is called so already; None: it is free.
    """
    for each in entry_points(group=hookspecs.ENTRY_POINT_GROUP):
        if name == each.name or each.module.partition(".")[0] == f"syncd_{name}":
            return _distribution(each)
    return load().origins.get(name)


def _loaded(found: Iterable[EntryPoint]) -> Plugins:
    plugins = Plugins()
    for entry_point in sorted(found, key=lambda each: (each.name, _distribution(each))):
        for problem in _add(plugins, entry_point):
            plugins.problems.append(
                PluginProblem(_distribution(entry_point), entry_point.name, problem)
            )
    return plugins


def _distribution(entry_point: EntryPoint) -> str:
    dist = entry_point.dist
    return f"{dist.name} {dist.version}" if dist else "unknown package"


def _add(plugins: Plugins, entry_point: EntryPoint) -> Iterator[str]:
    """Take over the fit classes of one entry point; yields what is wrong with the others."""
    distribution = _distribution(entry_point)
    try:
        classes = _classes(entry_point)
    except _Unfit as unfit:
        yield str(unfit)
        return
    for candidate in classes:
        try:
            connector = _checked(candidate, distribution)
            _refuse_duplicate(connector.name, plugins)
        except _Unfit as unfit:
            yield str(unfit)
        else:
            plugins.connectors[connector.name] = connector
            plugins.origins[connector.name] = distribution


def _classes(entry_point: EntryPoint) -> list[object]:
    module = _imported(entry_point)
    manager = PluginManager(hookspecs.PROJECT)
    manager.add_hookspecs(hookspecs)
    try:
        manager.register(module, name=entry_point.name)
        manager.check_pending()
    except PluginValidationError as error:
        raise _Unfit(_hook_problem(error)) from error
    return _registered(manager)


def _imported(entry_point: EntryPoint) -> object:
    try:
        with process.importing():
            loaded: object = entry_point.load()
    except (Exception, SystemExit) as error:  # the plug-in boundary: any import bug is the author's
        raise _Unfit(
            f"importing {entry_point.value} failed: {_named(error)}; reinstall the package or "
            "report this to its author"
        ) from error
    return loaded


def _hook_problem(error: PluginValidationError) -> str:
    said = " ".join(str(error).split())
    return f"it implements a hook that syncd does not have ({said}); the only one is syncd_connectors()"


def _registered(manager: PluginManager) -> list[object]:
    try:
        answers = manager.hook.syncd_connectors()
        classes = [each for answer in answers for each in answer]
    except (Exception, SystemExit) as error:  # the plug-in boundary again
        raise _Unfit(f"its syncd_connectors() failed: {_named(error)}") from error
    if not classes:
        raise _Unfit(
            "it registers no connector: decorate a function syncd_connectors() that returns the "
            "classes with @syncd.hookspecs.hookimpl"
        )
    return classes


def _checked(candidate: object, distribution: str) -> type[Connector]:
    if not (isinstance(candidate, type) and issubclass(candidate, Connector)):
        raise _Unfit(f"{candidate!r} is not a subclass of syncd.connector.Connector")
    _check_version(candidate, distribution)
    for check in (_check_name, _check_config, _check_streams, _check_capabilities):
        check(candidate)
    return candidate


def _check_version(connector: type[Connector], distribution: str) -> None:
    theirs: object = vars(connector).get("api_version")
    if theirs is None:
        raise _Unfit(
            f"{connector.__name__} names no api_version: write api_version = {API_VERSION} into the "
            "class itself, the version of the connector contract that it was written for"
        )
    if theirs == API_VERSION:
        return
    if not isinstance(theirs, int):
        raise _Unfit(f"{connector.__name__}.api_version must be a number, not {theirs!r}")
    stale = "syncd" if theirs > API_VERSION else distribution.split(maxsplit=1)[0]
    raise _Unfit(
        f"it was written for version {theirs} of the connector contract, this syncd has "
        f"version {API_VERSION}: update {stale}"
    )


def _check_name(connector: type[Connector]) -> None:
    name: object = getattr(connector, "name", None)
    if name is None:
        raise _Unfit(f'{connector.__name__} has no name: give the class a name = "..."')
    if not (isinstance(name, str) and NAME.fullmatch(name)):
        raise _Unfit(
            f"{connector.__name__}.name is {name!r}: it must be a word of a-z, 0-9 and '-' that "
            "begins with a letter"
        )


def _check_config(connector: type[Connector]) -> None:
    config: object = connector.Config
    if not (isinstance(config, type) and issubclass(config, AccountConfig)):
        raise _Unfit(
            f"{connector.__name__}.Config must be a subclass of syncd.connector.AccountConfig"
        )


def _check_streams(connector: type[Connector]) -> None:
    streams: object = connector.streams
    try:
        intervals = dict(streams)  # type: ignore[call-overload]  # what it is, is the question
    except (TypeError, ValueError):
        intervals = {"": None}
    for stream, interval in intervals.items():
        if stream not in STREAMS or not _is_interval(interval):
            raise _Unfit(
                f"{connector.__name__}.streams must map streams ({', '.join(STREAMS)}) to intervals "
                "(timedelta)"
            )
    if intervals and connector.poll is Connector.poll:
        raise _Unfit(f"{connector.__name__} names streams but has no poll() of its own")


def _is_interval(value: object) -> bool:
    return isinstance(value, timedelta) and value > timedelta(0)


def _check_capabilities(connector: type[Connector]) -> None:
    capabilities: object = connector.capabilities
    if not isinstance(capabilities, frozenset) or not capabilities <= frozenset(Capability):
        raise _Unfit(f"{connector.__name__}.capabilities must be a frozenset of Capability")
    for name in ("able", "reads"):
        if not isinstance(getattr_static(connector, name), classmethod):
            raise _Unfit(
                f"{connector.__name__}.{name} must be a class method that takes the settings: what "
                "they leave out is asked before there is an object"
            )


def _refuse_duplicate(name: str, plugins: Plugins) -> None:
    if name in plugins.connectors:
        raise _Unfit(
            f"the name {name!r} is already taken by {plugins.origins[name]}: uninstall one of them"
        )


def _named(error: BaseException) -> str:
    """Class and text of an error, on one line."""
    return " ".join(f"{type(error).__name__}: {error}".split())
