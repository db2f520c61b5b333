"""The report used as people use it: in a browser, by mouse and by keyboard, on a phone, in the dark, on paper."""

from __future__ import annotations

import pytest
from report_made import BROKEN, RIGHT_TO_LEFT, SCRIPT, Rows

from flows.report import show_report

from .conftest import made


def test_it_opens_and_shows_the_verdict_first(visit, file, pictures):
    tab = visit(file).ready()
    assert tab.page.text_content("h1") == "Better"
    assert tab.page.evaluate("document.querySelector('main').firstElementChild.id") == "verdict"
    parts = tab.page.eval_on_selector_all("main h2", "found => found.map(one => one.textContent)")
    assert parts == [
        "Gates", "What changed", "Models, from the simplest", "Seeds", "Metrics against the earlier run", "Data and checks", "Classes", "Confusion",
        "Calibration", "Slices", "Training", "Fixed and broken", "Predictions", "Suspected labels", "Behaviour tests",
        "Environment, and how to repeat it",
    ]  # fmt: skip
    assert tab.told() == "600 rows"
    tab.page.screenshot(path=pictures / "report.png", full_page=True)


def test_only_the_rows_of_one_page_are_in_the_document(visit, file):
    tab = visit(file).ready()
    seen = []
    for _ in range(3):
        assert tab.page.locator("#rows tr.prediction").count() == 25
        seen += tab.page.eval_on_selector_all("#rows tr.prediction", "lines => lines.map(line => line.dataset.row)")
        tab.page.click("#on")
    assert len(set(seen)) == 75
    tab.page.click("#end")
    assert tab.page.text_content("#where") == "576\N{EN DASH}600"
    assert tab.page.is_disabled("#on")


def test_filters_agree_with_the_rows(visit, file):
    tab = visit(file).ready()
    page = tab.page
    page.select_option("#by-label", label="dog")
    page.select_option("#by-prediction", label="cat")
    tab.until(lambda: "of" in tab.told())
    assert set(tab.column("truth")) <= {"truth", "dog", "dog suspected"}
    assert {cell.split()[0] for cell in tab.column("said")} == {"cat"}
    few = int(tab.told().split()[0])
    assert 0 < few < 60
    page.fill("#by-low", "90")
    tab.until(lambda: tab.told().split()[0] != str(few))
    assert all(float(cell.rstrip("%")) >= 89.9 for cell in tab.column("confidence"))
    page.click("text=clear")
    tab.until(lambda: tab.told() == "600 rows")
    page.select_option("#by-slice", f"kind={SCRIPT}")
    tab.until(lambda: tab.told() == "200 of 600 rows")


def test_outcomes_add_up(visit, file):
    tab = visit(file).ready()
    counts = {}
    for outcome in ("right", "wrong", "fixed", "broken", "changed", "suspected"):
        tab.page.select_option("#by-outcome", outcome)
        tab.page.evaluate("() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")
        counts[outcome] = int(tab.told().split()[0])
    assert counts["right"] + counts["wrong"] == 600
    listed = tab.page.eval_on_selector_all("#moved h3", "found => found.map(one => one.textContent)")
    assert listed == [f"{counts['broken']} broken", f"{counts['fixed']} fixed"]
    assert counts["changed"] >= counts["fixed"] + counts["broken"]
    assert counts["suspected"] == 17


@pytest.mark.parametrize(
    ("words", "rows"),
    [
        ("NUMBER 77", 1),
        ("row 00000", 10),
        ("İSTANBUL", sum("İstanbul" in text for text in Rows().run().read()["text"].to_pylist())),
        ("nowhere", 0),
    ],
)
def test_search_reads_text_and_ids_whatever_the_case(visit, file, words, rows):
    tab = visit(file).ready()
    tab.page.fill("#by-search", words)
    tab.until(lambda: tab.told() == f"{rows} of 600 rows")


def test_sorting_by_mouse_says_so(visit, file):
    tab = visit(file).ready()
    assert tab.page.get_attribute('th[data-sort="loss"]', "aria-sort") == "descending"
    losses = [float(cell) for cell in tab.column("loss")]
    assert losses == sorted(losses, reverse=True)
    tab.page.click('th[data-sort="confidence"] button')
    tab.page.click('th[data-sort="confidence"] button')
    sure = [float(cell.rstrip("%")) for cell in tab.column("confidence")]
    assert sure == sorted(sure)
    assert tab.page.get_attribute('th[data-sort="confidence"]', "aria-sort") == "ascending"
    assert tab.page.get_attribute('th[data-sort="loss"]', "aria-sort") == "none"
    tab.page.click('th[data-sort="id"] button')
    tab.page.click("#rows button")
    assert tab.page.text_content("#rows .more code") == "row 000000"


def test_a_broken_row_is_followed_to_its_place(visit, file, pictures):
    tab = visit(file).ready()
    tab.page.fill("#by-search", "nowhere")
    link = tab.page.locator('#moved section[aria-label="broken rows"] a').first
    text = link.text_content()
    link.click()
    marked = tab.page.locator("#rows tr.marked")
    assert marked.locator(".tag.broken").count() == 1
    assert text[:20] in marked.locator("button").text_content()
    assert tab.page.locator("#rows .more dd").count() >= 4
    assert "before: " in tab.page.text_content("#rows .more")
    assert marked.locator("button").evaluate("one => one === document.activeElement")
    tab.page.screenshot(path=pictures / "followed.png")


def test_back_returns_to_the_list_and_forward_to_the_row(visit, file):
    page = visit(file).ready().page
    link = page.locator('#moved section[aria-label="broken rows"] a').nth(1)
    link.scroll_into_view_if_needed()
    link.click()
    marked = page.get_attribute("#rows tr.marked", "data-row")
    assert marked == link.get_attribute("data-row")
    page.go_back()
    assert link.evaluate("one => one === document.activeElement")
    page.wait_for_function("""() => {
        const seen = document.querySelectorAll('#moved section[aria-label="broken rows"] a')[1].getBoundingClientRect();
        return seen.top >= 0 && seen.bottom <= innerHeight;
    }""")
    page.locator('.contents a[href="#classes"]').click()
    page.go_back()
    page.locator('#moved section[aria-label="fixed rows"] a').first.click()
    fixed = page.get_attribute("#rows tr.marked", "data-row")
    page.go_back()
    page.go_forward()
    assert page.get_attribute("#rows tr.marked", "data-row") == fixed != marked


def test_bounds_of_confidence_the_wrong_way_round_are_told(visit, file):
    tab = visit(file).ready()
    tab.page.fill("#by-high", "50")
    tab.page.fill("#by-low", "90")
    tab.until(lambda: tab.told().startswith("0 of"))
    assert tab.page.inner_text("#crossed") == "The lowest confidence, 90%, is above the highest, 50%: no row can fit."
    assert tab.page.get_attribute("#by-low", "aria-invalid") == "true"
    tab.page.fill("#by-low", "40")
    tab.until(lambda: not tab.page.is_visible("#crossed"))
    tab.page.fill("#by-low", "90")
    tab.page.click("text=clear")
    tab.until(lambda: not tab.page.is_visible("#crossed"))


def test_the_head_of_the_rows_says_that_it_sorts_by_id(visit, file):
    assert visit(file).ready().page.text_content('th[data-sort="id"] button') == "row, by id"


def test_it_can_be_used_by_keyboard_alone(visit, file):
    tab = visit(file).ready()
    page = tab.page
    page.locator('#moved section[aria-label="fixed rows"] a').first.focus()
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.closest('tr').classList.contains('marked')")
    page.keyboard.press("Enter")
    assert page.locator("#rows .more").count() == 0
    page.locator("#by-search").focus()
    page.keyboard.type("number 7")
    tab.until(lambda: "of 600" in tab.told())
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.id") == "by-model"
    page.keyboard.press("ArrowUp")
    tab.until(lambda: page.input_value("#by-model") == "0")
    page.locator('th[data-sort="label"] button').focus()
    page.keyboard.press("Enter")
    assert page.get_attribute('th[data-sort="label"]', "aria-sort") == "ascending"
    assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"


@pytest.mark.parametrize(("by", "to"), [("end", "back"), ("start", "on")])
def test_the_keyboard_keeps_its_place_on_the_last_page_and_the_first(visit, file, by, to):
    page = visit(file).ready().page
    page.locator("#on").click()
    page.locator(f"#{by}").focus()
    page.keyboard.press("Enter")
    assert page.is_disabled(f"#{by}")
    assert page.evaluate("document.activeElement.id") == to


def test_every_control_has_a_name_and_the_count_is_read_out(visit, file):
    tab = visit(file).ready()
    nameless = tab.page.evaluate(
        "[...document.querySelectorAll('input, select, button, a')].filter(one => !(one.textContent.trim() || one.getAttribute('aria-label') || one.labels?.length)).length"
    )
    assert nameless == 0
    assert tab.page.get_attribute("#told", "aria-live") == "polite"
    ids = tab.page.eval_on_selector_all("[id]", "found => found.map(one => one.id)")
    assert len(ids) == len(set(ids))


def test_hostile_names_are_text(visit, file):
    tab = visit(file).ready()
    options = tab.page.eval_on_selector_all("#by-label option", "found => found.map(one => one.textContent)")
    assert options == ["any", "cat", "dog", SCRIPT, BROKEN, RIGHT_TO_LEFT.replace("\u202e", "\\u202e"), "two\\nlines"]
    assert tab.page.locator("img").count() == 0
    assert tab.page.evaluate("document.scripts.length") == 2
    assert "7*7" in tab.page.text_content("main")
    assert "\u202e" not in tab.page.content()


def test_the_policy_stops_what_the_page_did_not_bring(visit, file):
    tab = visit(file).ready()
    tab.page.evaluate(
        "() => { const one = document.createElement('script'); one.textContent = 'window.seen = 1'; document.body.append(one); }"
    )
    tab.page.evaluate("() => fetch('http://127.0.0.1:9/').catch(() => 0)")
    assert tab.page.evaluate("window.seen") is None
    assert len(tab.troubles) >= 2
    tab.troubles.clear()
    tab.requests.clear()


@pytest.mark.parametrize("width", [320, 375])
def test_a_phone_needs_no_scrolling_sideways(visit, file, pictures, width):
    tab = visit(file, width=width, has_touch=True).ready()
    tab.page.tap("#rows button")
    assert tab.page.evaluate("document.documentElement.scrollWidth") == width
    tab.page.screenshot(path=pictures / f"phone-{width}.png", full_page=True)


@pytest.mark.parametrize("width", [390, 800])
def test_a_narrow_window_loses_no_column(visit, file, pictures, width):
    page = visit(file, width=width).ready().page
    asked = {
        "models": ("accuracy", "macro F1", "parameters"),
        "metrics": ("before", "after", "change", "p, corrected"),
        "classes": ("rows", "F1", "precision", "recall", "F1 before"),
        "slices": ("rows", "accuracy", "change"),
        "seeds": ("mean", "sd over rows", "sd over seeds"),
        "behaviour": ("failures", "rate"),
    }
    for part, titles in asked.items():
        for title in titles:
            cell = page.locator(f'#{part} .forest td[data-title="{title}"]').first
            cell.scroll_into_view_if_needed()
            place = cell.bounding_box()
            assert place["width"] > 0, (part, title)
            assert place["x"] >= 0, (part, title)
            assert place["x"] + min(place["width"], 60) <= width, (part, title)
            if width < 640:
                assert cell.evaluate("one => getComputedStyle(one, '::before').content").strip('"').split() == title.split()
        page.locator(f"#{part}").screenshot(path=pictures / f"{part}-{width}.png")
    assert page.evaluate("document.documentElement.scrollWidth") == width


def test_the_name_of_a_test_can_be_read_by_touch_by_keyboard_and_on_paper(visit, file):
    page = visit(file, width=390).ready().page
    for media in ("screen", "print"):
        page.emulate_media(media=media)
        assert "exact McNemar" in page.locator("#metrics .test").first.inner_text()
    assert page.locator("abbr, #metrics [title]").count() == 0


def test_it_is_dark_where_the_reader_likes_it_dark(visit, file, pictures):
    colours = []
    for scheme in ("light", "dark"):
        tab = visit(file, color_scheme=scheme).ready()
        colours.append(
            tab.page.evaluate("[getComputedStyle(document.body).backgroundColor, getComputedStyle(document.body).color]")
        )
        tab.page.screenshot(path=pictures / f"{scheme}.png")
    assert colours == [["rgb(255, 255, 255)", "rgb(27, 32, 39)"], ["rgb(20, 23, 27)", "rgb(230, 233, 238)"]]


def test_on_paper_there_are_no_controls_and_nothing_is_folded(visit, file, pictures):
    tab = visit(file).ready()
    hidden = "every metric of every model"
    assert tab.page.locator("details").first.get_attribute("open") is None
    tab.page.emulate_media(media="print")
    assert not tab.page.is_visible(".filters")
    assert not tab.page.is_visible(".pager")
    assert tab.page.is_visible("#models details table"), hidden
    tab.page.set_viewport_size({"width": 718, "height": 1000})  # A4 within its margins
    assert tab.page.evaluate("document.documentElement.scrollWidth") == 718
    heads = "[...document.querySelectorAll('main table:not(.browser) thead th')].filter(one => !one.getClientRects().length)"
    assert tab.page.evaluate(f"{heads}.map(one => one.textContent)") == []  # paper has no wider window
    tab.page.pdf(path=pictures / "report.pdf")


def test_ten_thousand_classes(visit, tmp_path, pictures):
    wide = made(tmp_path / "store", ("rows.classes=10000", "judge.classes=10000", "rows.count=60", "judge.shape=new"))
    show_report(wide, None, None, tmp_path / "wide.html", as_json=False)
    assert (tmp_path / "wide.html").stat().st_size < 3_000_000
    tab = visit(tmp_path / "wide.html").ready()
    assert tab.page.locator("#by-label option").count() == 10_001
    tab.page.select_option("#by-label", label="class 9931")


def test_numbers_as_targets(visit, tmp_path, pictures):
    store = made(
        tmp_path / "store",
        ("rows.numbers=true", "judge.kind=number"),
        ("rows.numbers=true", "judge.kind=number", "judge.skill=0.7"),
    )
    show_report(store, None, None, tmp_path / "numbers.html", as_json=False)
    tab = visit(tmp_path / "numbers.html").ready()
    assert tab.page.text_content("h1") == "No verdict"
    assert not tab.page.is_visible("#by-label")
    assert not tab.page.is_visible("#by-low")
    tab.page.select_option("#by-outcome", "changed")
    tab.until(lambda: tab.told() == "600 rows")
    tab.page.click('th[data-sort="prediction"] button')
    said = [float(cell) for cell in tab.column("said")]
    assert said == sorted(said)
    tab.page.screenshot(path=pictures / "numbers.png", full_page=True)
