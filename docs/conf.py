"""How the documentation is built: alone, without network, and with every warning an error (``-n -W``)."""

import sys
import tomllib
from pathlib import Path

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE / "_ext"))

project = "therapeutic-process"
author = "The therapeutic-process developers"
copyright = "the therapeutic-process developers, MIT licence"
release = tomllib.loads((HERE.parent / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
version = ".".join(release.split(".")[:2])

extensions = [
    "sphinx.ext.autodoc",
    "sphinx.ext.napoleon",
    "myst_nb",
    "record_tables",
    "schema_page",
]
exclude_patterns = ["_build", "jupyter_execute", "_ext"]
root_doc = "index"

html_theme = "furo"
html_title = "therapeutic-process"
html_static_path = ["_static"]
html_css_files = ["tables.css"]
html_show_sourcelink = False

myst_enable_extensions = ["colon_fence", "deflist"]
myst_heading_anchors = 3

# The tutorials run on every build: what they show is what the library does today.
nb_execution_mode = "force"
nb_execution_raise_on_error = True
nb_execution_timeout = 180
nb_merge_streams = True

autodoc_default_options = {"members": True}
autodoc_member_order = "bysource"
autodoc_typehints = "signature"
autodoc_preserve_defaults = True
python_use_unqualified_type_names = True
python_maximum_signature_line_length = 80
napoleon_use_ivar = True
napoleon_use_rtype = False

# A short name in a signature that two rooms share is left without a link.
suppress_warnings = ["ref.python"]

# Types of other projects are described on the network, and this documentation builds without it.
# Every public name of this package is still checked.
nitpick_ignore = [  # types that their room keeps to itself
    ("py:class", "therapeutic_process.exchange.conversion.sources.Opened"),
    ("py:class", "therapeutic_process.exchange.conversion.targets.Writing"),
    ("py:class", "therapeutic_process.simulate.series.Design"),
    ("py:class", "therapeutic_process.simulate.series.Series"),
]
nitpick_ignore_regex = [(r"py:.*", r"(?!therapeutic_process\.).*"), (r"py:.*", r".*\._\w+")]
