"""Equations as MathML, which browsers draw by themselves: no script, no font, no network.

docutils, on which Sphinx stands, turns LaTeX into MathML.  An equation that it cannot read is a
warning, and so an error of the build.
"""

from __future__ import annotations

from docutils import nodes
from docutils.utils.math import MathError
from docutils.utils.math.latex2mathml import tex2mathml
from sphinx.application import Sphinx
from sphinx.util import logging
from sphinx.util.typing import ExtensionMetadata
from sphinx.writers.html5 import HTML5Translator

_logger = logging.getLogger(__name__)


def _write(translator: HTML5Translator, node: nodes.Element, *, block: bool) -> None:
    try:
        translator.body.append(tex2mathml(node.astext(), as_block=block))
    except MathError as error:
        _logger.warning("an equation is no LaTeX that can be shown: %s", error, location=node)
    raise nodes.SkipNode


def _inline(translator: HTML5Translator, node: nodes.math) -> None:
    _write(translator, node, block=False)


def _display(translator: HTML5Translator, node: nodes.math_block) -> None:
    _write(translator, node, block=True)


def setup(app: Sphinx) -> ExtensionMetadata:
    """Register the renderer ``mathml``."""
    app.add_html_math_renderer("mathml", (_inline, None), (_display, None))
    return {"parallel_read_safe": True, "parallel_write_safe": True}
