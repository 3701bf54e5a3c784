"""Preference studies: plans, blindness, scores worked out by hand."""

import json
import re
from collections import Counter

import numpy as np
import pytest

from livecartoon.errors import InputError
from tests.drawing import drawn_photo
from trainer.study.page import read_answers, write_study
from trainer.study.scores import Answer, bradley_terry, dropped_raters, score, wilson
from trainer.study.trials import NOISE, plan

MODELS = ("ours", "gan", "filter")


def test_strengths_of_the_known_wins_then_the_known_values():
    wins = np.array([[0, 8, 9], [2, 0, 6], [1, 4, 0]], float)
    found = bradley_terry(wins)
    assert found == pytest.approx([0.73746, 0.16260, 0.09994], abs=1e-5)
    assert np.log(found / found[-1]) == pytest.approx([1.99866, 0.48676, 0], abs=1e-4)
    assert bradley_terry(np.stack([wins, wins]))[1] == pytest.approx(found)


def test_interval_of_sixty_of_two_hundred_forty_then_known():
    assert wilson(60, 240) == pytest.approx((0.1994, 0.3084), abs=1e-4)


def test_plan_then_balanced_with_two_repeats_and_one_without_sense():
    plans = plan(["p1", "p2", "p3"], MODELS, raters=6, per_rater=9, seed=0)
    assert len(plans) == 6
    for trials in plans:
        assert Counter(t.kind for t in trials) == {"pair": 9, "repeat": 2, "nonsense": 1}
        for index, trial in enumerate(trials):
            if trial.kind == "repeat":
                earlier = [(t.photo, t.right, t.left) for t in trials[:index]]
                assert (trial.photo, trial.left, trial.right) in earlier
            assert (NOISE in (trial.left, trial.right)) == (trial.kind == "nonsense")
    pairs = Counter(frozenset((t.left, t.right)) for r in plans for t in r if t.kind == "pair")
    assert set(pairs.values()) == {18}
    sides = Counter((t.left, t.right) for r in plans for t in r if t.kind == "pair")
    assert set(sides.values()) == {9}


def answer(rater, left, right, share, kind="pair", photo="p1"):
    return Answer(rater, "A", photo, left, right, share, kind)


def test_rater_who_likes_noise_and_contradicts_himself_then_dropped():
    careless = [
        answer("1", "ours", "gan", 1.0),
        answer("1", "gan", "ours", 1.0, "repeat"),
        answer("1", NOISE, "gan", 1.0, "nonsense"),
    ]
    unlucky = [
        answer("2", "ours", "gan", 1.0),
        answer("2", "gan", "ours", 0.0, "repeat"),
        answer("2", NOISE, "gan", 1.0, "nonsense"),
    ]
    assert dropped_raters([*careless, *unlucky]) == ["1"]


def test_score_of_few_raters_then_a_preference_check_that_finds_the_winner():
    answers = [
        answer(str(r), "ours", "gan", 1.0, photo=f"p{i}") for r in range(3) for i in range(8)
    ]
    answers += [answer(str(r), "gan", "ours", 1.0, photo="p9") for r in range(3)]
    answers += [answer("0", "ours", "gan", 0.5, photo="p8")]
    found = score(answers, ["ours", "gan"])
    assert (found["kind"], found["raters"]) == ("preference check", 3)
    rows = found["questions"][0]["rows"]
    assert rows[0]["log"]["value"] > 1.5
    assert rows[0]["log"]["lo"] <= rows[0]["log"]["value"] <= rows[0]["log"]["hi"]
    assert rows[1]["log"] == {"value": 0.0, "lo": 0.0, "hi": 0.0}
    assert rows[0]["wins"] == 24.5


@pytest.fixture
def study(tmp_path):
    photos = {name: drawn_photo(96 + i, 96)[:, :96] for i, name in enumerate(("p1", "p2"))}
    results = {
        m: {n: np.roll(p, 7 * i, 2) for n, p in photos.items()} for i, m in enumerate(MODELS)
    }
    plans = plan(list(photos), MODELS, raters=2, per_rater=6, seed=1)
    write_study(tmp_path, photos, results, plans, seed=0)
    return tmp_path, plans


def test_page_then_needs_nothing_else_and_names_nobody(study):
    folder, _ = study
    page = (folder / "study.html").read_text()
    assert page.count("data:image/png;base64,") > 4
    text = re.sub(r"data:image/png;base64,[^\"]*", "", page)
    words = (*MODELS[1:], "http:", "https:", "/*DATA*/", '"p1"', "nonsense", "repeat")
    assert not any(word in text for word in words)


def csv_of(folder, plans, choose):
    key = json.loads((folder / "key.json").read_text())
    blind = {(v["photo"], v["model"]): name for name, v in key["pictures"].items()}
    lines = ["study,rater,trial,question,left,right,choice,ms"]
    for rater, trials in enumerate(plans, 1):
        for number, t in enumerate(trials, 1):
            sides = f"{blind[t.photo, t.left]},{blind[t.photo, t.right]}"
            lines.append(f"{key['study']},{rater},{number},A,{sides},{choose(t)},900")
    path = folder / "answers.csv"
    path.write_text("\n".join(lines) + "\n")
    return path


def test_answers_then_models_and_kinds_come_back(study):
    folder, plans = study
    order = [*MODELS, NOISE]
    path = csv_of(
        folder, plans, lambda t: "left" if order.index(t.left) < order.index(t.right) else "right"
    )
    models, answers = read_answers(folder / "key.json", [path])
    assert models == list(MODELS)
    assert Counter(a.kind for a in answers) == {"pair": 12, "repeat": 4, "nonsense": 2}
    rows = score(answers, models)["questions"][0]["rows"]
    assert rows[0]["strength"] > rows[1]["strength"] > rows[2]["strength"]


@pytest.mark.parametrize(
    "damage",
    [
        ("study", "other"),
        ("left", "ffffffffffff"),
        ("choice", "maybe"),
        ("trial", "999"),
        ("rater", "x"),
    ],
)
def test_answers_that_do_not_belong_then_input_error_with_the_line(study, damage):
    folder, plans = study
    path = csv_of(folder, plans, lambda t: "tie")
    head, first, *rest = path.read_text().splitlines()
    fields = dict(zip(head.split(","), first.split(","), strict=True)) | dict([damage])
    path.write_text("\n".join([head, ",".join(fields.values()), *rest]) + "\n")
    with pytest.raises(InputError, match=r"answers\.csv line 2"):
        read_answers(folder / "key.json", [path])


def test_key_that_is_none_then_input_error(tmp_path):
    (tmp_path / "key.json").write_text("{}")
    with pytest.raises(InputError, match="E302"):
        read_answers(tmp_path / "key.json", [])
