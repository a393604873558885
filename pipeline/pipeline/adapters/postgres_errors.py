"""psycopg's errors in the pipeline's words."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import psycopg
from psycopg import errors
from psycopg_pool import PoolClosed, PoolTimeout

from pipeline.errors import Malformed, Misconfigured, NoSpace, Refused, Unavailable

WHERE = "postgres"


@asynccontextmanager
async def named() -> AsyncIterator[None]:
    """Tells the first line, which never holds the password."""
    try:
        yield
    except (errors.DiskFull, errors.InsufficientResources) as error:
        raise NoSpace(WHERE, _first_line(error)) from error
    except (errors.UndefinedTable, errors.UndefinedColumn) as error:
        raise Misconfigured(WHERE, f"{_first_line(error)}; run python -m pipeline.bootstrap") from error
    except errors.ForeignKeyViolation as error:
        raise Malformed(WHERE, f"its document is gone: {_first_line(error)}") from error
    except (PoolTimeout, PoolClosed, psycopg.OperationalError, psycopg.InterfaceError) as error:
        reason = _first_line(error)
        if "authentication failed" in reason:
            raise Refused(WHERE, reason) from error
        raise Unavailable(WHERE, reason) from error


def _first_line(error: Exception) -> str:
    return str(error).partition("\n")[0] or type(error).__name__
