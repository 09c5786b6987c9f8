"""The harness sees what it is there to see."""

from .drive import unnamed_controls


def test_unnamed_controls_are_found(page):
    page.set_content("""<main>
        <button>Next</button><button></button><button aria-label="Back"></button>
        <label>step <input type="range"></label><input type="range"><div role="slider" tabindex="0"></div>
        <input type="text" aria-label="w[0, 0]"><input type="text"><button hidden></button>
    </main>""")
    assert sorted(unnamed_controls(page, page.locator("main"))) == ["button", "slider", "slider", "textbox"]
