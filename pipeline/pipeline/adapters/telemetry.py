"""What the house measured: the table `events(time, entity_id, value, attributes)` of Home Assistant's database."""

from datetime import date, datetime
from typing import Any

import psycopg
from psycopg import AsyncConnection
from psycopg.rows import class_row
from pydantic import BaseModel, ConfigDict

from pipeline.errors import Refused, Unavailable
from pipeline.settings import Settings

WHERE = "telemetry"

CONNECT_TIMEOUT = 5  # seconds; the database is on another machine of the house
STATEMENT_TIMEOUT = 10_000  # milliseconds; a Pi's eMMC reads a month of one entity in about a second

MOST_ROWS = 200
"""Of one answer: what a language model still reads at once."""

_LAST = """
SELECT DISTINCT ON (entity_id) entity_id AS entity, value::text AS value, time
FROM events WHERE entity_id LIKE %(entity)s ESCAPE '!' AND time > now() - make_interval(days => %(days)s)
ORDER BY entity_id, time DESC LIMIT %(rows)s
"""

# A state may be a word (`on`), which has no mean.
_DAYS = r"""
SELECT entity_id AS entity, (time AT TIME ZONE 'UTC')::date AS day, count(*) AS readings,
       round(avg(number), 3)::float8 AS mean, min(number)::float8 AS least, max(number)::float8 AS most
FROM (
    SELECT entity_id, time,
           CASE WHEN value::text ~ '^-?[0-9]+(\.[0-9]+)?([eE][-+]?[0-9]+)?$' THEN value::text::numeric END number
    FROM events WHERE entity_id LIKE %(entity)s ESCAPE '!' AND time > now() - make_interval(days => %(days)s)
) AS readings
GROUP BY entity_id, day ORDER BY entity_id, day LIMIT %(rows)s
"""


class Last(BaseModel):
    """An entity's newest value, as Home Assistant wrote it."""

    model_config = ConfigDict(frozen=True)

    entity: str
    value: str | None
    time: datetime


class Day(BaseModel):
    """An entity's numbers of one day (UTC); `mean`, `least` and `most` are null for one whose values are words."""

    model_config = ConfigDict(frozen=True)

    entity: str
    day: date
    readings: int
    mean: float | None
    least: float | None
    most: float | None


class Summary(BaseModel):
    model_config = ConfigDict(frozen=True)

    last: tuple[Last, ...]
    days: tuple[Day, ...]


class Telemetry:
    """Read-only. Connects for each question: they are rare, and the database is often away with its host."""

    def __init__(self, settings: Settings) -> None:
        password = settings.telemetry_password
        self._arguments: dict[str, Any] = {
            "host": settings.telemetry_host,
            "port": settings.telemetry_port,
            "dbname": settings.telemetry_db,
            "user": settings.telemetry_user,
            "password": password.get_secret_value() if password else None,
            "connect_timeout": CONNECT_TIMEOUT,
            "options": f"-c default_transaction_read_only=on -c statement_timeout={STATEMENT_TIMEOUT}",
        }

    @classmethod
    def configured(cls, settings: Settings) -> "Telemetry | None":
        return cls(settings) if settings.telemetry_host else None

    async def summary(self, entity: str, days: int) -> Summary:
        """Of the entities that `entity` names, where `*` stands for any text: `sensor.*`, of the last `days`.

        Raises Unavailable, Refused.
        """
        values = {"entity": _pattern(entity), "days": days, "rows": MOST_ROWS}
        try:
            async with await AsyncConnection.connect(**self._arguments) as connection:
                async with connection.cursor(row_factory=class_row(Last)) as cursor:
                    last = await (await cursor.execute(_LAST, values)).fetchall()
                async with connection.cursor(row_factory=class_row(Day)) as cursor:
                    by_day = await (await cursor.execute(_DAYS, values)).fetchall()
        except psycopg.Error as error:
            said = str(error).strip().splitlines()[0]
            raise (Refused if "authentication failed" in said else Unavailable)(WHERE, said) from error
        return Summary(last=tuple(last), days=tuple(by_day))


def _pattern(entity: str) -> str:
    """For LIKE: only `*` is special, since `_` stands in every entity's name."""
    quoted = entity.replace("!", "!!").replace("%", "!%").replace("_", "!_")
    return quoted.replace("*", "%")
