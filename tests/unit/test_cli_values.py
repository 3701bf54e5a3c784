from fractions import Fraction

import click
import pytest
from hypothesis import given
from hypothesis import strategies as st

from livecartoon.cli.live import camera_fields, camera_flags
from livecartoon.cli.values import (
    Named,
    nearest,
    parse_bitrate,
    parse_bytes,
    parse_time,
)
from livecartoon.errors import UsageError
from livecartoon.jobs.live import LiveSettings
from livecartoon.rate import parse_rate
from livecartoon.size import SizeRule, parse_size

PARSERS = {
    parse_time: lambda seconds: seconds >= 0,
    parse_rate: lambda rate: 0 < rate <= 1000,
    parse_bytes: lambda count: count >= 0,
    parse_bitrate: lambda bits: 1000 <= bits <= 10**10,
    parse_size: lambda rule: min(rule.resolve(1920, 1080)) >= 1,
}
"""What reads an option, and what is true of all that it answers."""


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("90", 90),
        ("1.5", Fraction(3, 2)),
        ("1:30", 90),
        ("01:02:03.250", Fraction(14893, 4)),
        ("90s", 90),
        ("1.5m", 90),
        ("250ms", Fraction(1, 4)),
        ("2h", 7200),
        ("90:00", 5400),
    ],
)
def test_time_when_well_formed_then_is_exact_seconds(text, seconds):
    assert parse_time(text) == seconds


@pytest.mark.parametrize("text", ["", "x", "1:60", "1:2:3:4", "-1", "1e3", "1:75:00", "٣", "1 2"])
def test_time_when_malformed_then_usage_error(text):
    with pytest.raises(UsageError, match="is not a time"):
        parse_time(text)


@pytest.mark.parametrize(
    ("text", "source", "result"),
    [
        ("1280x720", (100, 50), (1280, 720)),
        ("720p", (1920, 1080), (1280, 720)),
        ("720p", (1080, 1920), (720, 1280)),
        ("360p", (854, 480), (640, 360)),
        ("480p", (720, 576), (600, 480)),
    ],
)
def test_size_when_resolved_then_keeps_aspect_and_is_even(text, source, result):
    assert parse_size(text).resolve(*source) == result


@pytest.mark.parametrize("text", ["0x5", "20000x5", "721p", "axb", "1280", "1280x"])
def test_size_when_malformed_then_usage_error(text):
    with pytest.raises(UsageError, match="is not a size"):
        parse_size(text)


@pytest.mark.parametrize(
    ("text", "rate"),
    [("30", 30), ("29.97", Fraction(30000, 1001)), ("30000/1001", Fraction(30000, 1001))],
)
def test_rate_when_well_formed_then_is_exact(text, rate):
    assert parse_rate(text) == rate


@pytest.mark.parametrize("text", ["0", "1/0", "-1", "1001", "nan", "1e2", ""])
def test_rate_when_malformed_then_usage_error(text):
    with pytest.raises(UsageError, match="is not a rate"):
        parse_rate(text)


@pytest.mark.parametrize(
    ("text", "count"), [("500M", 500 << 20), ("2G", 2 << 30), ("7", 7), ("1.5KiB", 1536)]
)
def test_bytes_when_well_formed_then_powers_of_1024(text, count):
    assert parse_bytes(text) == count


@given(st.text(max_size=20) | st.from_regex(r"[0-9:./xpkMGBsmh]{1,12}", fullmatch=True))
def test_parsers_when_given_anything_then_a_value_in_range_or_a_usage_error_comes_out(text):
    for parse, is_in_range in PARSERS.items():
        try:
            value = parse(text)
        except UsageError:
            continue
        assert is_in_range(value), (parse.__name__, value)


@given(st.integers(0, 99), st.integers(0, 59), st.integers(0, 59), st.integers(0, 999))
def test_time_when_written_as_clock_then_reads_back(hours, minutes, seconds, ms):
    expected = hours * 3600 + minutes * 60 + seconds + Fraction(ms, 1000)
    assert parse_time(f"{hours}:{minutes:02}:{seconds:02}.{ms:03}") == expected


@given(st.integers(1, 8000), st.integers(1, 8000))
def test_short_side_when_resolved_then_is_even_and_at_least_two(width, height):
    resolved = SizeRule(short_side=360).resolve(width, height)
    assert min(resolved) == 360
    assert all(side % 2 == 0 and side >= 2 for side in resolved)


def test_nearest_when_word_is_close_then_offers_it():
    assert nearest("shinkay", ["shinkai", "classic"]) == ("did you mean: shinkai",)
    assert nearest("zzz", ["shinkai"]) == ()


def test_choice_when_misspelled_then_error_names_the_nearest():
    with pytest.raises(UsageError) as caught:
        Named(["auto", "blend", "off"]).convert("blent", None, None)
    assert "did you mean: blend" in caught.value.remedies


@pytest.mark.parametrize(("typed", "is_on"), [([], True), (["--no-governor"], False)])
def test_camera_flags_when_typed_then_are_fields_of_the_live_settings(typed, is_on):
    seen = {}

    @camera_flags("1280x720")
    @click.command
    def look(**values):
        seen.update(camera_fields(values))

    look.main([*typed, "--duration", "1.5m", "--target-fps", "25"], standalone_mode=False)
    settings = LiveSettings(camera="pattern:", sinks=("null",), show=False, **seen)
    assert settings.governor is is_on
    assert (settings.width, settings.height) == (1280, 720)
    assert (settings.duration_s, settings.target_fps) == (90.0, 25)
