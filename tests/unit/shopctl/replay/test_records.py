import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shopctl.replay.records import MAX_LINE_CHARS, MAX_RECORD_LINES, Broken, Record, records


def read(content: bytes) -> list[Record | Broken]:
    return list(records(io.TextIOWrapper(io.BytesIO(content), encoding="latin-1", newline="")))


def test_records_have_the_numbers_of_their_first_lines() -> None:
    found = read(b'a,b\n1,"two\nlines"\n\n3,4')

    assert found == [Record(1, ["a", "b"]), Record(2, ["1", "two\nlines"]), Record(5, ["3", "4"])]


@pytest.mark.parametrize("end", [b"\n", b"\r\n", b"\r"])
def test_any_line_end_will_do(end: bytes) -> None:
    assert read(end.join([b"a,b", b"1,2", b""])) == [Record(1, ["a", "b"]), Record(2, ["1", "2"])]


def test_an_open_quote_costs_its_own_line_only() -> None:
    lines = [b"a,b", b'1,"open', *(b"%d,x" % n for n in range(3, 60))]

    found = read(b"\n".join(lines))

    assert found[1] == Broken(2, "a quote is left open")
    assert found[2:] == [Record(n, [str(n), "x"]) for n in range(3, 60)]


def test_an_open_quote_at_the_end_of_the_file_costs_its_own_line_only() -> None:
    assert read(b'a,b\n1,"open\n2,x')[1:] == [
        Broken(2, "a quote is left open"),
        Record(3, ["2", "x"]),
    ]


def test_an_open_quote_that_another_line_closes_costs_its_own_line_only() -> None:
    found = read(b'a,b\n1,"open\n2,"x, y"\n3,4')

    assert [type(each) for each in found] == [Record, Broken, Record, Record]
    assert found[2] == Record(3, ["2", "x, y"])


def test_a_record_over_two_lines_of_another_width_costs_its_first_line_only() -> None:
    assert read(b'a,b\n1,"open\n2,x",\n3,4')[1:] == [
        Broken(2, "has 3 fields, the header has 2"),
        Broken(3, "has 3 fields, the header has 2"),
        Record(4, ["3", "4"]),
    ]


def test_a_record_of_another_width_is_broken() -> None:
    assert read(b"a,b\n1\n1,2,3")[1:] == [
        Broken(2, "has 1 fields, the header has 2"),
        Broken(3, "has 3 fields, the header has 2"),
    ]


def test_a_line_beyond_all_length_is_broken_and_not_kept() -> None:
    found = read(b"a,b\n" + b"x" * (3 * MAX_LINE_CHARS) + b"\n1,2")

    assert found[1:] == [
        Broken(2, f"has over {MAX_LINE_CHARS:,} characters"),
        Record(3, ["1", "2"]),
    ]


def test_the_longest_line_is_read() -> None:
    name = "x" * (MAX_LINE_CHARS - 3)

    assert read(f"a,b\n1,{name}\n1,2".encode())[1:] == [
        Record(2, ["1", name]),
        Record(3, ["1", "2"]),
    ]


def test_utf8_and_latin1_may_stand_in_one_file() -> None:
    found = read("a,b\n1,£5\n".encode() + "2,£6\n".encode("latin-1"))

    assert [each.fields[1] for each in found[1:] if isinstance(each, Record)] == ["£5", "£6"]


@given(
    st.lists(
        st.lists(st.text(st.characters(codec="utf-8"), max_size=20), min_size=2, max_size=2),
        min_size=1,
        max_size=30,
    )
)
def test_what_python_writes_is_read_back(rows: list[list[str]]) -> None:
    rows = [["a", "b"], *([cell.replace("\r", "") for cell in row] for row in rows)]
    rows = [row for row in rows if sum(cell.count("\n") for cell in row) < MAX_RECORD_LINES]
    written = io.StringIO(newline="")
    csv.writer(written, lineterminator="\n", quoting=csv.QUOTE_ALL).writerows(rows)

    found = read(written.getvalue().encode())

    assert [each.fields for each in found if isinstance(each, Record)] == rows


@given(st.binary(max_size=500))
def test_no_bytes_are_too_untidy(content: bytes) -> None:
    lines = [each.line for each in read(b"a,b\n" + content)]

    assert lines == sorted(set(lines))
