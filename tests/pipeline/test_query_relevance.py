"""Questions about the samples, through the real reader, cutter, embedder and database."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest
from library import embedding_server, read, shelve
from questions import QUESTIONS, Asked

from pipeline.answer import Answer, Passage
from pipeline.parts import opened
from pipeline.settings import Settings
from servers import PASSWORD, Server, postgres

SAMPLES = Path(__file__).parents[2] / "samples"


@pytest.fixture(scope="module")
def answers(oxigraph_server: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[Asked, Answer]]:
    folder = tmp_path_factory.mktemp("relevance")
    with postgres(folder) as database, embedding_server(folder) as embedder:
        settings = Settings(
            postgres_port=database.port,
            postgres_password=PASSWORD,
            oxigraph_url=oxigraph_server.url,
            litellm_url=embedder,
            embed_model="all-MiniLM-L6-v2",
            objects=(folder / "objects").as_uri(),
        )
        shelve(settings, read(sorted(SAMPLES.iterdir())))
        yield asyncio.run(_ask(settings))


async def _ask(settings: Settings) -> dict[Asked, Answer]:
    async with opened(settings, "relevance") as parts:
        return {asked: await parts.query.ask(asked.question) for asked in QUESTIONS}


def _is_right(passage: Passage, asked: Asked) -> bool:
    return passage.uri.endswith(f"/{asked.file}") and (asked.page is None or passage.page == asked.page)


def _missed(answers: dict[Asked, Answer], first: int) -> list[str]:
    return [
        asked.question
        for asked, answer in answers.items()
        if not any(_is_right(passage, asked) for passage in answer.passages[:first])
    ]


def test_the_right_page_is_among_the_first_three_for_nine_questions_in_ten(answers: dict[Asked, Answer]) -> None:
    missed = _missed(answers, first=3)
    assert len(missed) <= 0.1 * len(QUESTIONS), missed


def test_the_right_page_comes_first_for_three_questions_in_four(answers: dict[Asked, Answer]) -> None:
    missed = _missed(answers, first=1)
    assert len(missed) <= 0.25 * len(QUESTIONS), missed


def test_the_quotation_holds_the_answer_for_three_questions_in_four(answers: dict[Asked, Answer]) -> None:
    missed = {asked.question: one.answer for asked, one in answers.items() if asked.said not in (one.answer or "")}
    assert len(missed) <= 0.25 * len(QUESTIONS), missed


def test_every_sample_is_asked_about(answers: dict[Asked, Answer]) -> None:
    assert {asked.file for asked in QUESTIONS} == {path.name for path in SAMPLES.iterdir()}
