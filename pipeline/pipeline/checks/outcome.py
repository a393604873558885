"""A question to the platform, and what came of it."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from pydantic import BaseModel, ConfigDict

from pipeline.errors import PipelineError
from pipeline.parts import Parts
from pipeline.settings import Settings


class Outcome(BaseModel):
    """`evidence` is what was seen, or why it does not hold; one line."""

    model_config = ConfigDict(frozen=True)

    name: str
    held: bool
    evidence: str


def _everywhere(settings: Settings) -> bool:
    return True


@dataclass(frozen=True, slots=True)
class Check:
    """`ask` returns its evidence and raises PipelineError, with the reason, where it does not hold. Where `when`
    says no, the lab goes without what it is about, and nothing is asked."""

    name: str
    ask: Callable[[Settings, Parts], Awaitable[str]]
    when: Callable[[Settings], bool] = _everywhere

    async def outcome(self, settings: Settings, parts: Parts) -> Outcome:
        try:
            return Outcome(name=self.name, held=True, evidence=await self.ask(settings, parts))
        except PipelineError as error:
            return Outcome(name=self.name, held=False, evidence=str(error))
