"""Languages, graphics, screen, automation, the press, and the address of the page."""

from typing import Any

import pytest

from deskward.core.risk import RiskLevel, assess
from tests.signals.visits import ECHO, look


@pytest.mark.parametrize(
    ("header", "script", "weight"),
    [
        ("de-CH,de;q=0.9", ["de-DE"], 0.0),
        ("de", ["de-DE", "en"], 0.0),
        ("en-US,de;q=0.5", ["de", "en"], 1.0),
        ("DE ;q=1", ["de"], 0.0),
    ],
)
def test_the_first_language_is_the_same_in_script_and_header(
    header: str, script: list[str], weight: float
) -> None:
    finding = look("languages", headers={"accept-language": header}, readings={"languages": script})
    assert finding.weight == weight


@pytest.mark.parametrize("told", [{"headers": {"accept-language": None}}, {"readings": {"languages": []}}])
def test_without_languages_on_both_sides_nothing_is_compared(told: dict[str, Any]) -> None:
    assert look("languages", **told).unknown


@pytest.mark.parametrize(
    "renderer",
    [
        "Google SwiftShader",
        "llvmpipe (LLVM 15.0.6, 256 bits)",
        "ANGLE (VMware, SVGA3D; build: RELEASE, OpenGL 4.1)",
        "VirtualBox Graphics Adapter",
        "Parallels Display Adapter (WDDM)",
        "ANGLE (Microsoft, Microsoft Basic Render Driver Direct3D11)",
        "virgl (ANGLE)",
    ],
)
def test_a_29_a_virtual_graphics_card_is_told(renderer: str) -> None:
    assert look("renderer", readings={"gpu_renderer": renderer}).weight == 1.5


def test_graphics_of_another_system_are_told() -> None:
    apple = {"gpu_vendor": "Apple", "gpu_renderer": "ANGLE (Apple, ANGLE Metal Renderer: Apple M2, Unspecified)"}
    assert "not those of the claimed system (Windows)" in look("renderer", readings=apple).text
    direct = {"gpu_renderer": "ANGLE (NVIDIA, NVIDIA GeForce Direct3D11)"}
    assert look("renderer", "linux_firefox", readings=direct).weight == 1.5
    assert look("renderer", readings=direct).weight == 0
    assert look("renderer", headers={"user-agent": "who"}, readings=direct).weight == 0


@pytest.mark.parametrize(
    ("told", "words"),
    [
        ({"touch_points": 0}, "a phone without touch"),
        ({"screen_width": 1920, "screen_height": 1200}, "too large for a phone"),
        ({"cores": 64}, "more processor cores"),
        ({"memory": 8}, "do not tell the memory"),
        ({"screen_width": 0, "screen_height": 0}, "no size"),
        ({"touch_points": 0, "cores": 64, "memory": 8}, "a phone without touch; more processor cores"),
    ],
)
def test_a_29_a_phone_that_is_none_is_told_once(told: dict[str, Any], words: str) -> None:
    finding = look("screen", "iphone_safari", readings=told)
    assert finding.weight == 1.0
    assert words in finding.text


def test_a_device_of_no_known_kind_cannot_be_compared() -> None:
    assert look("screen", headers={"user-agent": "who"}).unknown


def test_the_weak_signs_of_automation_add_up_to_4_points_at_most() -> None:
    weak = {"permissions_contradict": True, "plugins": 0, "outer_width": 0}
    assert look("automation", readings=weak).weight == 1.5
    driven = weak | {"webdriver": True, "automation_marks": True}
    finding = look("automation", readings=driven)
    assert (finding.weight, finding.critical) == (4.0, False)


def test_a_29_a_headless_browser_is_told_by_its_name_alone() -> None:
    nothing = dict.fromkeys(("webdriver", "automation_marks", "permissions_contradict", "plugins", "outer_width"))
    headers = {"user-agent": "Mozilla/5.0 (X11; Linux x86_64) HeadlessChrome/140.0.0.0"}
    assert look("automation", headers=headers, readings=nothing).weight == 3.0


@pytest.mark.parametrize("missing", ["press_trusted", "press_by", "press_seconds"])
def test_a_press_is_looked_at_as_far_as_it_was_told(missing: str) -> None:
    finding = look("input", readings={missing: None})
    assert (finding.weight, finding.unknown) == (0, False)


def test_a_10_another_address_makes_the_risk_high_by_itself() -> None:
    finding = look("origin", readings={"origin_echo": "cd" * 32})
    assert finding.text == "The page was shown under another address than ours."
    assert assess([finding]).level is RiskLevel.HIGH


def test_a_10_a_page_without_encryption_is_not_ours() -> None:
    finding = look("origin", readings={"origin_echo": None, "origin_plain": True})
    assert finding.critical
    assert "without encryption" in finding.text


@pytest.mark.parametrize("echo", ["é", "x" * 300, "AB" * 32])
def test_whatever_is_no_echo_is_another_address(echo: str) -> None:
    assert look("origin", readings={"origin_echo": echo}).critical


def test_sr_28_without_an_echo_the_address_is_unknown() -> None:
    assert look("origin", readings={"origin_echo": None}).unknown
    assert look("origin", readings={"origin_echo": ECHO}, echo="").unknown
