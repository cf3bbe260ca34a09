"""Documentation in two languages: every page has its other half, is led to, and leads nowhere that there is not."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
CHINESE = ".zh-CN.md"
PAGES = [
    page
    for folder in ("capabilities", "roles")
    for page in sorted((DOCS / folder).glob("*.md"))
    if page.name != "README.md"
]
WRITTEN = [*DOCS.rglob("*.md"), *ROOT.glob("*.md")]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: f"{page.parent.name}/{page.name}")
def test_a_page_leads_to_the_same_in_the_other_language(page: Path) -> None:
    other = page.name.replace(CHINESE, ".md") if page.name.endswith(CHINESE) else page.name.replace(".md", CHINESE)
    assert f"]({other})" in page.read_text("utf-8").partition("## ")[0]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: f"{page.parent.name}/{page.name}")
def test_a_page_is_found_from_the_list_of_its_folder(page: Path) -> None:
    index = DOCS / "README.md" if page.parent.name == "capabilities" else page.parent / "README.md"
    assert f"{page.relative_to(index.parent).as_posix()})" in index.read_text("utf-8")


@pytest.mark.parametrize("page", WRITTEN, ids=lambda page: str(page.relative_to(ROOT)))
def test_no_link_leads_nowhere(page: Path) -> None:
    text = re.sub(r"^```.*?^```", "", page.read_text("utf-8"), flags=re.S | re.M)
    links = [link.partition("#")[0] for link in re.findall(r"\]\(([^)\s]+)\)", text) if "://" not in link]
    assert [
        link for link in links if link and not link.startswith(("mailto:", "/")) and not (page.parent / link).exists()
    ] == []
