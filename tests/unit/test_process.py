"""Who holds a lease, and whether that one still lives."""

import os
import subprocess
import sys

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


@pytest.mark.parametrize("owner", ["", "a", "a:b:c", "elsewhere:1:1"])
def test_of_others_nothing_is_known(owner):
    assert not process.is_dead(owner)
