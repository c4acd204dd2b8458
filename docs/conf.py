"""Sphinx's settings. The site is built by build.py, which writes its sources first."""

from sphinx.application import Sphinx

from ninja_boost_permissions import BasePermission

project = "django-ninja-boost"
copyright = "django-ninja-boost contributors, MIT licence"
extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]
exclude_patterns = ["conf.py"]
html_theme = "furo"
html_title = "django-ninja-boost"
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_show_sphinx = False
html_copy_source = False
html_theme_options = {"footer_icons": []}

myst_enable_extensions = ["fieldlist"]
myst_heading_anchors = 3

# In a docstring `name` is code, as in Markdown.
default_role = "code"
autodoc_default_options = {"show-inheritance": True, "undoc-members": False}
autodoc_member_order = "bysource"
autodoc_typehints = "signature"
autodoc_typehints_format = "short"
autodoc_preserve_defaults = True
python_use_unqualified_type_names = True
python_maximum_signature_line_length = 88
napoleon_use_ivar = True
# An entry for each method would make every page slow to build and its list of contents long.
toc_object_entries = False


def setup(app: Sphinx) -> None:
    # autodoc asks classes for their truth, which a permission refuses to tell.
    del type(BasePermission).__bool__
