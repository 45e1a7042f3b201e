"""The first page and the writing page in a real browser: first paint, growing text, a phone."""

import re
import time

from playwright.sync_api import expect

PATIENCE = 60_000  # milliseconds
LETTERS = ".coloured-text > span[data-i]"
TEXT = f"() => [...document.querySelectorAll('{LETTERS}')].map(e => e.textContent).join('')"
SHOWN = f"() => document.querySelectorAll('{LETTERS}:not(.later)').length"
FILE_NAMES = """() => {
  window.fileNames = [];
  new MutationObserver(() => {
    for (const link of document.querySelectorAll('[data-testid=stSidebarNavLink]'))
      if (!window.fileNames.includes(link.innerText)) window.fileNames.push(link.innerText);
  }).observe(document, { childList: true, subtree: true, characterData: true }); }"""


def write(tab, prompt):
    box = tab.get_by_test_id("stChatInputTextArea")
    box.fill(prompt)
    box.press("Enter")
    tab.wait_for_function(f"({TEXT})().startsWith({prompt!r}) && ({SHOWN})() > {len(prompt) + 12}",
                          timeout=PATIENCE)


def ready(app, page, **options):
    tab = page(app, "generate?lang=en", **options)
    tab.get_by_role("button", name="Undo to here").wait_for(timeout=PATIENCE)
    # nobody types within milliseconds of the first paint, while the box may still be put in place
    tab.locator(".stApp[data-test-script-state=notRunning]").wait_for(timeout=PATIENCE)
    return tab


def test_no_file_name_flashes_up_and_the_first_page_has_two_texts_and_three_pictures(app, page):
    tab = page(app, "?lang=en", prepare=lambda new: new.add_init_script(f"({FILE_NAMES})()"))
    expect(tab.locator(".coloured-text")).to_have_count(2, timeout=PATIENCE)
    expect(tab.locator(".live-plot[data-drawn]")).to_have_count(3, timeout=PATIENCE)
    assert tab.evaluate("() => window.fileNames") == []


def test_text_grows_at_its_end_stops_and_goes_on_from_a_chosen_character(app, page):
    tab = ready(app, page)
    write(tab, "LATIN ")
    before, shown = tab.evaluate(TEXT), tab.evaluate(SHOWN)
    tab.wait_for_function(f"({SHOWN})() > {shown + 10}", timeout=PATIENCE)
    after = tab.evaluate(TEXT)
    assert after.startswith(before), "a letter that was there must not move"
    asked = time.monotonic()
    tab.get_by_role("button", name="Stop").click()
    tab.get_by_role("button", name="Continue").wait_for(timeout=PATIENCE)
    assert time.monotonic() - asked < 5  # about one second on a quiet machine
    text = tab.evaluate(TEXT)
    tab.wait_for_timeout(800)
    assert tab.evaluate(TEXT) == text
    tab.locator(LETTERS).nth(10).click()
    before = re.escape(text[4:10])
    expect(tab.locator("h3")).to_have_text(re.compile(before), timeout=PATIENCE)
    tab.locator(".stApp[data-test-script-state=notRunning]").wait_for(timeout=PATIENCE)
    instead = tab.locator(".st-key-generate-put-0 button")
    letter = instead.inner_text()
    instead.click()
    tab.wait_for_function(f"({TEXT})().length > 14 && ({TEXT})()[10] !== {text[10]!r}",
                          timeout=PATIENCE)
    assert tab.evaluate(TEXT)[:11] == text[:10] + letter.replace("␣", " ").replace("⏎", "\n")


def test_a_phone_gets_one_button_for_the_settings_and_nothing_sideways(app, page):
    tab = ready(app, page, width=390, height=844)
    tab.get_by_role("button", name="Settings").wait_for(timeout=PATIENCE)
    main = tab.get_by_test_id("stMain")
    assert main.evaluate("e => e.scrollWidth <= e.clientWidth")
    tab.get_by_role("button", name="Settings").click()
    expect(tab.get_by_text("Temperature").first).to_be_visible()


def stopped(tab):
    """The text of a stream that is stopped."""
    tab.get_by_role("button", name="Stop").click()
    tab.get_by_role("button", name="Continue").wait_for(timeout=PATIENCE)
    tab.locator(".stApp[data-test-script-state=notRunning]").wait_for(timeout=PATIENCE)
    return tab.evaluate(TEXT)


def says(tab, text):
    tab.wait_for_function(f"text => ({TEXT})() === text", arg=text, timeout=PATIENCE)


def test_a_branch_is_left_for_the_first_one_taken_back_and_taken_again(app, page):
    tab = ready(app, page)
    write(tab, "LATIN ")
    first = stopped(tab)
    tab.locator(LETTERS).nth(10).click()
    expect(tab.locator("h3").first).to_have_text(re.compile(re.escape(first[4:10])),
                                                 timeout=PATIENCE)
    tab.locator(".st-key-generate-put-0 button").click()
    tab.wait_for_function(f"({TEXT})().length > 20 && ({TEXT})()[10] !== {first[10]!r}",
                          timeout=PATIENCE)
    second = stopped(tab)
    tree = tab.get_by_role("img", name="2 branches")
    expect(tree).to_have_attribute("data-drawn", re.compile("."), timeout=PATIENCE)
    tab.get_by_role("radio", name="1", exact=True).click()
    says(tab, first)
    tab.get_by_role("button", name="Undo", exact=True).click()
    says(tab, second)
    tab.get_by_role("button", name="Redo", exact=True).click()
    says(tab, first)


def test_the_line_is_finished_while_one_types_and_tab_takes_it(app, page):
    tab = page(app, "generate?lang=en&along=true")
    box = tab.locator(".type-along textarea")
    box.wait_for(timeout=PATIENCE)
    tab.locator(".stApp[data-test-script-state=notRunning]").wait_for(timeout=PATIENCE)
    box.press_sequentially("LATIN SMALL LETTER ")
    ghost = tab.locator(".type-along .ghost")
    tab.locator(".said[data-ms]").wait_for(timeout=PATIENCE)
    expect(ghost).to_have_text(re.compile("[A-Z]"), timeout=PATIENCE)
    proposed = ghost.inner_text()
    box.press("Tab")
    expect(box).to_have_value("LATIN SMALL LETTER " + proposed)
    expect(box).to_be_focused()
    expect(ghost).to_have_text("⏎", timeout=PATIENCE)  # the line is whole: what comes next ends it
    box.press("Escape")
    expect(ghost).to_have_text("")
    tab.get_by_role("button", name="Let it write on").click()
    tab.wait_for_function(f"({TEXT})().startsWith('LATIN SMALL LETTER ')", timeout=PATIENCE)
