"""Work in a thread beside the window: its result, its error and its end are told."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from napari_scribblemix.errors import FileError
from napari_scribblemix.gui.state.background import Background, Step


def test_work_beside_the_window_tells_its_result_its_error_and_its_end(qtbot: Any) -> None:
    heard: list[Any] = []

    def run(work: Callable[[Step], Any]) -> list[Any]:
        heard.clear()
        task = Background(work)
        task.done.connect(lambda result: heard.append(result))
        task.failed.connect(lambda words: heard.append(words))
        with qtbot.waitSignal(task.ended, timeout=5000):
            task.start()
        return list(heard)

    def refuse(_step: Step) -> None:
        raise FileError("no file")

    assert run(lambda step: step(1, 2) or 7) == [7]
    assert run(refuse) == ["no file"]


def test_a_defect_in_work_beside_the_window_is_not_lost(qtbot: Any) -> None:
    def break_down(_step: Step) -> None:
        raise ZeroDivisionError("ours")

    task = Background(break_down)
    with (
        qtbot.captureExceptions() as errors,
        qtbot.waitSignal(task.ended, timeout=5000),
    ):
        task.start()
    assert [kind for kind, _, _ in errors] == [ZeroDivisionError]
