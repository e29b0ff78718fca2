"""*Train* and *Segment* as small docks of their own: choose layers, press.

Made by magicgui, for those who work with plain layers and want to know of no project.  ModelMix is
not offered: it needs companions, which the panel asks for.  Annotations are not postponed here:
magicgui reads them.
"""

from functools import partial
from typing import Any, Literal

from magicgui import magic_factory
from magicgui.widgets import Label, PushButton
from napari.layers import Image, Labels
from napari.utils.notifications import show_error
from napari.viewer import Viewer
from qtpy.QtWidgets import QLabel

from napari_scribblemix.data.labels import CARDIAC
from napari_scribblemix.errors import ScribbleMixError
from napari_scribblemix.gui.layer_work import LayerWork
from napari_scribblemix.gui.state.relay import WorkerRelay
from napari_scribblemix.gui.viewer.plain_layers import legend
from napari_scribblemix.gui.viewer.unwrapped import unwrapped
from napari_scribblemix.gui.widgets.plain import plain
from napari_scribblemix.gui.widgets.questions import ask

_WORDS = "scribblemix_words"
_works: dict[int, LayerWork] = {}
"""By the window they are of."""

_IMAGE = {"tooltip": "The image: slices, rows and columns, or a single slice."}
_SCRIBBLES = {"tooltip": f"A labels layer with strokes on the image. {legend(CARDIAC)}"}
_METHOD = {"tooltip": "cyclemix: mixed images and consistency; partial: the stroked pixels alone."}
_MINUTES = {"label": "time (min)", "min": 0.5, "max": 1440.0, "step": 1.0}
_MODEL = {"tooltip": "The newest training of this image, if there is one, or the starter."}


def work_of(viewer: Any) -> LayerWork:
    """The work on the layers of ``viewer``; it ends with the window."""
    viewer, window = unwrapped(viewer), _window_of(viewer)
    key = id(window)
    if key not in _works:
        work = _works[key] = LayerWork(viewer, WorkerRelay())
        work.said.connect(lambda words: _say(window, words))
        window.destroyed.connect(partial(end_work, key))
    return _works[key]


def end_work(key: int, *_gone: object) -> None:
    """Save and end the work of a window that goes, if there is any."""
    work = _works.pop(key, None)
    if work is not None:
        work.close()
        # What listens holds on to the window.
        work.said.disconnect()


def _say(window: Any, words: str) -> None:
    for line in window.findChildren(QLabel, _WORDS):
        line.setText(words)


def _prepare(widget: Any) -> None:
    """A button to stop, and a line that says what goes on."""
    stop = PushButton(text="Stop", gui_only=True, tooltip="Save and end; the mask so far stays.")
    stop.changed.connect(lambda _pressed: work_of(widget.viewer.value).stop())
    words = Label(gui_only=True)
    words.native.setObjectName(_WORDS)
    words.native.setWordWrap(True)
    widget.extend([stop, words])


def may_replace_strokes(window: Any, question: str) -> bool:
    """Ask whoever sits at the window."""
    return bool(ask(window, "Replace strokes?", question))


def _window_of(viewer: Any) -> Any:
    return unwrapped(viewer).window._qt_window


@magic_factory(
    call_button="Train",
    widget_init=_prepare,
    image=_IMAGE,
    scribbles=_SCRIBBLES,
    method=_METHOD,
    minutes=_MINUTES,
)
def train_layers(
    viewer: Viewer,
    image: Image,
    scribbles: Labels,
    method: Literal["cyclemix", "partial"] = "cyclemix",
    minutes: float = 5.0,
) -> None:
    """Learn from the strokes on a layer, and show the mask as a labels layer."""
    try:
        may_replace = partial(may_replace_strokes, _window_of(viewer))
        work_of(viewer).train(image, scribbles, method, 60.0 * minutes, may_replace)
    except ScribbleMixError as error:
        _refuse(viewer, error)


@magic_factory(call_button="Segment", widget_init=_prepare, image=_IMAGE, model=_MODEL)
def segment_layer(
    viewer: Viewer, image: Image, model: Literal["newest training", "starter"] = "newest training"
) -> None:
    """Make the mask of a layer, as a labels layer."""
    try:
        work_of(viewer).segment(image, trained=model != "starter")
    except ScribbleMixError as error:
        _refuse(viewer, error)


def _refuse(viewer: Any, error: ScribbleMixError) -> None:
    _say(_window_of(viewer), str(error))
    show_error(plain(str(error)))
