import re
import runpy
from pathlib import Path

import pytest

from livecartoon import errors
from livecartoon.errors import CODES, LivecartoonError

ROOT = Path(__file__).parents[2]


def test_error_page_when_table_changes_then_is_current():
    page = runpy.run_path(str(ROOT / "docs/make_errors.py"))["render"]()
    assert (ROOT / "docs/errors.md").read_text(encoding="utf-8") == page, (
        "run: python docs/make_errors.py"
    )


def test_exit_codes_when_listed_then_match_first_digit_of_codes():
    classes = [getattr(errors, name) for name in errors.__all__ if name.endswith("Error")]
    assert sorted(c.exit_code for c in classes) == [1, 2, 3, 4, 5, 6, 7, 8]


@pytest.mark.parametrize("folder", ["livecartoon", "trainer"])
def test_raised_codes_when_scanned_then_belong_to_their_class(folder):
    pattern = re.compile(r"(\w+Error)\(\s*\"(E\d{3})\"")
    for path in (ROOT / folder).rglob("*.py"):
        for name, code in pattern.findall(path.read_text(encoding="utf-8")):
            assert code in CODES, (path, code)
            exit_code = getattr(errors, name).exit_code
            assert code[1] == str(exit_code), (path, name, code)


def test_error_when_printed_then_shows_code_and_text():
    error = LivecartoonError("E100", "it broke", "try again")
    assert str(error) == "[E100] it broke"
    assert error.remedies == ("try again",)
