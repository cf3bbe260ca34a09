"""Rules of the house that a linter does not know."""

import re
import subprocess
from importlib import import_module
from inspect import isclass, isfunction
from pathlib import Path
from pkgutil import walk_packages

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
LONGEST = 500

#: Spelled in halves, so that this file does not name them either.
REGISTRIES = ["pypi" + ".org", "pythonhosted" + ".org", "npmjs" + ".org", "npmjs" + ".com", "yarnpkg" + ".com"]
REGISTRIES += [
    "npmmirror" + ".com",
    "jsdelivr" + ".net",
    "unpkg" + ".com",
    "cdnjs" + ".cloudflare",
    "deb" + ".debian.org",
]
MACHINE_PATH = re.compile(r"(?<![\w.$}/-])/(?:home|root|work|Users|opt)/[\w.-]+")

#: A link or picture to another file of the repository.
LINK = re.compile(r"\]\((?![a-z]+:|#)([^)#\s]+)")


@pytest.fixture(scope="module")
def own_files() -> list[Path]:
    """Every text file that is, or is about to be, part of the repository."""
    if not (ROOT / ".git").exists():
        pytest.skip("not a git checkout: what belongs to the repository cannot be told")
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        check=True,
        text=True,
    ).stdout
    paths = [ROOT / name for name in listed.split("\0") if name]
    return [path for path in paths if path.is_file() and b"\0" not in path.read_bytes()[:8192]]


def test_modules_fit_on_a_few_screens(own_files: list[Path]) -> None:
    lengths = {
        str(path.relative_to(ROOT)): len(path.read_text(encoding="utf-8").splitlines())
        for path in own_files
        if path.suffix in {".py", ".js", ".html", ".css"}
    }
    assert lengths
    assert {name: length for name, length in lengths.items() if length > LONGEST} == {}


def test_no_file_names_a_registry_or_a_place_on_somebodys_machine(own_files: list[Path]) -> None:
    found = []
    for path in own_files:
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            named = [host for host in REGISTRIES if host in line] + MACHINE_PATH.findall(line)
            found += [f"{path.relative_to(ROOT)}:{number}: {each}" for each in named]
    assert found == []


def test_documents_lead_where_they_say(own_files: list[Path]) -> None:
    pages = {path: LINK.findall(path.read_text(encoding="utf-8")) for path in own_files if path.suffix == ".md"}
    targets = {page: [(page.parent / link).resolve() for link in links] for page, links in pages.items()}
    broken = [
        f"{page.relative_to(ROOT)} -> {each}" for page, leads in targets.items() for each in leads if not each.exists()
    ]
    assert broken == []
    reached: set[Path] = set()
    ahead = [ROOT / "docs" / "README.md"]
    while ahead:
        reached.add(page := ahead.pop())
        ahead += [each for each in targets.get(page, ()) if each not in reached]
    lost = [str(page.relative_to(ROOT)) for page in pages if page.is_relative_to(ROOT / "docs") and page not in reached]
    assert lost == [], "link these from docs/README.md or from a page that it leads to"


@pytest.mark.parametrize(
    "library", ["fangxian.analytics", "fangxian.drawing", "fangxian.protocols", "fangxian.standards"]
)
def test_what_a_library_offers_exists_and_is_documented(library: str) -> None:
    package = import_module(library)
    modules = [package, *(import_module(each.name) for each in walk_packages(package.__path__, f"{library}."))]
    offered = [(module, name) for module in modules for name in getattr(module, "__all__", ())]
    assert offered
    missing = [f"{module.__name__}.{name}" for module, name in offered if not hasattr(module, name)]
    assert missing == []
    things = [(f"{module.__name__}.{name}", getattr(module, name)) for module, name in offered]
    assert [name for name, thing in things if (isclass(thing) or isfunction(thing)) and not thing.__doc__] == []
