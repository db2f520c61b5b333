"""A stage that is asked to leave saves first, in whichever thread it works; whoever asks waits no longer than said."""

import signal
import threading
import time

import pytest

from pipeline import LocalStore, Model, Pipeline, Stage, Step, Stopped, saving, stopping, workplace
from pipeline.runner import run
from pipeline.stopping import ask_to_stop


@pytest.fixture(autouse=True)
def _unasked(monkeypatch):
    monkeypatch.setattr(stopping, "_asked", False)
    monkeypatch.setattr(stopping, "_PARKED", 0.1)


def test_unasked_a_block_is_left_as_any_other():
    with saving() as asked:
        assert not asked()
    assert ask_to_stop(0)


def at_work(saved: list[str], began: threading.Event, seconds: float) -> threading.Thread:
    def work() -> None:
        with pytest.raises(Stopped), saving() as asked:  # noqa: PT012
            began.set()
            while not asked():
                time.sleep(0.01)
            time.sleep(seconds)
            saved.append("saved")

    thread = threading.Thread(target=work)
    thread.start()
    began.wait(10)
    return thread


def test_who_asks_waits_until_every_thread_has_saved():
    saved: list[str] = []
    threads = [at_work(saved, threading.Event(), seconds) for seconds in (0.1, 0.3)]
    assert ask_to_stop(10)
    assert saved == ["saved"] * 2
    for thread in threads:
        thread.join()


def test_who_asks_waits_no_longer_than_said():
    saved: list[str] = []
    thread = at_work(saved, threading.Event(), 1.0)
    began = time.monotonic()
    assert ask_to_stop(0.2)
    assert (saved, time.monotonic() - began < 0.9) == ([], True)
    thread.join()


def test_a_thread_does_not_wait_for_itself():
    with pytest.raises(Stopped), saving() as asked:  # noqa: PT012
        began = time.monotonic()
        assert not ask_to_stop(10)
        assert time.monotonic() - began < 5
        assert asked()


def test_a_failure_inside_is_told_as_it_is():
    with pytest.raises(ZeroDivisionError), saving():  # noqa: PT012
        ask_to_stop(0)
        raise ZeroDivisionError


class Short(Stage):
    def run(self) -> Model:
        with saving() as asked:
            return Model(facts={"asked": int(asked())})


class Long(Stage):
    """Works until it is asked, and notes that it saved."""

    def run(self) -> Model:
        place = workplace()
        if not place.names():
            with saving() as asked:
                ask_to_stop(0)
                while not asked():
                    time.sleep(0.01)
                place.write("so_far", b"17")
        return Model(facts={"found": int(place.read("so_far"))})


def test_a_stage_in_the_main_thread_ends_its_run_and_the_next_goes_on(store, monkeypatch):
    long = Pipeline("p", Step("long", Long()))
    with pytest.raises(Stopped):
        run(long, store)
    assert LocalStore(store.root).run_ids() == []
    monkeypatch.setattr(stopping, "_asked", False)
    assert run(long, store).status == "done"


def test_importing_and_running_set_no_handler(store):
    before = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)]
    assert run(Pipeline("p", Step("short", Short())), store).status == "done"
    assert [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)] == before
