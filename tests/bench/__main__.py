"""`make bench`: every benchmark, one after the other. They print; they assert nothing."""

from tests.bench import (
    bench_board,
    bench_checkin,
    bench_chip,
    bench_day,
    bench_desk,
    bench_faces,
    bench_pack,
    bench_pad,
    bench_preview,
    bench_results,
    bench_roster,
    bench_roster_page,
    bench_seal,
    bench_search,
    bench_session_page,
    bench_sheet,
    bench_signatures,
    bench_store,
    bench_trust,
    bench_verify,
    bench_verify_sheet,
    bench_witness,
)

for bench in (
    bench_checkin,
    bench_chip,
    bench_store,
    bench_verify,
    bench_board,
    bench_day,
    bench_pack,
    bench_witness,
    bench_trust,
    bench_results,
    bench_roster,
    bench_roster_page,
    bench_session_page,
    bench_sheet,
    bench_seal,
    bench_signatures,
    bench_verify_sheet,
    bench_search,
    bench_faces,
    bench_preview,
    bench_desk,
):
    print(f"\n== {bench.__name__}", flush=True)
    bench.main()
print(f"\n== {bench_pad.__name__}, two presentations of each species", flush=True)
bench_pad.main([])
