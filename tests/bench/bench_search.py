"""1:N: one query over 5,000 templates, the ranking of all their pairs, and what reading them from a log takes; a table,
then JSON. Nothing is asserted.

Random unit vectors: exact search takes as long for any numbers.
"""

import json
import tempfile
from pathlib import Path
from statistics import median
from time import perf_counter

import numpy as np

from biometrics.search import TemplateIndex
from proctor.face_gallery import SessionGallery
from tests.support.face_templates import come, face
from tests.support.packs import open_session
from tests.support.sessions_station import Bench

TEMPLATES, DIMENSION, QUERIES = 5_000, 128, 300
ATTEMPTS = 300
LIMIT_MS = 20.0


def measure() -> dict[str, float]:
    """Return times in ms: of a query (median, slowest), by numpy alone, of the ranking; of reading a session."""
    random = np.random.default_rng(1)
    vectors = random.normal(size=(TEMPLATES + QUERIES, DIMENSION)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    index = TemplateIndex(DIMENSION)
    for row in range(TEMPLATES):
        index.add(row // 2, vectors[row])
    queries, bare = [], []
    for query in vectors[TEMPLATES:]:
        began = perf_counter()
        index.nearest(query, owner=-1)
        queries.append((perf_counter() - began) * 1000)
        began = perf_counter()
        int(np.argmax(vectors[:TEMPLATES] @ query))
        bare.append((perf_counter() - began) * 1000)
    began = perf_counter()
    index.pairs(top=20)
    ranking = (perf_counter() - began) * 1000
    return {
        "templates": TEMPLATES,
        "query_ms": round(median(queries[5:]), 3),
        "query_slowest_ms": round(max(queries[5:]), 3),
        "limit_ms": LIMIT_MS,
        "numpy_alone_ms": round(median(bare[5:]), 3),
        "ranking_all_pairs_ms": round(ranking, 1),
        **reading(),
    }


def reading() -> dict[str, float]:
    """Return what it takes to read the gallery of a session from its encrypted log."""
    with tempfile.TemporaryDirectory() as folder, Bench(path=Path(folder) / "station.db").create() as store:
        session = open_session(store)
        for number in range(ATTEMPTS):
            come(store, session, f"{number:03d}", face(number), face(number, 1))
        gallery = SessionGallery(store, session.session_id)
        began = perf_counter()
        gallery.refresh()
        took = (perf_counter() - began) * 1000
    return {"attempts_read": ATTEMPTS, "reading_ms": round(took, 1)}


def main() -> None:
    """Print the table and the JSON."""
    result = measure()
    print(f"1:N search, {TEMPLATES} templates of {DIMENSION} numbers, numpy {np.__version__}")
    for name, value in result.items():
        print(f"  {name:26}{value:>10}")
    print(json.dumps({"bench": "search", **result}))


if __name__ == "__main__":
    main()
