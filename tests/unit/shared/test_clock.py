from datetime import timedelta
from uuid import UUID

import orjson

from shared.clock import first_id_at, new_id, utc_now


def test_ids_sort_by_the_time_they_were_made() -> None:
    ids = [new_id() for _ in range(10_000)]
    assert ids == sorted(ids)
    assert len(set(ids)) == len(ids)


def test_an_id_is_an_id_of_its_moment() -> None:
    now = utc_now()
    made = new_id()
    assert made.version == 7
    assert first_id_at(now - timedelta(milliseconds=1)) < made
    assert made < first_id_at(now + timedelta(minutes=1))


def test_an_id_is_the_same_id_in_every_form() -> None:
    made = new_id()
    again = UUID(str(made))
    assert (made, hash(made), made.bytes, made.hex) == (again, hash(again), again.bytes, again.hex)
    assert orjson.dumps(made, default=str) == orjson.dumps(again)
