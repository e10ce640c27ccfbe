"""What a User-Agent claims."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deskward.browsers import LONGEST, Devices
from deskward.core.surroundings import Device

WEBKIT = "AppleWebKit/537.36 (KHTML, like Gecko)"
APPLE = "AppleWebKit/605.1.15 (KHTML, like Gecko)"
CLAIMED = {
    f"Mozilla/5.0 (Windows NT 10.0; Win64; x64) {WEBKIT} Chrome/140.0.0.0 Safari/537.36": Device(
        "Chrome", "140", "Windows", "10", "desktop"
    ),
    f"Mozilla/5.0 (Linux; Android 10; K) {WEBKIT} Chrome/140.0.0.0 Mobile Safari/537.36": Device(
        "Chrome Mobile", "140", "Android", "10", "mobile"
    ),
    f"Mozilla/5.0 (Linux; Android 10; K) {WEBKIT} Chrome/140.0.0.0 Safari/537.36": Device(
        "Chrome", "140", "Android", "10", "tablet"
    ),
    f"Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) {APPLE} Version/18.5 Mobile/15E148 Safari": Device(
        "Mobile Safari", "18", "iOS", "18", "mobile"
    ),
    f"Mozilla/5.0 (iPad; CPU OS 12_2 like Mac OS X) {APPLE} Version/12.1 Mobile/15E148 Safari/604.1": Device(
        "Mobile Safari", "12", "iOS", "12", "tablet"
    ),
    f"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) {APPLE} Version/18.5 Safari/605.1.15": Device(
        "Safari", "18", "Mac OS X", "10", "desktop"
    ),
    f"Mozilla/5.0 (X11; Linux x86_64) {WEBKIT} HeadlessChrome/140.0.0.0 Safari/537.36": Device(
        "HeadlessChrome", "140", "Linux", "", "desktop"
    ),
    "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0": Device(
        "Firefox", "140", "Linux", "", "desktop"
    ),
    "curl/8.5.0": Device("curl", "8", "", "", "bot"),
    "": Device(),
    "who knows": Device(),
}


@pytest.mark.parametrize("user_agent", CLAIMED)
def test_what_a_browser_claims_is_read(user_agent: str) -> None:
    assert Devices().read(user_agent) == CLAIMED[user_agent]


@given(st.text())
def test_nothing_that_can_be_claimed_is_an_error(user_agent: str) -> None:
    assert isinstance(Devices().read(user_agent), Device)


def test_what_cannot_be_written_in_a_header_is_no_error_either() -> None:
    assert Devices().read("\ud800" * 9) == Device()


def test_a_long_one_is_cut() -> None:
    assert Devices().read("x" * LONGEST + "Windows NT 10.0") == Device()
