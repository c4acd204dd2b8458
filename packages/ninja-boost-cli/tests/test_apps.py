from __future__ import annotations

import ast

import pytest

from ninja_boost_cli import Refused, start_app

LIST = """APPS = [
    "apps.items",
    # ninja-boost: new apps go above this line
]
"""


@pytest.fixture
def project(tmp_path):
    (tmp_path / "manage.py").touch()
    (tmp_path / "apps").mkdir()
    (tmp_path / "apps" / "__init__.py").touch()
    (tmp_path / "apps" / "testing.py").touch()
    (tmp_path / "apps" / "registered.py").write_text(LIST)
    return tmp_path


def registered(project):
    namespace = {}
    exec((project / "apps" / "registered.py").read_text(), namespace)
    return namespace["APPS"]


def test_an_app_is_wired_in(project):
    start_app("orders", root=project).write()
    start_app("order_lines", root=project).write()
    assert registered(project) == ["apps.items", "apps.orders", "apps.order_lines"]
    for path in (project / "apps" / "orders").rglob("*.py"):
        ast.parse(path.read_text())
    assert "class Order(models.Model)" in (project / "apps/orders/models.py").read_text()
    assert "class OrderLine(" in (project / "apps/order_lines/models.py").read_text()


def test_line_ends_stay_as_they_are(project):
    path = project / "apps" / "registered.py"
    path.write_bytes(LIST.replace("\n", "\r\n").encode())
    start_app("orders", root=project).write()
    assert path.read_bytes().count(b"\r\n") == path.read_bytes().count(b"\n") == 5


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (None, "no file"),
        ("APPS = []\n", "no line"),
        (LIST + "# ninja-boost: new apps go above this line\n", "2 lines"),
    ],
)
def test_where_it_cannot_be_wired_in_it_says_what_to_do(project, text, why):
    path = project / "apps" / "registered.py"
    path.unlink()
    if text is not None:
        path.write_text(text)
    plan = start_app("orders", root=project)
    plan.write()
    notes = "\n".join(plan.notes)
    assert why in notes
    assert 'INSTALLED_APPS += ["apps.orders"]' in notes
    assert 'api.add_router("/orders", orders_router)' in notes
    assert (path.read_text() if path.exists() else None) == text


def test_an_app_that_is_there_is_not_touched(project):
    (project / "apps" / "orders").mkdir()
    (project / "apps" / "orders" / "models.py").write_text("precious")
    with pytest.raises(Refused, match=r"models\.py"):
        start_app("orders", root=project).write()
    assert registered(project) == ["apps.items"]
    assert [path.name for path in (project / "apps" / "orders").iterdir()] == ["models.py"]


def test_an_app_that_is_registered_is_refused(project):
    with pytest.raises(Refused, match=r"names apps\.items already"):
        start_app("items", root=project)


def test_there_has_to_be_a_project(tmp_path):
    with pytest.raises(Refused, match=r"no manage\.py"):
        start_app("orders", root=tmp_path)


def test_a_project_of_others_gets_what_the_tests_need(project):
    (project / "apps" / "testing.py").unlink()
    (project / "apps" / "__init__.py").unlink()
    plan = start_app("orders", root=project)
    assert {"apps/testing.py", "apps/__init__.py"} <= set(plan.files)
    assert "apps/testing.py signs" in "\n".join(plan.notes)


def test_the_model_can_be_chosen(project):
    plan = start_app("news", root=project, model="Article")
    assert b"class Article(models.Model)" in plan.files["apps/news/models.py"]
    assert b"def create_article(" in plan.files["apps/news/routers.py"]
    with pytest.raises(Refused):
        start_app("news", root=project, model="article")


@pytest.mark.parametrize(
    "name",
    [
        *("classes", "imports", "queries", "payloads", "models", "urls", "selves", "names"),
        *("routers", "schemas", "status", "order_2_lines", "field", "app_configs", "migrations"),
    ],
)
def test_the_modules_of_an_app_are_well_formed(project, name):
    plan = start_app(name, root=project)
    for path, text in plan.files.items():
        compile(text, path, "exec")


def test_names_in_the_module_differ_where_app_and_model_are_the_same(project):
    plan = start_app("stock", root=project)
    tree = ast.parse(plan.files["apps/stock/routers.py"])
    names = [node.name for node in tree.body if isinstance(node, ast.FunctionDef)]
    assert len(set(names)) == 4
