"""A bug in how stock is written."""

from services.inventory import repository

GUARD = " AND products.xmin = now.row_version"


def check_then_update() -> None:
    """The stock is looked at, and written whatever another replica has sold of it meanwhile."""
    assert GUARD in repository.MOVE_STOCK  # noqa: S101 - or nothing would be planted
    repository.MOVE_STOCK = repository.MOVE_STOCK.replace(GUARD, "")
    repository.HELD = ""
