import json
import re
import shutil
import tomllib
from pathlib import Path

import numpy as np
import pytest

from course_lib.errors import CourseError
from course_lib.instructor.lessons import compile_all, compile_lesson
from course_lib.instructor.source import read_cells
from course_lib.lessons import lesson
from course_lib.ops import convolve2d, correlate2d
from course_lib.sealed import matches, open_option, recognise

ROOT = Path(__file__).parent.parent
SOURCES = sorted(ROOT.glob("solutions/*/lesson.toml"))
each_lesson = pytest.mark.parametrize("source", SOURCES, ids=lambda source: source.parent.name)

SMALL = """
title = "Small"
[hints]
add = ["What is 1 + 1?"]
[answers]
sums = [2, 3]
[[mistakes.sums]]
answer = [3, 2]
says = "Swapped."
[[recall]]
id = "card"
question = "Q"
answer = "A"
[[quiz]]
id = "one"
question = "1 + 1?"
options = [{ text = "2", right = true, why = "Yes." }, { text = "11", why = "That is 1 beside 1." }]
"""


def write(root: Path, text: str, name: str = "00_small") -> Path:
    source = root / "solutions" / name / "lesson.toml"
    source.parent.mkdir(parents=True, exist_ok=True)
    source.write_text(text)
    (root / "course_lib" / "lessons").mkdir(parents=True, exist_ok=True)
    return source


def test_the_committed_lessons_are_the_compiled_ones(tmp_path):
    for source in SOURCES:
        write(tmp_path, source.read_text(), source.parent.name)
    compile_all(tmp_path)
    committed, compiled = ROOT / "course_lib" / "lessons", tmp_path / "course_lib" / "lessons"
    names = sorted(path.name for path in compiled.iterdir())
    assert names and names == sorted(path.name for path in committed.glob("*.json"))
    for name in names:
        assert (committed / name).read_bytes() == (compiled / name).read_bytes(), f"{name}: run make release"


def test_no_two_notebooks_have_an_exercise_of_one_name():
    """A hint is asked for by the name alone."""
    asked = [name for source in SOURCES for name in tomllib.loads(source.read_text())["hints"]]
    assert len(asked) == len(set(asked)) > 50


@each_lesson
def test_every_exercise_has_its_hints(source):
    cells = read_cells(source.with_name(f"{source.parent.name}.py"))
    exercises = {cell.grade_id for cell in cells if cell.is_solution or cell.is_written}
    hinted = set(lesson(source.parent.name)["hints"])
    assert exercises ^ hinted == set(), "lesson.toml needs hints for each exercise, and for nothing else"


@pytest.mark.parametrize("name", ["02_kernels_by_hand", "03_stride_and_padding"])
def test_the_first_exercises_by_hand_have_three_hints(name):
    assert {len(three) for three in lesson(name)["hints"].values()} == {3}


def test_compiling_twice_writes_nothing_and_drops_what_has_no_source(tmp_path):
    source = write(tmp_path, SMALL)
    path = tmp_path / "course_lib" / "lessons" / "00_small.json"
    assert compile_all(tmp_path) == [path]
    assert compile_all(tmp_path) == []
    source.write_text(SMALL.replace("[2, 3]", "[2, 4]"))
    assert compile_all(str(tmp_path)) == [path]
    shutil.rmtree(source.parent)
    assert compile_all(tmp_path) == [path] and not path.exists()


@pytest.mark.parametrize("old, new, says", [
    ('title = "Small"', "", "the lesson: 'title' is missing or empty"),
    ('title = "Small"', 'titel = "Small"', "unknown key 'titel'"),
    ('title = "Small"', "title =", "not valid TOML"),
    ('["What is 1 + 1?"]', "[]", "hints.add: expected a list of one to three texts"),
    ('["What is 1 + 1?"]', '["a", "b", "c", "d"]', "hints.add: expected a list of one to three texts"),
    ('["What is 1 + 1?"]', '"What is 1 + 1?"', "hints.add: expected a list of one to three texts"),
    ("mistakes.sums", "mistakes.products", "mistakes.products: there is no answer of that name"),
    ("answer = [3, 2]", "answer = [2.0, 3]", "mistakes.sums: one of them is the right answer"),
    ('says = "Swapped."', 'says = "A"\n[[mistakes.sums]]\nanswer = [3, 2]\nsays = "B"', "is there twice"),
    ('says = "Swapped."', "", "mistakes.sums: 'says' is missing or empty"),
    ('why = "Yes."', 'why = ""', "an option of question 'one': 'why' is missing or empty"),
    (", why = \"Yes.\"", "", "an option of question 'one': 'why' is missing or empty"),
    ("right = true, ", "", "question 'one': no option is right"),
    ('text = "11"', 'text = "2"', "the options of question 'one': '2' is there 2 times"),
    ('text = "11"', 'txt = "11"', "an option of question 'one': unknown key 'txt'"),
    (', { text = "11", why = "That is 1 beside 1." }', "", "question 'one': expected two options at least"),
    ("[[quiz]]", '[[recall]]\nid = "card"\nquestion = "Q"\nanswer = "A"\n[[quiz]]', "'card' is there 2"),
    ('id = "one"', 'id = "one"\ngrid = { kernels = [[1]] }', "grid of question 'one': unknown key 'kernels'"),
])
def test_each_fault_has_its_sentence(tmp_path, old, new, says):
    assert SMALL.count(old) == 1
    source = write(tmp_path, SMALL.replace(old, new))
    with pytest.raises(CourseError) as caught:
        compile_all(tmp_path)
    assert says in str(caught.value) and str(source) in str(caught.value)
    assert not list((tmp_path / "course_lib" / "lessons").iterdir())


def test_two_questions_with_one_id(tmp_path):
    again = SMALL[SMALL.index("[[quiz]]"):]
    with pytest.raises(CourseError, match="the quiz: 'one' is there 2 times"):
        compile_lesson(write(tmp_path, SMALL + again))


def test_an_unknown_lesson_names_those_that_exist():
    with pytest.raises(CourseError, match=r"no lesson '02'; choose one of: .*02_kernels_by_hand"):
        lesson("02")


@each_lesson
def test_nothing_that_students_get_holds_an_answer_in_plain_text(source):
    plain = tomllib.loads(source.read_text())
    compiled = json.dumps(lesson(source.parent.name), ensure_ascii=False)
    hidden = [option["why"] for question in plain["quiz"] for option in question["options"]]
    hidden += [mistake["says"] for mistakes in plain["mistakes"].values() for mistake in mistakes]
    assert hidden and not [text for text in hidden if text in compiled]
    assert "right" not in {key for question in lesson(source.parent.name)["quiz"]
                           for option in question["options"] for key in option}


@each_lesson
def test_answers_mistakes_and_options_open_again(source):
    plain, compiled = tomllib.loads(source.read_text()), lesson(source.parent.name)
    for name, right in plain["answers"].items():
        assert matches(right, compiled["answers"][name]).all()
        for mistake in plain["mistakes"].get(name, []):
            assert recognise(mistake["answer"], compiled["answers"][name]) == mistake["says"]
    for question, sealed in zip(plain["quiz"], compiled["quiz"], strict=True):
        for option, twin in zip(question["options"], sealed["options"], strict=True):
            key = f"{compiled['name']}/{question['id']}"
            verdict = option.get("right", False), option["why"]
            assert open_option(twin["sealed"], key, option["text"]) == verdict


@each_lesson
def test_the_right_option_cannot_be_guessed_from_its_place_or_its_length(source):
    questions = tomllib.loads(source.read_text())["quiz"]
    assert 6 <= len(questions) <= 8
    one_right = [question["options"] for question in questions
                 if sum(option.get("right", False) for option in question["options"]) == 1]
    places = [next(k for k, option in enumerate(options) if option.get("right")) for options in one_right]
    longest = [max(options, key=lambda option: len(option["text"])) for options in one_right]
    assert len(set(places)) >= 3 and max(map(places.count, places)) <= len(places) / 2
    assert sum(option.get("right", False) for option in longest) <= len(longest) / 2


# The numbers of notebook 02, recomputed. ----------------------------------------------------------------

X = np.array([[3, 3, 2, 1, 0], [0, 0, 1, 3, 1], [3, 1, 2, 2, 3], [2, 0, 0, 2, 2], [2, 0, 0, 0, 1]], float)
W = np.array([[0, 1, 2], [2, 2, 0], [0, 1, 2]], dtype=float)
TURNED = W[::-1, ::-1]
KERNELS = {"identity": np.array([[0, 0, 0], [0, 1, 0], [0, 0, 0]]),
           "edge": np.array([[-1, -1, -1], [-1, 8, -1], [-1, -1, -1]]),
           "sharpen": np.array([[0, -1, 0], [-1, 5, -1], [0, -1, 0]])}
PADDED = np.pad(X, 1)
PAIRS = np.arange(1, 10).reshape(3, 3)
CENTRES = np.array([kernel[1, 1] for kernel in KERNELS.values()])
SUMS = np.array([kernel.sum() for kernel in KERNELS.values()])
SIZES = np.array([np.abs(kernel).sum() for kernel in KERNELS.values()])

RIGHT = {
    "feature_map": correlate2d(X, W),
    "true_convolution": convolve2d(X, W),
    "convolution_pairs": PAIRS[::-1, ::-1].ravel(),
    "kernel_sums": SUMS,
    "flat_patch": 7 * SUMS,
}
# A phrase of the sentence, and the wrong answer that it is about, made as a student would make it.
MISTAKES = {
    "feature_map": [
        ("true convolution", convolve2d(X, W)),
        ("mirrored left to right", correlate2d(X, W[:, ::-1])),
        ("kernel was transposed", correlate2d(X, W.T)),
        ("picture was transposed", correlate2d(X.T, W)),
        ("column by column", correlate2d(X, W).T),
        ("quarter turn", correlate2d(X, np.rot90(W))),
        ("upside down and back to front", correlate2d(X, W)[::-1, ::-1]),
        ("the mean", correlate2d(X, W) / 9),
        ("without multiplying", correlate2d(X, np.ones((3, 3)))),
        ("hung over the edge", correlate2d(PADDED, W)),
    ],
    "true_convolution": [
        ("cross-correlation again", correlate2d(X, W)),
        ("top to bottom alone", correlate2d(X, W[::-1])),
        ("transposed the kernel", correlate2d(X, W.T)),
        ("transposed the picture", correlate2d(X.T, W)),
        ("quarter turn", correlate2d(X, np.rot90(W))),
        ("transposed and turned", convolve2d(X, W.T)),
        ("column by column", convolve2d(X, W).T),
        ("turned the picture", correlate2d(X[::-1, ::-1], W)),
        ("turned the output of the cross-correlation", correlate2d(X, W)[::-1, ::-1]),
        ("transposed the output", correlate2d(X, W).T),
        ("hung over the edge", correlate2d(PADDED, TURNED)),
    ],
    "convolution_pairs": [
        ("printed on slide 6", PAIRS.ravel()),
        ("transposed the kernel", PAIRS.T.ravel()),
        ("mirrored the kernel left to right", PAIRS[:, ::-1].ravel()),
        ("mirrored the kernel top to bottom", PAIRS[::-1].ravel()),
        ("quarter turn to the right", np.rot90(PAIRS, -1).ravel()),
        ("quarter turn to the left", np.rot90(PAIRS).ravel()),
        ("then transposed", PAIRS[::-1, ::-1].T.ravel()),
    ],
    "kernel_sums": [
        ("centres", CENTRES),
        ("without their minus signs", SIZES),
        ("around the centre", SUMS - CENTRES),
        ("Add the edge kernel once more", [1, 1, 1]),
        ("four times -1 and 5", [1, 0, 0]),
        ("four corners", [1, 8 - 4, 1]),
        ("the mean", SUMS / 9),
    ],
    "flat_patch": [
        ("edge kernel does change", [7, 7, 7]),
        ("Only the edge kernel", [0, 0, 0]),
        ("sums of the kernels", SUMS),
        ("centre of each kernel only", 7 * CENTRES),
        ("without their minus signs", 7 * SIZES),
        ("take 28 away from 35", [7, 0, 7 * 5]),
        ("adds up to 1 and not to 0", [7, 0, 0]),
        ("nine sevens", 9 * 7 * SUMS),
    ],
}


@pytest.mark.parametrize("name", RIGHT)
def test_by_hand_answers_of_notebook_02(name):
    assert matches(RIGHT[name], lesson("02_kernels_by_hand")["answers"][name]).all()


@pytest.mark.parametrize("name", MISTAKES)
def test_classic_mistakes_of_notebook_02(name):
    sealed = lesson("02_kernels_by_hand")["answers"][name]
    heard = set()
    for phrase, wrong in MISTAKES[name]:
        says = recognise(wrong, sealed)
        assert says and phrase in says, f"{np.asarray(wrong).tolist()}: expected {phrase!r} in {says!r}"
        heard.add(says)
    assert len(heard) == len(sealed["mistakes"]), "a mistake of lesson.toml is not recomputed here"


def test_numbers_in_the_recall_cards_of_notebook_02():
    cards = {card["id"]: card["answer"] for card in lesson("02_kernels_by_hand")["recall"]}
    assert f"{224 * 224 * 3 * 1000:,}" in cards["weights-of-one-layer"]
    assert re.search(rf"{3 * 5 * 5} \({3 * 5 * 5 + 1} with", cards["weights-of-one-kernel"])
    assert len(cards) == 3


def test_what_the_quiz_of_notebook_02_says_is_so():
    """Each claim of an explanation that a number can decide."""
    picture = np.random.default_rng(0).normal(size=(6, 8))

    def moved(image, by=1):
        return np.roll(image, by, axis=1)

    def padded_blur(image):
        return correlate2d(np.pad(image, 1), np.full((3, 3), 1 / 9))

    def wrapped_blur(image):
        return correlate2d(np.pad(image, 1, mode="wrap"), np.full((3, 3), 1 / 9))

    # correlation-or-convolution, flip-or-transpose
    assert correlate2d(X, W)[0, 0] == 12 and convolve2d(X, W)[0, 0] == 18 and correlate2d(X.T, W)[0, 0] == 17
    assert all((KERNELS[name] == KERNELS[name][::-1, ::-1]).all() for name in ("edge", "sharpen"))
    assert (W == W[::-1]).all()
    # output-size
    assert correlate2d(np.zeros((7, 5)), W).shape == (5, 3)
    # one-hot: correlation moves the picture to the left, convolution to the right
    one_hot = np.zeros((3, 3))
    one_hot[1, 2] = 1
    assert lesson("02_kernels_by_hand")["quiz"][4]["grids"]["kernel"] == one_hot.tolist()
    np.testing.assert_array_equal(correlate2d(picture, one_hot), moved(picture, -1)[1:-1, 1:-1])
    np.testing.assert_array_equal(convolve2d(picture, one_hot), moved(picture)[1:-1, 1:-1])
    # commutes-with-a-shift
    np.testing.assert_allclose(wrapped_blur(moved(picture)), moved(wrapped_blur(picture)))
    np.testing.assert_array_equal(2 * moved(picture), moved(2 * picture))
    differs = ~np.isclose(padded_blur(moved(picture)), moved(padded_blur(picture)))
    assert differs[:, [0, 1, -1]].any() and not differs[:, 2:-1].any()
    assert not np.isclose(moved(picture)[:, ::2], moved(picture[:, ::2])).any()
    np.testing.assert_array_equal(moved(picture, 2)[:, ::2], moved(picture[:, ::2]))
