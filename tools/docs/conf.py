"""Settings of Sphinx. Nothing is loaded from elsewhere: the site reads and searches without a network."""

import importlib.util
import sys
from pathlib import Path

REPO = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(REPO), str(REPO / "protos")]

from sdk import __version__  # noqa: E402
from tools.docs.docstrings import convert  # noqa: E402

project = "EmoMotion SDK"
author = "The EmoMotion SDK"
project_copyright = author
release = version = __version__
extensions = ["myst_parser", "sphinx.ext.autodoc"]
exclude_patterns = [".doctrees", "snippets/README.md"]
source_suffix = {".md": "markdown"}

# Links to headings, as the pages write them, are checked down to this level.
myst_heading_anchors = 4
# A page may begin its sections where it likes; a class that a package hands on has two names, and either link is right.
suppress_warnings = ["myst.header", "ref.python"]

autodoc_default_options = {"members": True, "no-value": True, "member-order": "bysource"}
autodoc_typehints = "signature"
MAY_BE_ABSENT = (
    "aiohttp addon_utils bpy io_scene_fbx mathutils matplotlib opentelemetry pxr ray scipy smplx torch trimesh viser"
).split()
# What an extra would bring is named, not needed, so that the reference does not depend on what is installed.
autodoc_mock_imports = [name for name in MAY_BE_ABSENT if importlib.util.find_spec(name) is None]
# The side bar shows pages and their sections, not every function.
add_module_names = False
toc_object_entries = False
python_use_unqualified_type_names = True
python_maximum_signature_line_length = 100

html_theme = "furo"
html_title = f"EmoMotion SDK {release}"
html_show_sphinx = False
html_copy_source = False
html_theme_options = {
    "light_css_variables": {"color-brand-primary": "#0b6e63", "color-brand-content": "#0b6e63"},
    "dark_css_variables": {"color-brand-primary": "#54c7b8", "color-brand-content": "#54c7b8"},
}
pygments_style = "friendly"
pygments_dark_style = "native"


def setup(app) -> None:  # type: ignore[no-untyped-def]
    """Docstrings here are plain text with names in `backticks`, not reStructuredText."""
    app.connect("autodoc-process-docstring", lambda app, what, name, obj, options, lines: convert(lines))
