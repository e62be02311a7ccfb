"""Tables that cannot be used are one line that says where; others are read as they stand."""

import math
import statistics

import pytest

from nanograd.cli import main
from nanograd.errors import DataError
from nanograd.tabular.cells import holds_numbers
from nanograd.tabular.encoding import mean_and_scale
from nanograd.tabular.preparation import Wishes, prepare
from nanograd.tabular.splitting import split
from nanograd.tabular.table import check_header, read_table

GOOD = "size,color,kind\n" + "".join(
    f"{i},{'red' if i % 3 else 'blue'},{'big' if i > 10 else 'small'}\n" for i in range(20)
)


@pytest.fixture
def write(tmp_path):
    """Write a file of text or bytes, and return its path."""

    def writer(content, name="table.csv"):
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return str(path)

    return writer


def table_of(write, content, **wishes):
    return prepare(read_table(write(content)), Wishes(**wishes))


# -- what cannot be used ---------------------------------------------------------------------

#: A file's content, the options beside it, and what the one line says. `{}` is the file's path.
# fmt: off
TROUBLE = [
    ("", [], "{} is empty; a header and rows below it are required"),
    ("\n \n", [], "{} is empty"),
    ("size,kind\n", [], "{} has a header, but no row below it"),
    ("a,kind\n1,x\n1,x,2\n", [], "{}, line 3: 3 cells, but the header names 2 columns"),
    ("a,kind\n1,x\n\n1\n", [], "{}, line 4: 1 cell, but the header names 2 columns"),
    ('a,kind\n"1\n2",x\n1\n', [], "{}, line 4: 1 cell, but"),
    (b"a,kind\n1,x\n2,caf\xe9\n", [], "{}, line 3: byte 17 of the file, 0xe9, is not UTF-8"),
    ("a,kind\n1,x\n".encode("utf-16"), [], "{} is UTF-16; save it as UTF-8"),
    (b"a,kind\n1,x\n\x002,y\n", [], "{}, line 3: there is a NUL byte"),
    ('a,kind\n1,x\n2,"y\n3,z\n', [], "{}, line 3: a quote is opened and not closed"),
    ('a,kind\n1,x\n2,"y"z\n', [], "{}, line 3: ',' expected after '\"'"),
    ("a,kind\n1,x\n" + "9" * 140_000 + ",x\n", [], "{}, line 3: a cell has more than 131,072"),
    ("a,kind,a\n1,x,2\n", [], "{}, line 1: columns 1 and 3 are both named 'a'"),
    ("\na,,kind\n1,2,x\n", [], "{}, line 2: column 2 has no name"),
    ("a,Kind\n1,x\n", [], "{} has no column 'kind'; did you mean 'Kind'? Its columns: a, Kind"),
    ("a,b\n1,x\n", [], "{} has no column 'kind'. Its columns: a, b"),
    (GOOD, ["--ignore", "colour"], "no column 'colour'; did you mean 'color'?"),
    (GOOD, ["--text", "sort"], "{} has no column 'sort'."),
    (GOOD, ["--ignore", "size", "--ignore", "color"], "{} has no column to learn from"),
    ("a,kind\n1,x\n2,x\n3,x\n", [], "'kind' has only one class, 'x', in 3 usable rows"),
    ("a,kind\n1,\n2,NA\n3,?\n", [], "the target 'kind' is missing in every row"),
    ("a,b,kind\n1,,x\n,2,y\n3,,x\n,4,y\n", [], "every row misses a cell"),
    ("a,kind\n1,x\n2,y\n3,z\n", [], "'kind' has 3 classes in 3 usable rows: too many"),
    ("a,kind\n1,x\n2,x\n1,y\n2,y\n", ["--test", "0.1"], "4 rows with --test 0.1 give 4 and 0"),
    ("a,kind\n1,0.5\n", ["--test", "0"], "1 row with --test 0 give 1 and 0"),
    ("a,kind\n1,0.5\n2,0.5\n3,0.5\n", [], "the target 'kind' is the same in every row to train on"),
    ("a,kind\n1,3e-310\n2,4e-310\n3,5e-310\n", [], "'kind' is different by less than 1e-150"),
    ("a,kind\n3e-310,x\n4e-310,x\n5e-310,y\n6e-310,y\n", [], "('a': different by less than 1e-150"),
    ("a,kind\n1,1e3\n2,1000\n3,abc\n", ["--task", "classify"], "'abc' is not a number, but 2 of"),
    ("a,kind\n5,x\n5,x\n5,y\n5,y\n", [], "no column to learn from ('a': the same in every row"),
    ("a,kind\n1,x\n2,y\ninf,x\n4,y\n", [], "{}, line 4, column 'a': 'inf' is not a number of"),
    ("a,kind\n1,x\n2,y\n1e999,x\n4,y\n", [], "{}, line 4, column 'a': '1e999' is not a number"),
    ("a,kind\n1,x\n2,y\n-1e200,x\n4,y\n", [], "'-1e200' is not a number of size 1e+150 or less"),
    ("a,kind\n1,x\n2,y\nabc,x\n4,y\n", [], "line 4, column 'a': 'abc' is not a number, but 3 of"),
    ("a,kind\n1,1\n2,2\n3,inf\n", [], "line 4, column 'kind': 'inf' is not a number of size"),
    ("a;kind\n1,5;x\n2,5;y\n1,5;x\n", [], "line 2, column 'a': '1,5' is not a number because"),
    ('a,kind\n"1,500",x\n"2,500.5",y\n', [], "'1,500' is not a number because of its comma"),
    ("a,kind\n1,1\n2,2\n3,x\n", ["--task", "regress"], "line 4, column 'kind': a number is"),
    (GOOD, ["--task", "regress"], "line 2, column 'kind': a number is required; it is 'small'"),
]
# fmt: on


@pytest.mark.parametrize(("content", "options", "message"), TROUBLE)
def test_a_table_that_cannot_be_used_is_one_line_that_says_why(
    write, capsys, content, options, message
):
    path = write(content)

    status = main(["train", path, "--target", "kind", *options])

    output, error = capsys.readouterr()
    assert status == 2
    assert output == ""
    assert error.startswith("nanograd: ")
    assert error.count("\n") == 1
    assert message.format(path) in error


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("missing.csv", "missing.csv cannot be read: No such file or directory"),
        (".", "is a folder; a file is required"),
    ],
)
def test_a_file_that_is_not_there_is_one_line(tmp_path, capsys, name, message):
    path = tmp_path / name

    status = main(["train", str(path), "--target", "kind"])

    assert status == 2
    assert message in capsys.readouterr().err


def test_a_hostile_name_stays_on_one_line(write, capsys):
    path = write('"a\n\x1b[31mred",kind\n1,x\n')

    status = main(["train", path, "--target", "species"])

    error = capsys.readouterr().err
    assert status == 2
    assert error.count("\n") == 1
    assert "\x1b" not in error


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--hidden", "8,0"], "'0' is not a whole number from 1 to 1,000,000,000,000"),
        (["--hidden", "1000000000"], "a network of 6,000,000,001 parameters is too large"),
        (["--hidden", "999,999"], "1,000,000 are the most. Give fewer neurons with --hidden"),
        (["--seed", "x"], "'x' is not a whole number"),
        (["--save", ""], "--save: the path of a file is required; it is empty"),
        (["--hidden", "8;8"], "'8;8' is not a whole number"),
        (["--epochs", "0"], "'0' is not a whole number"),
        (["--epochs", "1e3"], "'1e3' is not a whole number"),
        (["--batch", "-1"], "'-1' is not a whole number"),
        (["--lr", "0"], "'0' is not a finite number above 0"),
        (["--lr", "nan"], "'nan' is not a finite number above 0"),
        (["--lr", "inf"], "'inf' is not a finite number above 0"),
        (["--test", "1"], "'1' is not from 0 up to, but not, 1"),
        (["--missing", "guess"], "invalid choice: 'guess'"),
    ],
)
def test_an_option_that_makes_no_sense_is_refused(write, capsys, options, message):
    status = main(["train", write(GOOD), "--target", "size", "--task", "regress", *options])

    assert status == 2
    assert message in capsys.readouterr().err


def test_a_training_that_diverges_says_so(write, capsys):
    path = write(GOOD)

    status = main(["train", path, "--target", "kind", "--epochs", "9", "--lr", "1e300"])

    assert status == 2
    lines = capsys.readouterr().err.splitlines()
    assert "diverged in epoch 9; give a smaller rate than --lr 1e+300" in lines[-1]
    assert max(map(len, lines)) < 100


# -- what is read ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "content",
    [
        "a,b c\n1,x\n2,y\n",
        "a;b c\n1;x\n2;y\n",
        "a\tb c\n1\tx\n2\ty\n",
        "a|b c\n1|x\n2|y\n",
        "\ufeffa,b c\r\n1,x\r\n2,y",
        "a,b c\r1,x\r2,y\r",
        '\n"a", "b c"\n 1 , x\n\n2,"y"\n\n',
    ],
    ids=["commas", "semicolons", "tabs", "bars", "from Windows", "from an old Mac", "blanks"],
)
def test_common_dialects_give_the_same_table(write, content):
    table = read_table(write(content))

    assert table.columns == ("a", "b c")
    assert table.rows == [("1", "x"), ("2", "y")]


def test_quoted_cells_may_hold_separators_quotes_and_line_breaks(write):
    table = read_table(write('a,b\n"1,5","say ""hi"""\n"two\nlines",3\n4,5\n'))

    assert table.rows == [("1,5", 'say "hi"'), ("two\nlines", "3"), ("4", "5")]
    assert table.lines == [2, 3, 5]


def test_the_separator_is_that_of_the_whole_header(write):
    table = read_table(write('"a, b\nc, d";kind;"e\n,,,,"\n1;x;2\n'))

    assert table.columns == ("a, b\nc, d", "kind", "e\n,,,,")


def test_the_names_of_a_header_are_each_looked_at_once():
    class Name(str):
        __slots__ = ()
        compared = 0
        __hash__ = str.__hash__

        def __eq__(self, other):
            Name.compared += 1
            return str.__eq__(self, other)

    check_header("table.csv", tuple(Name(f"c{i}") for i in range(1000)))

    assert Name.compared < 10_000


def test_a_column_of_numbers_is_told_from_one_of_texts(write):
    table = read_table(write("a,b,c,d,e\n1,1_0,x,NA,\n-2.5e3,2,1,nan,\nNA,y,,3,\n"))

    kinds = {name: holds_numbers(table, name) for name in table.columns}

    assert kinds == {"a": True, "b": False, "c": False, "d": True, "e": False}


# -- what is decided -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("cells", "task"),
    [
        ("xy" * 10, "classify"),
        ("01" * 10, "classify"),
        ([f"{i % 3}.0" for i in range(20)], "classify"),
        ([str(i % 11) for i in range(40)], "regress"),
        ([str(i % 3) for i in range(5)], "regress"),
        (["0.5", "1"] * 10, "regress"),
    ],
)
def test_few_whole_numbers_and_texts_are_classes(write, cells, task):
    rows = "".join(f"{i},{cell}\n" for i, cell in enumerate(cells))

    assert table_of(write, f"a,y\n{rows}", target="y").target.task == task


def test_classes_are_the_same_however_their_numbers_are_written(write):
    prepared = table_of(write, "a,y\n" + "1,0\n2,1.0\n3,0.00\n4,1\n" * 3, target="y")

    assert prepared.target.classes == ("0", "1")


@pytest.mark.parametrize(
    ("cells", "text", "classes"),
    [
        (["9007199254740992", "9007199254740993"], [], ("9007199254740992", "9007199254740993")),
        (["1e3", "1000.0", "+1000", "2"], [], ("1000", "2")),
        (["1e3", "1000", "abc", "def"], [], ("1000", "1e3", "abc", "def")),
        (["007", "7", "07"], ["y"], ("007", "07", "7")),
        (["007", "7", "-0", "0.0"], [], ("0", "7")),
    ],
)
def test_classes_are_merged_only_where_they_are_the_same_number(write, cells, text, classes):
    rows = "".join(f"{i},{cells[i % len(cells)]}\n" for i in range(24))

    prepared = table_of(write, f"a,y\n{rows}", target="y", text=text)

    assert prepared.target.classes == classes


def test_exact_numbers_that_floats_cannot_tell_apart_are_many(write):
    rows = "".join(f"{i},{9007199254740992 + i}\n" for i in range(24))

    prepared = table_of(write, f"a,y\n{rows}", target="y")

    assert prepared.reason == "as it has 24 different numbers"


@pytest.mark.parametrize("notes", ["same", "unique", "rarely twice"])
def test_no_row_is_dropped_for_a_column_that_is_left_out(write, notes):
    texts = {
        "same": lambda i: "same",
        "unique": lambda i: f"note {i}",
        "rarely twice": lambda i: f"note {i if i < 80 else i - 10}",
    }
    cells = [texts[notes](i) if i % 5 > 1 else "" for i in range(100)]
    rows = "".join(f"{i},{cell},{'xy'[i % 2]}\n" for i, cell in enumerate(cells))

    prepared = table_of(write, f"a,notes,kind\n{rows}", target="kind")

    assert [column.name for column in prepared.columns] == ["a"]
    assert len(prepared.train) + len(prepared.test) == 100


def test_a_column_that_is_left_out_only_by_its_training_part_costs_no_row(write):
    cells = ["" if i % 3 == 0 else f"note {i // 3}" for i in range(60)]
    rows = "".join(f"{i},{cell},{'xy'[i % 2]}\n" for i, cell in enumerate(cells))

    prepared = table_of(write, f"a,notes,kind\n{rows}", target="kind", test=0.5)

    assert prepared.left_out["notes"].endswith("to train on")
    assert len(prepared.train) + len(prepared.test) == 60


def test_missing_cells_are_counted_by_column_and_their_rows_dropped(write):
    prepared = table_of(write, GOOD + "NA,red,big\n3,,big\n4,red,\n?,NaN,big\n", target="kind")

    assert prepared.missing == {"size": 2, "color": 2, "kind": 1}
    assert len(prepared.train) + len(prepared.test) == 20


def test_missing_cells_are_imputed_from_the_training_part(write):
    content = GOOD + "NA,red,big\n3,,big\n4,red,\n"
    prepared = table_of(write, content, target="kind", missing="impute", test=0.0)
    size, color = prepared.columns
    known = [*range(20), 3]

    assert len(prepared.train) == 22
    assert size.encode(prepared.table, 20) == [0.0]
    assert size.mean == statistics.mean(known)
    assert color.encode(prepared.table, 21) == [0.0, 1.0]


def test_columns_that_teach_nothing_are_left_out_with_the_reason(write):
    header = "id,same,empty,size,kind\n"
    rows = [f"p{i},7,{'' if i > 5 else i},{i},{'xy'[i % 2]}\n" for i in range(20)]
    prepared = table_of(write, header + "".join(rows), target="kind", test=0.0)

    assert [column.name for column in prepared.columns] == ["size"]
    assert prepared.left_out == {
        "id": "20 different texts in 20 rows",
        "same": "the same in every row",
        "empty": "missing in 14 of 20 rows",
    }


def test_numbers_can_be_taken_as_categories(write):
    prepared = table_of(write, GOOD.replace("red", "7").replace("blue", "8"), target="kind")
    as_text = table_of(
        write, GOOD.replace("red", "7").replace("blue", "8"), target="kind", text=["color"]
    )

    assert [column.width for column in prepared.columns] == [1, 1]
    assert as_text.columns[1].categories == ("7", "8")


@pytest.mark.parametrize("offset", [0.0, 1e6, -1e149])
def test_mean_and_scale_are_those_of_the_statistics_module(offset):
    numbers = [offset + x for x in (1.5, 2.0, 8.0, -3.25)]
    if offset == -1e149:
        numbers = [offset * x for x in (1.0, 2.0, 3.0)]

    mean, scale = mean_and_scale(numbers)

    assert math.isclose(mean, statistics.mean(numbers), rel_tol=1e-15)
    assert math.isclose(scale, statistics.pstdev(numbers), rel_tol=1e-9)


# -- the split -------------------------------------------------------------------------------


@pytest.mark.parametrize("share", [0.1, 0.2, 0.25, 0.5, 0.9])
@pytest.mark.parametrize("seed", range(5))
def test_the_split_takes_its_share_of_each_class(share, seed):
    strata = ["a"] * 50 + ["b"] * 30 + ["c"] * 7 + ["d"]
    rows = list(range(100, 188))

    train, test = split(rows, strata, share, seed)

    assert sorted(train + test) == rows
    assert abs(len(test) - share * 88) <= 1
    for stratum in "abcd":
        own = {row for row, other in zip(rows, strata, strict=True) if other == stratum}
        assert abs(len(own & set(test)) - share * len(own)) <= 1
        assert own & set(train)


def test_the_split_is_that_of_its_seed():
    rows = list(range(50))

    first, again, other = (split(rows, ["x"] * 50, 0.2, seed)[1] for seed in (1, 1, 2))

    assert first == again
    assert first != other


def test_too_few_rows_name_the_way_out():
    with pytest.raises(DataError, match="Give more rows, another share, or --test 0"):
        split([0, 1], ["", ""], 0.2, 0)
