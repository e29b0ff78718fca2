"""How far one job is: a bar that bears its name, what is being done, and what was noted on the way.

Each kind of job has its own, so that none speaks for another.
"""

from __future__ import annotations

from collections.abc import Sequence

from qtpy.QtCore import QElapsedTimer, QTimer
from qtpy.QtWidgets import QProgressBar, QWidget

from napari_scribblemix.data.wording import counted
from napari_scribblemix.gui.widgets.controls import column, row, say, tip
from napari_scribblemix.gui.widgets.lines import Lines

_NOTES = 8


class JobLine(QWidget):
    """A bar, with ``beside`` on its right, and lines below it; none of them moves."""

    def __init__(self, name: str, hint: str, *beside: QWidget, notes: bool = True) -> None:
        """``notes``: notes have lines of their own, else they follow the words."""
        super().__init__()
        self._name, self._said, self._noted = name, "", ""
        self.bar = QProgressBar()
        self.bar.setRange(0, 1000)
        self.bar.setMinimumHeight(14)
        tip(self.bar, hint)
        room = self.bar.sizePolicy()
        room.setRetainSizeWhenHidden(True)
        self.bar.setSizePolicy(room)
        self.words = Lines(2)
        self.notes = Lines(2) if notes else self.words
        self.waited = QElapsedTimer()
        self.each_second = QTimer(self)
        self.each_second.setInterval(1000)
        self.each_second.timeout.connect(self._say)
        layout = column(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addLayout(row(self.bar, *beside, stretch=0))
        layout.addWidget(self.words)
        if notes:
            layout.addWidget(self.notes)
        self.show_job("", busy=False, fraction=0.0, notes=())

    def close_job(self) -> None:
        """Stop the timer."""
        self.each_second.stop()

    def show_job(
        self, words: str, *, busy: bool, fraction: float | None, notes: Sequence[str]
    ) -> None:
        """What is said of the job; ``fraction`` is ``None`` as long as nobody knows how far it is.

        Then the time shows that something goes on, and how long.
        """
        waiting = busy and fraction is None
        done = fraction or 0.0
        self.bar.setRange(0, 0 if waiting else 1000)
        self.bar.setValue(round(1000 * done))
        self.bar.setFormat(f"{self._name} %p%")
        self.bar.setVisible(busy or done > 0)
        # The first is read at a glance, the tooltip has all.
        count, first = len(notes), "\n".join(notes[:_NOTES])
        noted = f"{counted(count, 'note')}: {first}" if count else ""
        if self.notes is not self.words:
            say(self.notes, noted)
            noted = ""
        self._said, self._noted = words, noted
        if not waiting:
            self.each_second.stop()
        elif not self.each_second.isActive():
            self.waited.start()
            self.each_second.start()
        self._say()

    def _say(self) -> None:
        seconds = self.waited.elapsed() // 1000 if self.each_second.isActive() else 0
        words = f"{self._said.rstrip('…')}, {seconds} s…" if seconds > 0 else self._said
        say(self.words, f"{words} {self._noted}".strip())
