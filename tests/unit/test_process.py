"""Who holds a lease, whether that one still lives, and what the garbage collector looks at."""

import ctypes
import gc
import json
import os
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest

from syncd import process

NAMING = "from syncd import process; print(process.name(), flush=True); input()"


@pytest.fixture
def other():
    """Another process, and the name it goes by."""
    with subprocess.Popen(
        [sys.executable, "-c", NAMING], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as child:
        yield child, child.stdout.readline().strip()
        child.kill()


def test_who_has_no_home_is_at_the_root(monkeypatch):
    monkeypatch.delenv("HOME")
    assert process.home() == Path.home()
    monkeypatch.setattr("os.path.expanduser", lambda path: path)  # as for a uid of no user
    assert process.home() == Path("/")


def test_the_living_are_alive(other):
    assert not process.is_dead(process.name())
    assert not process.is_dead(other[1])


def test_the_killed_are_dead_before_and_after_their_parent_has_noticed(other):
    child, name = other
    child.kill()
    os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)  # it has ended, and is still listed
    assert process.is_dead(name)
    child.wait()
    assert process.is_dead(name)


def test_a_process_that_is_hidden_is_not_taken_for_dead(other, monkeypatch):
    def hidden(_):
        raise FileNotFoundError

    monkeypatch.setattr(process, "_started", hidden)
    child, name = other
    assert not process.is_dead(name)
    child.kill()
    child.wait()
    assert process.is_dead(name)


def test_somebody_elses_process_is_alive(monkeypatch):
    def not_ours(_pid, _signal):
        raise PermissionError

    monkeypatch.setattr(os, "kill", not_ours)
    assert not process.is_dead(f"{process.name().split(':')[0]}:{2**22 + 1}:1")


def test_of_another_machine_of_the_same_name_nothing_is_known(other, monkeypatch):
    """A cloned machine has the first one's name, a container may have its host's."""
    child, name = other
    child.kill()
    child.wait()
    assert process.is_dead(name)
    monkeypatch.setattr(process, "_place", lambda: "a clone")
    assert not process.is_dead(name)


@pytest.mark.parametrize("owner", ["", "a", "a:b:c", "elsewhere:1:1"])
def test_of_others_nothing_is_known(owner):
    assert not process.is_dead(owner)


@pytest.fixture
def unsettled():
    """The collector as it is in a process that has just begun."""
    gc.unfreeze()
    yield
    gc.unfreeze()


def test_what_is_imported_is_not_looked_through_when_the_collector_is_let_loose(unsettled):
    with process.importing():
        assert not gc.isenabled()
        made = [[] for _ in range(10_000)]

    assert gc.isenabled()
    assert gc.get_count()[0] < 1_000
    assert any(each is made for each in gc.get_objects(generation=2))


def test_what_is_settled_stays_so_at_a_later_import(unsettled):
    gc.freeze()
    settled = gc.get_freeze_count()

    with process.importing():
        pass

    assert gc.get_freeze_count() > settled / 2


def test_a_collector_that_was_off_stays_off(unsettled):
    gc.disable()
    try:
        with process.importing():
            pass
        assert not gc.isenabled()
    finally:
        gc.enable()


LEAVING = """
class Thing:
    def __del__(self):
        print("found")

thing = Thing()
thing.itself = thing
del thing
"""


@pytest.mark.parametrize(("first", "said"), [("", "found\n"), ("process.end_as_it_is()\n", "")])
def test_at_the_end_no_garbage_is_looked_for(first, said):
    script = f"from syncd import process\n{first}{LEAVING}"
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert run.stdout == said


HEAPS = """
import ctypes, threading
from syncd import process
if {settled}: process.settle()
def allocate(kept=[]): kept += [b"x" * 600 * n for n in range(99)]
several = [threading.Thread(target=allocate) for _ in range(4)]
for each in several: each.start()
for each in several: each.join()
ctypes.CDLL(None).malloc_stats()
"""


@pytest.mark.skipif(not hasattr(ctypes.CDLL(None), "malloc_stats"), reason="not glibc")
@pytest.mark.parametrize("settled", [True, False])
def test_the_threads_of_a_daemon_share_one_heap(settled):
    command = [sys.executable, "-c", HEAPS.format(settled=settled)]
    told = subprocess.run(command, capture_output=True, text=True, check=True).stderr
    assert ("Arena 1:" in told) != settled


def test_what_is_imported_without_a_library_takes_it_for_missing(monkeypatch):
    monkeypatch.delitem(sys.modules, "colorsys", raising=False)
    with process.without("colorsys"), pytest.raises(ModuleNotFoundError):
        import_module("colorsys")
    assert import_module("colorsys").rgb_to_hsv


def test_a_library_that_is_imported_already_stays():
    with process.without("json"):
        assert import_module("json") is json


def test_a_start_imports_no_library_that_is_only_for_tables():
    asked = (
        "import sys, syncd.log, syncd.http; print('rich' in sys.modules, 'httpx' in sys.modules)"
    )
    said = subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, check=True)
    assert said.stdout.split() == ["False", "True"]
