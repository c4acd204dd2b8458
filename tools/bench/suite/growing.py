"""The sizes at which growth is measured."""

HOOKS = (0, 1, 5, 20)
ROWS = (1, 10, 100, 1000)
WIDTHS = (3, 10, 30)
DEPTHS = (0, 1, 2, 3)
ROUTES = (1, 10, 100, 400)
