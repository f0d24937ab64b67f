"""dlt: the same feed as one merged table, by its REST client and its own destinations.

``case_dlt BASE_URL STORE_URL FOLDER``
"""

import json
import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from benchmarks.sync import feed


def main(base_url: str, store_url: str, folder: str) -> None:
    _configure(Path(folder))
    import dlt  # noqa: PLC0415  reads its settings from the environment when imported
    from dlt.sources.helpers.requests import Client  # noqa: PLC0415

    session = Client().session

    def pages(account: str) -> Iterator[list[dict[str, Any]]]:
        page: int | None = 0
        while page is not None:
            body = session.get(f"{base_url}/{account}/{page}.json").json()
            yield [{**item, "account": account} for item in body["items"]]
            page = body["next"]

    @dlt.resource(name="messages", write_disposition=_how(store_url), primary_key="id",
                  max_table_nesting=0)  # fmt: skip
    def messages() -> Iterator[list[dict[str, Any]]]:
        for number in range(feed.ACCOUNTS):
            yield from pages(feed.name(number))

    began = time.perf_counter()
    pipeline = dlt.pipeline("bench", destination=_destination(dlt, store_url), dataset_name="bench")
    pipeline.run(messages())
    seconds = time.perf_counter() - began
    counts = pipeline.last_trace.last_normalize_info.row_counts
    print(json.dumps({"seconds": seconds, "written": counts["messages"]}))


def _how(store_url: str) -> Any:
    """Its SQLite destination only knows delete-insert; PostgreSQL's takes an upsert."""
    if store_url.startswith("sqlite"):
        return "merge"
    return {"disposition": "merge", "strategy": "upsert"}


def _destination(dlt: Any, store_url: str) -> Any:
    if store_url.startswith("sqlite"):
        return dlt.destinations.sqlalchemy(store_url)
    return dlt.destinations.postgres(store_url)


def _configure(folder: Path) -> None:
    os.environ["DLT_DATA_DIR"] = str(folder / "dlt")
    os.environ["DLT_PROJECT_DIR"] = str(folder)
    os.environ["RUNTIME__DLTHUB_TELEMETRY"] = "false"
    os.environ["RUNTIME__LOG_LEVEL"] = "ERROR"
    os.chdir(folder)


if __name__ == "__main__":
    main(*sys.argv[1:])
