from __future__ import annotations

import base64
import hashlib
import json
import subprocess
import sys
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from assay.errors import StoreError
from assay.report import RunView, write_report
from tests.report.material import EVALS, HOSTILE, Told, a_figure, a_pair, a_run, an_eval

VOID = {"meta", "br", "input", "img", "link", "hr"}


class Page(HTMLParser):
    """The parts of a page that a test asks about; every element must be closed as it was opened."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.bodies: dict[str, list[str]] = {"script": [], "style": []}
        self._open: list[str] = []
        self.feed(text)
        assert self._open == []

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self._open.append(tag)
        if tag in self.bodies:
            self.bodies[tag].append("")

    def handle_startendtag(self, tag: str, attrs: Any) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self._open and self._open[-1] in self.bodies:
            self.bodies[self._open[-1]][-1] += data


def written(folder: Path, *views: RunView, **options: Any) -> str:
    write_report(folder / "report.html", *views, **options)
    return (folder / "report.html").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def text(tmp_path_factory: pytest.TempPathFactory) -> str:
    return written(tmp_path_factory.mktemp("report"), *a_pair())


def test_every_element_is_closed_and_every_id_is_unique(text: str) -> None:
    ids = [attributes["id"] for _, attributes in Page(text).tags if "id" in attributes]
    assert len(ids) == len(set(ids)) > 20


def test_it_refers_to_nothing_outside_itself(text: str) -> None:
    tags = Page(text).tags
    assert {tag for tag, _ in tags} & {"link", "img", "iframe", "object", "base", "video"} == set()
    for tag, attributes in tags:
        assert "src" not in attributes, tag
        assert "style" not in attributes, tag
        assert not [name for name in attributes if name.startswith("on")], tag
        assert (attributes.get("href") or "#").startswith("#"), tag
    assert "url(" not in "".join(Page(text).bodies["style"])


def test_the_policy_lets_in_this_style_and_this_script_alone(text: str) -> None:
    page = Page(text)
    policy = next(
        attributes["content"] or ""
        for _, attributes in page.tags
        if attributes.get("http-equiv") == "Content-Security-Policy"
    )
    rules = dict(rule.split(" ", 1) for rule in policy.split("; "))
    assert rules["default-src"] == "'none'"
    for kind, body in (("style", page.bodies["style"][0]), ("script", page.bodies["script"][-1])):
        digest = base64.b64encode(hashlib.sha256(body.encode()).digest()).decode()
        assert rules[f"{kind}-src"] == f"'sha256-{digest}'"
    assert "unsafe" not in policy


def test_the_policy_comes_before_anything_that_it_guards(text: str) -> None:
    assert text.index("Content-Security-Policy") < text.index("<title>") < text.index("<style>")


def test_hostile_text_is_nowhere_markup(text: str) -> None:
    page = Page(text)
    assert len(page.bodies["script"]) == 2
    assert "window.hacked" not in page.bodies["script"][1]
    assert not set(text) & set("\u202e\u2066\x1b\x07\u200b")


def test_the_samples_are_json_that_cannot_end_their_element(text: str) -> None:
    (body, _) = Page(text).bodies["script"]
    assert not set(body) & set("<>&")
    data = json.loads(body)
    assert data["models"] == ["openai/gpt-oss-120b", "local/smollm2-135m"]
    said = [message["text"] for sample in data["samples"] for message in sample["shared"]]
    assert any("</script><script>window.hacked = 1</script>" in one for one in said)


def test_the_same_runs_give_the_same_bytes(tmp_path: Path) -> None:
    assert written(tmp_path, *a_pair()) == written(tmp_path, *a_pair())


def test_every_overall_figure_stands_in_the_page_with_all_that_it_needs(text: str) -> None:
    candidate, _ = a_pair()
    figure = next(e for e in candidate.estimates if e.slice == {"polarity": "violative"})
    assert figure.value is not None
    assert figure.low is not None
    assert f"{100 * figure.value:.1f}%" in text
    assert f"{figure.n} of {figure.planned} scored" in text
    assert "model gave no reply" in text
    assert f"[{100 * figure.low:.1f}," in text


def test_provenance_stands_in_the_page(text: str) -> None:
    for eval in EVALS:
        assert eval.hash in text
        assert all(scorer.version in text for scorer in eval.scorers)
    assert "assay run harmful-requests benign-requests" in text
    assert "You are a helpful assistant of a bank." in text


def test_no_path_of_the_machine_that_made_it_is_told(text: str) -> None:
    assert "/home/analyst" not in text


def test_a_title_can_be_given_and_is_escaped(tmp_path: Path) -> None:
    text = written(tmp_path, *a_pair(), title=HOSTILE)
    assert "<title>&lt;/script&gt;" in text
    assert len(Page(text).bodies["script"]) == 2


def test_hostile_names_in_every_field_of_the_records(tmp_path: Path) -> None:
    evals = [
        an_eval(
            HOSTILE, 9, version=HOSTILE, hash=HOSTILE, path=HOSTILE, prompt=HOSTILE, system=HOSTILE
        )
    ]
    record = a_run(
        HOSTILE,
        id=HOSTILE,
        evals=evals,
        plan=HOSTILE,
        versions={HOSTILE: HOSTILE},
        roles={HOSTILE: HOSTILE},
        model_details={HOSTILE: {HOSTILE: [HOSTILE]}},
        stopped_because=HOSTILE,
    )
    slices = [{"polarity": HOSTILE}, {"policy_area": HOSTILE}, {HOSTILE: HOSTILE}]
    changes = {"eval": HOSTILE, "scorer": HOSTILE, "method": HOSTILE, "warning": HOSTILE}
    told = tuple(a_figure(0.5, slice=one, missing={HOSTILE: 2}, **changes) for one in slices)
    view = RunView(record, told, ())
    page = Page(written(tmp_path, view, view))
    assert len(page.bodies["script"]) == 2
    assert "img" not in {tag for tag, _ in page.tags}


def test_runs_without_any_sample_or_figure_make_a_page(tmp_path: Path) -> None:
    empty = RunView(a_run("test/model", id="run", evals=()), (), ())
    assert "There is no figure at all." in written(tmp_path, empty)
    assert "There is no figure at all." in written(tmp_path, empty, empty)


def test_a_folder_that_is_not_there_is_a_clear_error(tmp_path: Path) -> None:
    with pytest.raises(StoreError) as raised:
        write_report(tmp_path / "none" / "report.html", *a_pair())
    assert str(tmp_path / "none" / "report.html") in str(raised.value)
    assert "Check that the folder exists" in str(raised.value)


def test_a_failure_halfway_leaves_the_old_report_and_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "report.html"
    path.write_text("the old report")
    candidate, _ = a_pair()

    def broken() -> Iterator[Told]:
        yield from list(candidate.transcripts)[:3]
        raise RuntimeError("the disk is gone")

    with pytest.raises(RuntimeError):
        write_report(path, RunView(candidate.record, candidate.estimates, broken()))
    assert path.read_text() == "the old report"
    assert list(tmp_path.iterdir()) == [path]


def test_a_full_disk_leaves_nothing_behind(tmp_path: Path) -> None:
    code = f"""
import resource, signal, sys
from pathlib import Path
from assay.errors import StoreError
from assay.report import write_report
from tests.report.material import a_pair
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, 50_000))
try:
    write_report(Path({str(tmp_path / "report.html")!r}), *a_pair())
except StoreError as error:
    print(error)
"""
    root = Path(__file__).parents[2]
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=root)
    assert "The report cannot be written: File too large." in done.stdout, done.stderr
    assert list(tmp_path.iterdir()) == []


def test_importing_the_report_does_not_load_the_template_engine() -> None:
    code = "import sys, assay.report; print('jinja2' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
