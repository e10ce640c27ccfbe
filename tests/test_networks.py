"""The operator's files are read as they are spelt, picked up when replaced, and unknown when unsound."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deskward.core.errors import SettingsError
from deskward.core.surroundings import Anonymous, Facet, Network, Place
from deskward.networks import Networks, hidden_of, operator_of, place_of
from sandbox.mmdb import UINT64, Value, mmdb, whole
from sandbox.networks import BERLIN, OWN, STRETCHES, SYDNEY, UNLISTED, write_networks
from tests.fakes import START, FakeClock

HOME, FAR, TOR = (STRETCHES[name].address for name in ("home", "far", "tor"))
Opened = Callable[..., Networks]


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock(START + timedelta(days=1))


@pytest.fixture
def paths(tmp_path: Path) -> Mapping[Facet, Path]:
    return write_networks(tmp_path, START)


@pytest.fixture
def opened(clock: FakeClock) -> Iterator[Opened]:
    made: list[Networks] = []

    def open_them(paths: Mapping[Facet, Path], **more: object) -> Networks:
        made.append(Networks(paths, clock=clock, **more))  # type: ignore[arg-type]
        return made[-1]

    yield open_them
    for networks in made:
        networks.close()


def facts(network: Network) -> tuple[object, ...]:
    return network.place, network.asn, network.operator, network.hidden


UNKNOWN = (None, None, "", None)


def test_an_address_is_told_with_place_operator_and_what_it_hides_behind(
    paths: Mapping[Facet, Path], opened: Opened
) -> None:
    seen = opened(paths).look_up(TOR)
    assert facts(seen) == (
        Place("CH", "Zurich", 47.37, 8.54, 20.0),
        64501,
        "Example Relays",
        frozenset({Anonymous.TOR}),
    )
    assert {facet: (source.name, source.built_at, source.stale) for facet, source in seen.sources.items()} == {
        Facet.PLACE: ("Sandbox-City", START, False),
        Facet.OPERATOR: ("Sandbox-ASN", START, False),
        Facet.HIDDEN: ("Sandbox-Anonymous-IP", START, False),
    }


@pytest.mark.parametrize("missing", Facet)
def test_sr_28_a_file_that_is_not_configured_leaves_its_facts_unknown(
    missing: Facet, paths: Mapping[Facet, Path], opened: Opened
) -> None:
    seen = opened({facet: path for facet, path in paths.items() if facet is not missing}).look_up(TOR)
    fact = {Facet.PLACE: seen.place, Facet.OPERATOR: seen.asn, Facet.HIDDEN: seen.hidden}
    assert fact[missing] is None
    assert all(fact[facet] is not None for facet in Facet if facet is not missing)
    assert set(seen.sources) == set(Facet) - {missing}


def test_nothing_is_known_without_files(opened: Opened) -> None:
    assert opened({}).look_up(HOME) == Network(HOME)


def test_an_address_in_no_list_hides_behind_nothing_but_is_not_placed(
    paths: Mapping[Facet, Path], opened: Opened
) -> None:
    assert facts(opened(paths).look_up(UNLISTED)) == (None, None, "", frozenset())


@pytest.mark.parametrize("address", ["10.0.0.9", "192.168.4.4", "fd00::7", "169.254.0.1"])
def test_a_private_address_is_unknown_and_has_no_source(
    address: str, paths: Mapping[Facet, Path], opened: Opened
) -> None:
    assert opened(paths).look_up(address) == Network(address)


def test_an_address_in_the_spelling_of_both_versions_is_the_one_of_version_4(
    paths: Mapping[Facet, Path], opened: Opened
) -> None:
    networks = opened(paths)
    assert facts(networks.look_up(f"::ffff:{TOR}")) == facts(networks.look_up(TOR))


@pytest.mark.parametrize(
    ("address", "own"), [("203.0.113.230", True), ("10.9.0.1", True), ("2001:db8:1::5", True), (HOME, False)]
)
def test_our_own_networks_are_known_as_such(
    address: str, own: bool, paths: Mapping[Facet, Path], opened: Opened
) -> None:
    assert opened(paths, own=[*OWN, "10.0.0.0/8", "2001:db8:1::/48"]).look_up(address).own is own


@pytest.mark.parametrize("text", ["10.0.0.1/8", "the office", "", "1.2.3.4/99"])
def test_an_own_network_that_is_none_stops_the_start(text: str, opened: Opened) -> None:
    with pytest.raises(SettingsError, match=r"networks\.own") as caught:
        opened({}, own=[text])
    assert caught.value.hint


@pytest.mark.parametrize("facet", Facet)
@pytest.mark.parametrize("content", [None, b"", b"no such file", b"\xab\xcd\xefMaxMind.com", "head", "tail"])
def test_a_file_that_is_missing_or_corrupt_stops_the_start_and_is_named(
    facet: Facet, content: bytes | str | None, paths: Mapping[Facet, Path], opened: Opened
) -> None:
    path = paths[facet]
    if content is None:
        path.unlink()
    else:
        half = {"head": path.read_bytes()[100:], "tail": path.read_bytes()[:-100]}
        path.write_bytes(half[content] if isinstance(content, str) else content)
    with pytest.raises(SettingsError, match=rf"networks\.{facet}: .*{path.name}") as caught:
        opened(paths)
    assert "MMDB" in caught.value.hint


def test_a_folder_is_no_file(tmp_path: Path, opened: Opened) -> None:
    with pytest.raises(SettingsError, match=r"networks\.asn"):
        opened({Facet.OPERATOR: tmp_path})


@pytest.mark.parametrize(("days", "stale"), [(45, False), (46, True)])
def test_a_file_grows_stale(
    days: int, stale: bool, paths: Mapping[Facet, Path], opened: Opened, clock: FakeClock
) -> None:
    networks = opened(paths)
    clock.at = START + timedelta(days=days)
    assert {source.stale for source in networks.look_up(HOME).sources.values()} == {stale}


def test_how_soon_a_file_is_stale_is_a_setting(
    paths: Mapping[Facet, Path], opened: Opened, clock: FakeClock
) -> None:
    networks = opened(paths, stale_days=3)
    clock.forward(days=3)
    assert networks.look_up(HOME).sources[Facet.PLACE].stale


def moved(paths: Mapping[Facet, Path], **rows: Value) -> None:
    """Put a newer country file in the place of the present one."""
    path = paths[Facet.PLACE]
    new = path.with_suffix(".next")
    new.write_bytes(mmdb("Newer", {f"{HOME}/32": rows}, START + timedelta(hours=1)))
    new.replace(path)


def test_a_replaced_file_is_picked_up_within_a_minute_and_not_looked_for_before(
    paths: Mapping[Facet, Path], opened: Opened, clock: FakeClock
) -> None:
    networks = opened(paths)
    moved(paths, country="AU")
    clock.forward(seconds=59)
    assert networks.look_up(HOME).place == BERLIN
    clock.forward(seconds=1)
    seen = networks.look_up(HOME)
    assert seen.place == Place("AU")
    assert (seen.sources[Facet.PLACE].name, seen.sources[Facet.PLACE].built_at) == (
        "Newer",
        START + timedelta(hours=1),
    )


def test_an_unsound_file_put_in_its_place_leaves_the_old_one_and_doctor_says_so(
    paths: Mapping[Facet, Path], opened: Opened, clock: FakeClock
) -> None:
    networks, path = opened(paths), paths[Facet.PLACE]
    unsound = path.with_suffix(".next")
    unsound.write_bytes(b"half a file")
    unsound.replace(path)
    clock.forward(minutes=1)
    assert networks.look_up(FAR).place == SYDNEY
    assert not next(iter(networks.doctor())).well
    moved(paths, country="AU")
    clock.forward(minutes=1)
    assert networks.look_up(HOME).place == Place("AU")
    assert next(iter(networks.doctor())).well


def test_a_file_that_is_gone_leaves_the_old_one_and_doctor_says_so(
    paths: Mapping[Facet, Path], opened: Opened, clock: FakeClock
) -> None:
    networks, path = opened(paths), paths[Facet.PLACE]
    path.rename(path.with_suffix(".away"))
    clock.forward(minutes=1)
    assert networks.look_up(FAR).place == SYDNEY
    check = next(iter(networks.doctor()))
    assert (check.well, "is gone" in check.text) == (False, True)
    path.with_suffix(".away").rename(path)
    clock.forward(minutes=1)
    assert next(iter(networks.doctor())).well


@pytest.mark.parametrize("content", [b"", b"nonsense" * 600, b"\xff" * 5000, bytes(5000)])
def test_a_file_written_over_while_running_changes_nothing_of_what_was_read_before_and_doctor_says_so(
    content: bytes, paths: Mapping[Facet, Path], opened: Opened, clock: FakeClock
) -> None:
    networks = opened(paths)
    before = networks.look_up(FAR)
    for path in paths.values():
        path.write_bytes(content)
    for _ in range(2):
        assert networks.look_up(FAR) == before
        clock.forward(minutes=1)
    assert not any(check.well for check in networks.doctor())


def test_sr_28_what_is_asked_after_the_end_is_unknown(paths: Mapping[Facet, Path], opened: Opened) -> None:
    networks = opened(paths)
    networks.close()
    networks.close()
    assert facts(networks.look_up(FAR)) == UNKNOWN


def test_sr_28_a_row_that_is_spelt_in_no_known_way_is_unknown_not_good(tmp_path: Path, opened: Opened) -> None:
    path = tmp_path / "odd.mmdb"
    path.write_bytes(mmdb("Odd", {"192.0.2.0/24": {"colour": "blue"}, "198.51.100.0/24": "text"}, START))
    networks = opened(dict.fromkeys(Facet, path))
    assert facts(networks.look_up(HOME)) == UNKNOWN


def test_sr_28_a_file_of_version_4_knows_nothing_of_version_6(paths: Mapping[Facet, Path], opened: Opened) -> None:
    for path in paths.values():
        six = b"ip_version" + whole(5, 6)
        content = path.read_bytes()
        assert six in content
        path.write_bytes(content.replace(six, b"ip_version" + whole(5, 4)))
    seen = opened(paths).look_up("2001:db8::1")
    assert facts(seen) == UNKNOWN
    assert not any(source.broken for source in seen.sources.values())


def test_a_file_without_a_sound_build_time_counts_as_old(tmp_path: Path, opened: Opened) -> None:
    path = tmp_path / "odd.mmdb"
    content = mmdb("Odd", {"192.0.2.0/24": {"country": "DE"}}, START)
    epoch = whole(UINT64, int(START.timestamp()))
    path.write_bytes(content.replace(epoch, whole(UINT64, 2**63)))
    assert opened({Facet.PLACE: path}).look_up(HOME).sources[Facet.PLACE].stale


def test_no_open_file_is_left_behind_when_the_start_is_stopped(paths: Mapping[Facet, Path]) -> None:
    paths[Facet.HIDDEN].unlink()
    before = len(list(Path("/proc/self/fd").iterdir()))
    with pytest.raises(SettingsError):
        Networks(paths, clock=FakeClock())
    assert len(list(Path("/proc/self/fd").iterdir())) == before


ADDRESSES = st.one_of(
    st.text(),
    st.ip_addresses().map(str),
    st.from_regex(r"[0-9a-f:.%/]{0,45}", fullmatch=True),
    st.just("1" * 5000),
)


@given(address=ADDRESSES)
def test_looking_up_never_raises_whatever_the_address(
    address: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.getbasetemp() / "any"
    with closing(Networks(write_networks(folder, START), clock=FakeClock(), own=OWN)) as networks:
        assert networks.look_up(address).address == address


@given(content=st.binary(max_size=400), at=st.integers(0, 2500))
def test_looking_up_never_raises_whatever_is_written_over_the_files(
    content: bytes, at: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder, clock = tmp_path_factory.getbasetemp() / "harmed", FakeClock()
    with closing(Networks(write_networks(folder, START), clock=clock)) as networks:
        for path in folder.iterdir():
            with path.open("r+b") as file:
                file.seek(at)
                file.write(content)
        for _ in range(2):
            networks.look_up(TOR)
            clock.forward(minutes=2)


@pytest.mark.parametrize(
    ("row", "place"),
    [
        (
            {
                "country": {"iso_code": "DE"},
                "city": {"names": {"en": "Berlin"}},
                "location": {"latitude": 52.5, "longitude": 13.4, "accuracy_radius": 20},
            },
            Place("DE", "Berlin", 52.5, 13.4, 20.0),
        ),
        ({"country": {"iso_code": "de"}, "location": {"latitude": 0, "longitude": 0}}, Place("DE", "", 0.0, 0.0)),
        ({"country": "DE", "city": "Berlin", "lat": "52.5", "lng": "13.4"}, Place("DE", "Berlin", 52.5, 13.4)),
        (
            {"country": "Germany", "country_code": "DE", "latitude": "52.5", "longitude": "x", "radius": "1e999"},
            Place("DE", "", 52.5),
        ),
        ({"country": "DE", "lat": "nan", "lng": 999, "radius": 10**400}, Place("DE")),
        ({"country": "DE", "city": "Ber\u202elin"}, Place("DE", "Berlin")),
        ({"country": "Germany"}, None),
        ({"country": {"iso_code": "D1"}}, None),
        ({"country": {"names": {"en": "Germany"}}}, None),
        ({"city": "Berlin"}, None),
        ({}, None),
    ],
)
def test_places_are_read_in_several_spellings(row: Mapping[str, object], place: Place | None) -> None:
    assert place_of(row) == place


@pytest.mark.parametrize(
    ("row", "told"),
    [
        ({"autonomous_system_number": 64496, "autonomous_system_organization": "One"}, (64496, "One")),
        ({"asn": "AS64496", "as_name": "One"}, (64496, "One")),
        ({"asn": "as64496", "name": "One"}, (64496, "One")),
        ({"asn": 64496}, (64496, "")),
        ({"asn": "AS", "name": "One"}, (None, "")),
        ({"asn": "0"}, (None, "")),
        ({"asn": "9" * 20}, (None, "")),
        ({}, (None, "")),
    ],
)
def test_operators_are_read_in_several_spellings(row: Mapping[str, object], told: tuple[int | None, str]) -> None:
    assert operator_of(row) == told


@pytest.mark.parametrize(
    ("row", "kinds"),
    [
        ({"is_anonymous": True, "is_tor_exit_node": True}, {Anonymous.TOR}),
        ({"is_anonymous": True, "is_hosting_provider": True, "is_anonymous_vpn": True}, set("hv")),
        ({"is_anonymous": True}, {Anonymous.PROXY}),
        ({"is_anonymous": False}, set()),
        ({"vpn": "true", "proxy": "", "tor": "false", "hosting": "", "relay": ""}, {Anonymous.VPN}),
        ({"relay": "true"}, {Anonymous.VPN}),
        ({"is_residential_proxy": 1}, {Anonymous.RESIDENTIAL}),
        ({"asn": 64496}, None),
    ],
)
def test_what_an_address_hides_behind_is_read_in_several_spellings(
    row: Mapping[str, object], kinds: set[Anonymous] | None
) -> None:
    wanted = {Anonymous.HOSTING, Anonymous.VPN} if kinds == set("hv") else kinds
    assert hidden_of(row) == wanted


def test_doctor_names_each_file_with_its_age(paths: Mapping[Facet, Path], opened: Opened) -> None:
    told = {check.name: check for check in opened(paths).doctor()}
    assert list(told) == ["networks.country", "networks.asn", "networks.anonymous"]
    assert all(check.well for check in told.values())
    assert told["networks.country"].text == "Sandbox-City, built on 4 May 2026, 1 day old"


def test_doctor_finds_a_stale_file_not_well(paths: Mapping[Facet, Path], opened: Opened, clock: FakeClock) -> None:
    networks = opened(paths)
    clock.forward(days=60)
    for check in networks.doctor():
        assert not check.well
        assert "too old to be relied on" in check.text
        assert check.hint


def test_doctor_never_finds_a_file_well_that_is_not_configured(opened: Opened) -> None:
    checks = list(opened({}).doctor())
    assert [check.well for check in checks] == [False] * 3
    assert [check.text for check in checks] == [
        "not configured: country and travel stay unknown",
        "not configured: who operates an address stays unknown",
        "not configured: hosting companies, VPNs, proxies and Tor stay unknown",
    ]
    assert "networks.country" in checks[0].hint
