"""The CSV form of an invoice: read exactly in every allowed dialect, or refused."""

import tracemalloc
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.billing.ingest.rules.invoice_csv import (
    MAX_RECORD_LENGTH,
    BilledRow,
    InvoiceCsv,
    MalformedCsv,
)
from tests.billing.dialects import HEADER, Dialect, Wanted, dialects, wanted_lines, written
from tests.billing.fuzzing import fuzz

START = "2020-07-01 00:00:00 +0000"
END = "2020-07-22 18:14:39 +0000"
HEAD = (",".join(HEADER) + "\n").encode()
DOCUMENTED = f"Floating IPs,,Unused Floating IP - 1.1.1.1,100,{START},{END},$3.11,,iaas\n".encode()


def read(content: bytes, cut: int = 1 << 20) -> list[BilledRow]:
    """All rows, the content fed in pieces of `cut` bytes."""
    reader = InvoiceCsv()
    rows = [
        row
        for start in range(0, len(content), cut)
        for row in reader.feed(content[start : start + cut])
    ]
    return rows + reader.finish()


def row(**values: str) -> bytes:
    """A row that is well-formed but for what is given."""
    fields = {
        "product": "Droplets",
        "group_description": "",
        "description": "web-1 (s)",
        "hours": "100",
        "start": START,
        "end": END,
        "USD": "$3.11",
        "project_name": "",
        "category": "iaas",
        **values,
    }
    return (",".join(fields.values()) + "\n").encode()


def refused(content: bytes, cut: int = 1 << 20) -> MalformedCsv:
    with pytest.raises(MalformedCsv) as caught:
        read(content, cut)
    return caught.value


def test_the_documented_row_is_read() -> None:
    assert read(HEAD + DOCUMENTED) == [
        BilledRow(
            1, "Floating IPs", "", "Unused Floating IP - 1.1.1.1", "", "iaas", Decimal(100),
            datetime(2020, 7, 1, tzinfo=UTC), datetime(2020, 7, 22, 18, 14, 39, tzinfo=UTC),
            Decimal("3.11"),
        )
    ]  # fmt: skip  # a table


@pytest.mark.parametrize(
    ("written_as", "amount"),
    [
        ("$3.11", "3.11"),
        ("3.11", "3.11"),
        ("-$1.00", "-1.00"),
        ("$-1.00", "-1.00"),
        ("($1.00)", "-1.00"),
        ('"$1,234.56"', "1234.56"),
        ('"($1,234,567.89)"', "-1234567.89"),
        ("$0.00", "0"),
        ("-$0.00", "0"),
        ("$.5", "0.5"),
        ("$7", "7"),
        (" $7.00 ", "7.00"),
        ("$0.123456789012", "0.123456789012"),
        ("$1234567890123456.789012345678", "1234567890123456.789012345678"),
        ("$0.0074404761904762", "0.0074404761904762"),
        ("$" + "9" * 40 + "." + "1" * 40, "9" * 40 + "." + "1" * 40),
    ],
)
def test_amounts_are_exact_in_every_form(written_as: str, amount: str) -> None:
    [found] = read(HEAD + row(USD=written_as))
    assert found.amount_usd == Decimal(amount)
    assert not found.amount_usd.is_signed() or found.amount_usd < 0


@pytest.mark.parametrize(
    "malformed",
    [
        "", "NaN", "-NaN", "sNaN", "inf", "-Infinity", "1e400", "1e2", "$", "-", "$1.2.3",
        '"$1,23"', '"$12,34.56"', '",123"', "--$1.00", "-($1.00)", "($1.00", "$1.00)", "€1.00",
        "$1.00 USD", "0x10", "1_000", "١٢", "+-1", "\t1", "\u00a01", "X1", "1X",
    ],
)  # fmt: skip  # a table
def test_an_invalid_amount_is_refused_with_row_column_and_reason(malformed: str) -> None:
    error = refused(HEAD + DOCUMENTED + row(USD=malformed))
    assert (error.row, error.column) == (2, "USD")
    assert str(error).startswith("row 2, column USD: ")
    assert error.reason


@pytest.mark.parametrize(
    ("written_as", "instant"),
    [
        ("2020-07-01 00:00:00 +0000", datetime(2020, 7, 1, tzinfo=UTC)),
        ("2020-07-01T00:00:00Z", datetime(2020, 7, 1, tzinfo=UTC)),
        ("2020-07-01 00:00:00 UTC", datetime(2020, 7, 1, tzinfo=UTC)),
        ("2020-07-01 00:00:00 +0000 UTC", datetime(2020, 7, 1, tzinfo=UTC)),
        ("2020-07-01T10:00:00+10:00", datetime(2020, 7, 1, tzinfo=UTC)),
        ("2020-07-01T00:00:00.123456789Z", datetime(2020, 7, 1, 0, 0, 0, 123456, tzinfo=UTC)),
        ("2020-06-30 19:00:00 -0500", datetime(2020, 7, 1, tzinfo=UTC)),
        ("", None),
        ("  ", None),
    ],
)
def test_instants_are_read_in_both_forms(written_as: str, instant: datetime | None) -> None:
    [found] = read(HEAD + row(start=written_as))
    assert found.start_at == instant


@pytest.mark.parametrize(
    "malformed",
    [
        "2020-07-01", "2020-07-01 00:00:00", "2020-02-30 00:00:00 +0000",
        "2020-07-01 25:00:00 +0000", "01/07/2020", "1593561600", "2020-07-01T00:00:00+99:00",
        "0001-01-01 00:00:00 +0100", "9999-12-31T23:59:59-01:00", "1999-12-31 00:00:00 +0000",
        "tomorrow", "2020-07-01 00:00:60 +0000",
    ],
)  # fmt: skip  # a table
@pytest.mark.parametrize("column", ["start", "end"])
def test_an_invalid_timestamp_is_refused_with_row_column_and_reason(
    malformed: str, column: str
) -> None:
    error = refused(HEAD + row(**{column: malformed}))
    assert (error.row, error.column) == (1, column)


def test_a_span_that_ends_before_it_starts_is_refused() -> None:
    error = refused(HEAD + row(start=END, end=START))
    assert (error.row, error.column, error.reason) == (1, "end", "is before the start")


def test_blank_hours_are_null_and_others_are_exact() -> None:
    rows = read(HEAD + row(hours="") + row(hours="0.5") + row(hours='"1,488"'))
    assert [found.hours for found in rows] == [None, Decimal("0.5"), Decimal(1488)]


@pytest.mark.parametrize(
    "malformed", ["NaN", "1e3", "many", "$1", "1.2.3", "(1)", "\t1", "\t", "X", "1X"]
)
def test_invalid_hours_are_refused_with_row_column_and_reason(malformed: str) -> None:
    error = refused(HEAD + row(hours=malformed))
    assert (error.row, error.column) == (1, "hours")


@pytest.mark.parametrize(
    ("column", "most"), [("USD", 16_000), ("hours", 16_000), ("start", 100), ("end", 100)]
)
def test_a_value_of_more_characters_than_are_kept_is_refused(column: str, most: int) -> None:
    for long in (" " * (most + 1), " " * most + "1", "0" * most + "1"):
        error = refused(HEAD + row(**{column: long}))
        assert (error.row, error.column) == (1, column)
        assert error.reason.endswith(f"is longer than {most} characters")


@pytest.mark.parametrize("at", range(len(HEADER)))
def test_a_file_may_lack_the_category_wherever_others_stand(at: int) -> None:
    others = [name for name in HEADER if name != "category"]
    others.insert(at, "note")
    values = dict(zip(HEADER, DOCUMENTED.decode().strip().split(","), strict=True)) | {"note": "x"}
    content = f"{','.join(others)}\n{','.join(values[name] for name in others)}\n" * 1
    [found] = read(content.encode(), cut=3)
    [documented] = read(HEAD + DOCUMENTED)
    assert found == documented._replace(category="")


@pytest.mark.parametrize("name", [name for name in HEADER if name != "category"])
def test_a_missing_column_is_refused_by_its_name(name: str) -> None:
    header = ",".join(other for other in HEADER if other != name)
    error = refused(f"{header}\n".encode())
    assert (error.row, error.column) == (0, name)
    assert str(error).startswith(f"header, column {name}: is missing")


@pytest.mark.parametrize("name", HEADER)
def test_a_repeated_column_is_refused_by_its_name(name: str) -> None:
    again = name.upper().replace("_", " ")
    error = refused(f"{','.join(HEADER)},{again}\n".encode())
    assert (error.row, error.column, error.reason) == (0, name, "is a duplicate")


@pytest.mark.parametrize("surplus", [b"a,b,c\n", b",".join([b"x"] * 10) + b"\n"])
def test_a_row_with_too_few_or_too_many_fields_is_refused(surplus: bytes) -> None:
    error = refused(HEAD + DOCUMENTED + surplus)
    assert error.row == 2
    assert f"has {surplus.count(b',') + 1} fields where the header has 9" in str(error)


@pytest.mark.parametrize("end", range(1, len(DOCUMENTED) - 6))
def test_a_body_truncated_within_a_row_is_refused(end: int) -> None:
    assert refused(HEAD + DOCUMENTED + DOCUMENTED[:end]).row == 2


def test_a_page_of_html_is_not_an_invoice() -> None:
    error = refused(b"<!DOCTYPE html>\n<html><body>504 Gateway Time-out</body></html>\n")
    assert error.row == 0
    assert "<!DOCTYPE html>" in str(error)


@pytest.mark.parametrize("nothing", [b"", b"\n\n", b"\xef\xbb\xbf", b"\r\n"])
def test_an_empty_file_is_no_invoice(nothing: bytes) -> None:
    assert str(refused(nothing)) == "header: the file is empty"


def test_an_invoice_may_have_no_lines() -> None:
    assert read(HEAD) == []


def test_a_byte_order_mark_is_not_part_of_the_first_column() -> None:
    assert len(read(b"\xef\xbb\xbf" + HEAD + DOCUMENTED, cut=1)) == 1


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-32", "cp037"])
def test_other_encodings_are_refused(encoding: str) -> None:
    assert refused((HEAD + DOCUMENTED).decode().encode(encoding)).row == 0


def test_a_byte_that_is_not_utf_8_is_refused_with_its_row() -> None:
    latin = row(description="café (s)").decode().encode("latin-1")
    assert str(refused(HEAD + DOCUMENTED * 3 + latin)) == "row 4: is not UTF-8"
    assert refused(HEAD.replace(b"product", b"pr\xf6duct")).row == 0


def test_a_null_byte_is_refused_with_its_row() -> None:
    assert str(refused(HEAD + DOCUMENTED * 3 + row(product="\0"))) == "row 4: contains a null byte"


@pytest.mark.parametrize(
    "quoting",
    ['a"b', '"a"b', 'a"', '"a', '"a""', '"a" ', ' "a"'],
)
@pytest.mark.parametrize("cut", [1, 7, 1 << 20])
def test_quotes_that_enclose_no_whole_field_are_refused(quoting: str, cut: int) -> None:
    error = refused(HEAD + DOCUMENTED + row(description=quoting), cut)
    assert error.row == 2


def test_line_breaks_commas_and_quotes_are_kept_within_quotes() -> None:
    quoted = '"a ""b"", c\r\nd\ne"'
    for cut in (1, 3, 1 << 20):
        rows = read(HEAD + row(description=quoted) + DOCUMENTED, cut)
        assert [found.description[:2] for found in rows] == ["a ", "Un"]
        assert rows[0].description == 'a "b", c\r\nd\ne'


def test_blank_lines_are_no_rows() -> None:
    rows = read(HEAD + b"\n" + DOCUMENTED + b"\r\n\n" + DOCUMENTED + b"\n")
    assert [found.number for found in rows] == [1, 2]


@pytest.mark.parametrize("filler", [b"a", b'"', b"\xff", b"a,", b"\r"])
def test_a_line_of_gigabytes_is_refused_before_it_is_held(filler: bytes) -> None:
    reader = InvoiceCsv()
    reader.feed(HEAD + DOCUMENTED)
    piece = filler * (1000 // len(filler))

    def feed_gigabytes() -> None:
        for _ in range(1_000_000):
            reader.feed(piece)

    tracemalloc.start()
    with pytest.raises(MalformedCsv) as caught:
        feed_gigabytes()
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert str(caught.value) == f"row 2: does not end within {MAX_RECORD_LENGTH} bytes"
    assert peak < 8 * MAX_RECORD_LENGTH


@pytest.mark.parametrize(
    ("column", "most"), [("product", 255), ("description", 32_000), ("project_name", 255)]
)
def test_a_field_too_long_to_keep_is_refused_by_its_column(column: str, most: int) -> None:
    assert len(read(HEAD + row(**{column: "x" * most}))) == 1
    error = refused(HEAD + DOCUMENTED + row(**{column: "x" * (most + 1)}))
    assert (error.row, error.column) == (2, column)


def test_a_header_of_a_thousand_columns_is_refused() -> None:
    assert refused(HEAD[:-1] + b",x" * 1_000 + b"\n").row == 0


def test_a_field_of_megabytes_in_one_piece_is_refused_with_its_row() -> None:
    assert refused(HEAD + DOCUMENTED + row(category="x" * 900_000)).row == 2


@given(lines=wanted_lines(), dialect=dialects(), cut=st.integers(1, 300))
def test_any_allowed_dialect_gives_exactly_the_same_values(
    lines: list[Wanted], dialect: Dialect, cut: int
) -> None:
    rows = read(written(lines, dialect), cut)
    assert [Wanted.of(found) for found in rows] == lines
    assert [found.number for found in rows] == list(range(1, len(lines) + 1))


@given(content=st.binary(max_size=2_000), cut=st.integers(1, 100), headed=st.booleans())
def test_any_bytes_are_read_or_refused_at_any_chunking(
    content: bytes, cut: int, headed: bool
) -> None:
    content = HEAD + content if headed else content

    def outcome(size: int) -> tuple[int, str] | list[BilledRow]:
        try:
            return read(content, size)
        except MalformedCsv as error:
            return error.row, error.column

    assert outcome(cut) == outcome(1 << 20)


def test_offsets_of_any_kind_mean_the_same_instant() -> None:
    at = datetime(2026, 5, 1, 12, tzinfo=UTC)
    for minutes in range(-14 * 60, 15 * 60, 15):
        local = at.astimezone(timezone(timedelta(minutes=minutes)))
        [found] = read(HEAD + row(start=local.isoformat(), end=""))
        assert found.start_at == at


def test_hostile_files_are_read_or_refused_at_any_chunking() -> None:
    result = fuzz(seed=1, files=300)
    assert 0 < result.read_count < result.file_count
    assert len(result.reasons) > 5


@pytest.mark.soak
@pytest.mark.parametrize("seed", range(2, 12))
def test_a_hundred_thousand_hostile_files_are_read_or_refused(seed: int) -> None:
    result = fuzz(seed, files=10_000)
    assert 0 < result.read_count < result.file_count


def test_columns_are_found_by_their_names_in_any_order_and_unknown_ones_are_passed_over() -> None:
    names = ["a new one", *reversed(HEADER)]
    values = ["x", *reversed(DOCUMENTED.decode().strip().split(","))]
    turned = "\n".join(",".join(each) for each in (names, values)).encode()
    assert read(turned) == read(HEAD + DOCUMENTED)


def test_a_columns_name_may_have_blanks_in_place_of_underscores() -> None:
    assert read(HEAD.replace(b"_", b" ") + DOCUMENTED) == read(HEAD + DOCUMENTED)


def test_a_file_is_streamed_its_rows_come_before_its_end_and_are_not_held() -> None:
    reader, piece, pieces = InvoiceCsv(), row() * 1_000, 20
    reader.feed(HEAD + piece)
    tracemalloc.start()
    came = sum(len(reader.feed(piece)) for _ in range(pieces))
    held, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    left = len(reader.finish())
    assert came > (pieces - 1) * 1_000 > left
    assert held < 2 * len(piece)
