"""How Sphinx builds these pages: ``sphinx-build -W docs site``, without a network.

Nothing is fetched, neither while they are built nor when they are read: clinics are offline.
"""

from __future__ import annotations

import sys
from pathlib import Path

from napari_scribblemix import __version__

sys.path.insert(0, str(Path(__file__).parent / "extensions"))

project = "napari-scribblemix"
author = "The napari-scribblemix developers"
version = release = __version__

extensions = ["myst_parser", "mathml", "from_code"]
source_suffix = {".md": "markdown"}
myst_enable_extensions = ["colon_fence", "deflist", "dollarmath"]
# Links to a heading of a page, as GitHub makes them.
myst_heading_anchors = 3
nitpicky = True
# Two hyphens are an option, not a dash.
smartquotes = False

html_theme = "pydata_sphinx_theme"
html_title = f"{project} {release}"
html_static_path = ["style"]
html_css_files = ["pages.css"]
html_math_renderer = "mathml"
html_show_copyright = False
html_show_sourcelink = False
html_copy_source = False
# A page without neighbours needs no list of them.
html_sidebars: dict[str, list[str]] = {
    page: [] for page in ("tour", "troubleshooting", "privacy", "glossary", "changes")
}
html_theme_options = {
    "icon_links": [],
    "navbar_end": ["theme-switcher"],
    "show_toc_level": 2,
    "footer_start": ["sphinx-version"],
    "footer_end": [],
}
