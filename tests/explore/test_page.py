"""The page in a browser, on a day of made-up traffic; what it says is compared with the files."""

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import polars as pl
import pytest
from playwright.sync_api import Browser, expect

from collector.explore import units
from collector.explore.load import dashboards
from collector.report import ABSENT
from tests.explore.browser import DAY, END, PHONE, Tab, chromium, filled, needs_chromium, served, tab

pytestmark = [pytest.mark.browser, needs_chromium]
MARKUP = '<img src=x onerror="document.title=1">'


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return filled(tmp_path_factory.mktemp("page") / "flows")


@pytest.fixture(scope="module")
def flows(folder: Path) -> pl.DataFrame:
    """Those of the day; a few are of the time before it."""
    end = pl.lit(END * 1000).cast(pl.Datetime("ms", "UTC"))
    day = pl.col("@timestamp").is_between(end - pl.duration(days=1), end, closed="left")
    return pl.read_parquet(folder / "date=*/*.parquet").filter(day)


@pytest.fixture(scope="module")
def host(folder: Path) -> Iterator[str]:
    with served(folder) as address:
        yield address


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as found:
        yield found


@pytest.fixture(scope="module")
def kept(browser: Browser, host: str) -> Iterator[Tab]:
    """A tab for all tests that do not need a new one."""
    with tab(browser, host) as made:
        yield made


def largest(flows: pl.DataFrame, name: str, count: int) -> list[str]:
    """Values with the most bytes."""
    summed = flows.drop_nulls(name).group_by(name).agg(pl.sum("network.bytes"))
    ranked = summed.sort(["network.bytes", name], descending=[True, False])
    return [str(value) for value in ranked[name].head(count)]


def test_every_dashboard_opens_by_the_list(kept: Tab) -> None:
    kept.open(f"/d/overview?{DAY}")
    for name, dashboard in dashboards().items():
        kept.page.locator(f'nav a[href^="/d/{name}?"]').click()
        kept.shows(f"/d/{name}?{DAY.split('&')[0]}")
        assert kept.page.title() == f"{dashboard.title} – flow-collector"
        assert kept.page.locator(".fc-panel").count() == len([*dashboard.panels()])
        assert kept.page.locator(".fc-wrong").all_inner_texts() == [], name
        assert kept.page.locator(".fc-messages > *").count() == 0, name


def test_numbers_are_those_of_the_files(kept: Tab, flows: pl.DataFrame) -> None:
    kept.open(f"/d/overview?{DAY}")
    volume = float(flows["network.bytes"].sum())
    assert kept.number("bytes") == volume
    assert kept.number("bits") == pytest.approx(volume * 8 / 86_400)
    kept.open(f"/d/top-talkers?{DAY}")
    assert kept.column("sources", 1)[:5] == largest(flows, "source.domain", 5)


def test_a_click_filters_for_a_value_or_out_and_back_undoes_it(kept: Tab, flows: pl.DataFrame) -> None:
    kept.open(f"/d/top-talkers?{DAY}")
    first, second = largest(flows, "source.domain", 2)
    kept.panel("sources").get_by_role("button", name=first, exact=True).click()
    kept.page.get_by_text("Filter for it").click()
    kept.shows(f"is=source.domain:{first}")
    assert kept.column("sources", 1) == [first]
    kept.page.get_by_role("button", name="Filter it out").click()
    kept.shows(f"not=source.domain:{first}")
    assert kept.column("sources", 1)[0] == second
    kept.page.go_back()
    expect(kept.panel("sources").locator("tbody tr")).to_have_count(1)
    assert kept.column("sources", 1) == [first]
    kept.page.go_back()
    expect(kept.panel("sources").locator("tbody tr").nth(1)).to_contain_text(second)
    assert kept.column("sources", 1)[0] == first


def test_a_bar_can_be_clicked(kept: Tab) -> None:
    kept.open(f"/d/overview?{DAY}")
    kept.panel("devices").scroll_into_view_if_needed()
    place = kept.panel("devices").locator("canvas").bounding_box()
    assert place
    pixel = kept.page.evaluate(
        """() => {
            const id = Number(document.querySelector('[data-panel="devices"] .fc-chart').id.slice(1));
            const chart = getElement(id).chart;
            const row = chart.getOption().series[0].data[0];
            const value = Array.isArray(row) ? row[0] : (row.value?.[0] ?? row.value ?? row);
            return chart.convertToPixel({seriesIndex: 0}, [value / 2, 0]);
        }"""
    )
    kept.page.mouse.click(place["x"] + pixel[0], place["y"] + pixel[1])
    kept.page.get_by_text("Filter it out").click()
    kept.shows("not=host.name:")


def test_a_shared_address_shows_the_same_to_another(browser: Browser, host: str, flows: pl.DataFrame) -> None:
    chosen = largest(flows, "flow.service_name", 1)[0]
    with tab(browser, host) as other:
        other.open(f"/d/overview?{DAY}&filter=network.type:ipv4&is=flow.service_name:{chosen}&refresh=300")
        rows = flows.filter((pl.col("network.type") == "ipv4") & (pl.col("flow.service_name") == chosen))
        assert other.number("bytes") == rows["network.bytes"].sum()
        assert other.page.locator(".fc-filter").input_value() == "network.type:ipv4"
        assert other.page.get_by_text(f"Service: {chosen}", exact=True).is_visible()


def test_a_filter_is_completed_and_applied_by_the_keyboard(kept: Tab, flows: pl.DataFrame) -> None:
    kept.open(f"/d/overview?{DAY}")
    keyboard = kept.page.keyboard
    keyboard.press("/")
    keyboard.type("network.ty")
    kept.page.get_by_role("option", name="network.type").wait_for()
    keyboard.press("ArrowDown")
    keyboard.press("Enter")
    kept.page.get_by_role("option", name="ipv6", exact=True).wait_for()
    keyboard.type("ipv6")
    keyboard.press("Enter")
    kept.shows("filter=network.type:ipv6")
    assert kept.number("bytes") == flows.filter(pl.col("network.type") == "ipv6")["network.bytes"].sum()


HELD = """
    let given;
    const held = [];
    Object.defineProperty(window, "fcFilter", {
        get: () => (...words) => (window.letGo ? given(...words) : held.push(words)),
        set: (one) => (given = one),
    });
    window.release = () => {
        window.letGo = true;
        held.forEach((words) => given(...words));
        return held.length;
    };
"""
"""Holds back what the server writes into the filter bar, as a slow network does."""


def test_what_is_written_while_the_page_is_being_connected_stays(browser: Browser, host: str) -> None:
    with tab(browser, host) as other:
        other.page.add_init_script(HELD)
        other.open(f"/d/overview?{DAY}")
        other.page.keyboard.press("/")
        other.page.keyboard.type("network.ty")
        assert other.page.evaluate("release()") == 1
        assert other.page.locator(".fc-filter").input_value() == "network.ty"
        other.page.get_by_role("option", name="network.type").wait_for()


def test_a_control_offers_the_values_of_the_rows_that_the_dashboard_shows(kept: Tab, folder: Path) -> None:
    kept.open(f"/d/interface-counters?{DAY}")
    counters = pl.read_parquet(folder / "counters/date=*/*.parquet")
    kept.page.get_by_label("Exporter", exact=True).click()
    kept.page.get_by_role("option").first.wait_for()
    assert set(kept.page.get_by_role("option").all_inner_texts()) == set(counters["host.name"])
    chosen = counters["host.name"][0]
    kept.page.get_by_role("option", name=chosen).click()
    kept.shows(f"is=host.name:{chosen}")
    kept.page.keyboard.press("Escape")


def test_a_wrong_filter_says_where_and_changes_nothing(kept: Tab) -> None:
    kept.open(f"/d/overview?{DAY}")
    before = kept.page.url
    kept.page.locator(".fc-filter").fill("network.type:ipv4 AND sourc.ip:1")
    kept.page.keyboard.press("Enter")
    kept.page.locator(".fc-fault mark").wait_for()
    assert kept.page.locator(".fc-fault span").first.inner_text() == "network.type:ipv4 AND "
    assert "did you mean source.ip" in kept.page.locator(".fc-fault").inner_text()
    assert kept.page.url == before


def test_the_range_is_chosen_by_the_keyboard(kept: Tab, flows: pl.DataFrame) -> None:
    kept.open(f"/d/overview?{DAY}")
    kept.page.keyboard.press("t")
    kept.page.get_by_label("From", exact=True).fill("2026-03-01T06:00:00")
    kept.page.get_by_role("button", name="Show", exact=True).click()
    kept.shows("from=2026-03-01T06:00:00Z&to=2026-03-01T12:00:00Z")
    begin = pl.datetime(2026, 3, 1, 6, time_unit="ms", time_zone="UTC")
    assert kept.number("bytes") == flows.filter(pl.col("@timestamp") >= begin)["network.bytes"].sum()
    kept.page.keyboard.press("t")
    kept.page.get_by_role("button", name="Last hour").click()
    kept.shows("from=now-1h&to=now")


def test_long_flows_are_spread_on_wish_and_the_panel_says_so(kept: Tab) -> None:
    kept.open(f"/d/overview?{DAY}")
    kept.page.get_by_text("Flows count with all their bytes and packets at the time of their end.").wait_for()
    kept.page.keyboard.press("t")
    kept.page.get_by_text("Spread long flows over their time").click()
    kept.shows("spread=1")
    kept.page.get_by_text("Bytes and packets of long flows are spread over the time").wait_for()


def test_where_nothing_is_there_is_said_when_something_was(kept: Tab) -> None:
    kept.open("/d/overview?from=now-24h&to=now")
    kept.page.get_by_text("The newest row is of Sunday, 1 March 2026, 11:59:").wait_for()
    kept.page.get_by_role("button", name="Show that time").click()
    kept.shows("from=2026-03-01T10:59:")
    assert kept.number("bytes") > 0


def test_a_filter_that_leaves_nothing_can_be_cleared(kept: Tab) -> None:
    kept.open(f"/d/overview?{DAY}&is=client.domain:{quote(MARKUP)}")
    assert kept.page.get_by_text(f"Client: {MARKUP}").is_visible()
    kept.page.get_by_role("button", name="Clear the filter").click()
    kept.page.wait_for_url(lambda url: "client.domain" not in url)
    kept.quiet()
    assert kept.page.title() != "1"


def test_records_are_paged_and_each_has_all_its_fields(kept: Tab, flows: pl.DataFrame) -> None:
    kept.open(f"/d/flow-records-source-destination?{DAY}")
    panel = next(one for one in dashboards()["flow-records-source-destination"].panels() if one.kind == "records")
    records = kept.panel(panel.id)
    assert f"of {flows.height:,}" in records.inner_text()
    records.get_by_role("button", name="Next page").click()
    kept.shows(f"page={panel.id}:2")
    assert records.locator(".fc-pager").inner_text().startswith(f"{panel.top + 1:,}–{2 * panel.top:,} of")
    records.get_by_role("columnheader", name="Bytes").click()
    kept.shows(f"sort={panel.id}:network.bytes:")
    kept.page.goto(kept.page.url.replace(":up", ":down"))
    kept.quiet()
    most = int(flows["network.bytes"].drop_nulls().to_numpy().max())
    assert units.text(most, "bytes") in records.locator("tbody tr").first.inner_text()
    records.locator("tbody tr").first.click()
    kept.page.get_by_text("flow.observation_domain").first.wait_for()
    kept.page.keyboard.press("Escape")


def test_records_are_sorted_and_opened_by_the_keyboard(kept: Tab, flows: pl.DataFrame) -> None:
    kept.open(f"/d/flow-records-source-destination?{DAY}")
    heading = kept.page.get_by_role("columnheader", name="Bytes").get_by_role("button")
    kept.tabs_to(heading)
    for way in ("up", "down"):  # the second by what takes the place of the first, and has the focus
        kept.page.keyboard.press("Enter")
        kept.shows(f"network.bytes:{way}")
        expect(heading).to_be_focused()
    expect(kept.page.locator("th[aria-sort=descending]")).to_contain_text("Bytes")
    kept.tabs_to(kept.page.locator("tbody tr").nth(1).get_by_role("button"))
    kept.page.keyboard.press("Space")
    second = flows["network.bytes"].cast(pl.Int64).top_k(2)[1]
    kept.page.get_by_role("dialog").get_by_text(f"({second:,})").first.wait_for()
    kept.page.keyboard.press("Escape")
    expect(kept.page.locator("tbody tr").nth(1).get_by_role("button")).to_be_focused()


@pytest.mark.parametrize(
    ("panel", "field"),
    [
        ("overview/services", "flow.service_name"),
        ("overview/clients", "client.domain"),
        ("overview/protocols", "network.transport"),
        ("overview/countries", "server.geo.country_iso_code"),
        ("flows-client-server/pairs", "server.domain"),
    ],
)
def test_a_mark_of_a_chart_is_filtered_out_by_the_keyboard(kept: Tab, panel: str, field: str) -> None:
    dashboard, name = panel.split("/")
    kept.open(f"/d/{dashboard}?{DAY}")
    chart, told = kept.panel(name).get_by_role("application"), kept.panel(name).get_by_role("status")
    kept.tabs_to(chart)
    expect(told).not_to_be_empty()
    first = told.inner_text()
    kept.page.keyboard.press("ArrowRight")
    expect(told).not_to_have_text(first)
    chosen = told.inner_text().split(":")[0]
    kept.page.keyboard.press("Enter")
    kept.page.wait_for_function("document.activeElement.closest('.fc-pick')")
    kept.tabs_to(kept.page.get_by_role("menuitem", name="Filter it out").first)
    kept.page.keyboard.press("Enter")
    kept.shows(f"not={field}:{chosen}")


@pytest.mark.parametrize("panel", ["services", "protocols"])
def test_what_the_legend_names_is_hidden_by_the_keyboard(kept: Tab, panel: str) -> None:
    kept.open(f"/d/overview?{DAY}")
    chart, told = kept.panel(panel).get_by_role("application"), kept.panel(panel).get_by_role("status")
    kept.tabs_to(chart)
    expect(told).not_to_be_empty()
    shown = told.inner_text()
    for key, words, hidden in (("h", f"{shown} (hidden)", 1), ("H", shown, 0)):
        kept.page.keyboard.press(key)
        expect(told).to_have_text(words)
        legend = chart.evaluate("node => getElement(Number(node.id.slice(1))).chart.getOption().legend[0].selected")
        assert list(legend.values()).count(False) == hidden


def test_a_page_or_order_that_rows_do_not_have_leads_back(kept: Tab) -> None:
    records = "/d/flow-records-source-destination"
    for part, said in (
        ("page=records:199", "only the first 10000 rows"),
        ("page=records:90&filter=flow.service_name:https", "there is no page 90 of these rows"),
        ("sort=records:no.field:up", "there is no field no.field"),
    ):
        kept.open(f"{records}?{DAY}&{part}")
        assert said in kept.panel("records").locator(".fc-wrong").inner_text()
        kept.page.get_by_role("button", name="Back to the newest rows").click()
        kept.page.wait_for_url(lambda url: "page=" not in url and "sort=" not in url)
        expect(kept.panel("records").locator(".fc-pager")).to_contain_text("1–")


def test_what_an_address_says_in_vain_is_said(kept: Tab) -> None:
    kept.open(f"/d/overview?{DAY}&page=records:2&is=no.field:1")
    kept.page.get_by_text("there is no panel of records records here").wait_for()
    assert (
        kept.panel("bytes").locator(".fc-wrong").inner_text() == 'the filter no.field:"1": there is no field no.field'
    )


def test_each_group_of_the_menu_is_there_once(kept: Tab) -> None:
    kept.open(f"/d/overview?{DAY}")
    menu = kept.page.locator(".fc-menu")
    groups = menu.locator("h2").all_inner_texts()
    assert len(set(groups)) == len(groups)
    assert menu.locator("h2, a").all_inner_texts()[-3:] == ["COLLECTOR", "Collector Health", "State of exporters"]


def test_without_a_collector_the_page_of_exporters_says_who_knows(kept: Tab) -> None:
    kept.open(f"/d/overview?{DAY}")
    kept.page.get_by_role("link", name="State of exporters").click()
    kept.page.get_by_text("no collector runs in this process").wait_for()
    kept.page.get_by_text("As of Sunday, 1 March 2026, 11:5").wait_for()
    assert "python_info" in kept.page.request.get(f"{kept.host}/metrics").text()
    told = kept.page.request.get(f"{kept.host}/api/exporters")
    assert (told.status, told.json()) == (503, {"detail": ABSENT})
    kept.page.get_by_role("link", name="the hour before").click()
    kept.shows("/d/collector-health?from=2026-03-01T10:5")
    assert kept.page.locator(".fc-wrong").count() == 0


def test_tab_passes_by_a_list_whose_entries_come_late(kept: Tab) -> None:
    kept.open(f"/d/overview?{DAY}")
    kept.page.evaluate(
        "() => { const unfold = fcUnfold; window.fcUnfolds = 0; fcUnfold = (id) => { fcUnfolds += 1; unfold(id); }; }"
    )
    kept.page.get_by_label("Exporter", exact=True).focus()
    for _ in range(5):
        kept.page.keyboard.press("Tab")
    passed = kept.page.get_by_role("button", name="Traffic by service: save as CSV")
    expect(passed).to_be_focused()
    kept.page.wait_for_function("fcUnfolds === 4")
    kept.page.wait_for_timeout(400)  # as long as a list takes to fold
    expect(passed).to_be_focused()
    kept.page.keyboard.press("Shift+Tab")
    kept.page.keyboard.press("Shift+Tab")
    kept.page.keyboard.press("ArrowDown")
    expect(kept.page.get_by_role("option").first).to_be_visible()
    kept.page.keyboard.press("Escape")


def test_a_table_is_saved_with_raw_numbers(kept: Tab, flows: pl.DataFrame) -> None:
    kept.open(f"/d/top-talkers?{DAY}")
    with kept.page.expect_download() as saved:
        kept.panel("sources").get_by_role("button", name="save as CSV").click()
    rows = pl.read_csv(saved.value.path())
    assert rows["bytes"][0] == flows.group_by("source.domain").agg(pl.sum("network.bytes"))["network.bytes"].max()


def test_the_look_is_kept(browser: Browser, host: str) -> None:
    with tab(browser, host, dark=True) as other:
        other.open(f"/d/overview?{DAY}")
        dark = "() => document.body.classList.contains('body--dark')"
        assert other.page.evaluate(dark)
        other.page.get_by_role("button", name="Light, dark or as the system is").click()
        other.page.wait_for_function(f"!({dark})()")
        other.open(f"/d/overview?{DAY}")
        assert not other.page.evaluate(dark)


def test_a_phone_shows_one_column_and_hides_the_list(browser: Browser, host: str) -> None:
    with tab(browser, host, PHONE) as phone:
        phone.open(f"/d/top-talkers?{DAY}")
        assert phone.page.evaluate("document.documentElement.scrollWidth") <= PHONE
        theme = phone.page.get_by_role("button", name="Light, dark").bounding_box()
        assert theme
        assert theme["x"] + theme["width"] <= PHONE
        boxes = [one.bounding_box() for one in phone.page.locator(".fc-panel").all()]
        assert all(box and box["x"] < 10 and box["width"] > PHONE - 20 for box in boxes)
        link = phone.page.locator('nav a[href^="/d/overview?"]')
        assert not link.is_visible() or (link.bounding_box() or {"x": -1})["x"] < 0
        phone.page.get_by_role("button", name="Dashboards").click()
        link.click()
        phone.shows("/d/overview?")


def test_a_collector_without_traffic_says_where_it_listens(browser: Browser, tmp_path: Path) -> None:
    arguments = ("run", "--udp", "127.0.0.1:0", "--tcp", "off", "--dns", "off")
    with served(tmp_path / "flows", arguments) as place, tab(browser, place) as empty:
        empty.open("/")
        empty.page.get_by_text("No datagram yet: listening on 127.0.0.1:").wait_for()


def test_a_folder_that_is_not_there_is_said(browser: Browser, tmp_path: Path) -> None:
    with served(tmp_path / "flow") as place, tab(browser, place) as empty:
        empty.open("/")
        empty.page.get_by_text(f"There is no folder {tmp_path / 'flow'} yet: a collector").wait_for()
