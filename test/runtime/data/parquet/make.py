"""Writes the Parquet files beside it with pyarrow: python make.py"""
import datetime
import decimal
import pathlib

import pyarrow as pa
import pyarrow.parquet as pq

here = pathlib.Path(__file__).parent
rows = 300
table = pa.table({
    "x": pa.array([None if i % 7 == 3 else i * 0.25 - 10 for i in range(rows)], pa.float64()),
    "single": pa.array([i * 0.5 for i in range(rows)], pa.float32()),
    "count": pa.array([(i * i) % 17 for i in range(rows)], pa.int32()),
    "long": pa.array([2**53 + 2 * i if i % 100 == 99 else -i for i in range(rows)], pa.int64()),
    "place": pa.array([None if i % 11 == 5 else ["Bern", "Zürich", "Genève"][i % 3] for i in range(rows)]),
    "kind": pa.array([["a", "b"][i % 2] for i in range(rows)]).dictionary_encode(),
    "flag": pa.array([None if i == 4 else i % 3 == 0 for i in range(rows)]),
    "day": pa.array([datetime.date(2020, 1, 1) + datetime.timedelta(days=i) for i in range(rows)]),
    "price": pa.array([decimal.Decimal(i) / 4 for i in range(rows)], pa.decimal128(10, 2)),
    "tags": pa.array([[1, 2], []] * (rows // 2)),
})
whole = dict(row_group_size=128, data_page_size=256)
pq.write_table(table, here / "snappy.parquet", compression="snappy", **whole)
pq.write_table(table, here / "zstd-v2.parquet", compression="zstd", data_page_version="2.0", **whole)
pq.write_table(table, here / "plain.parquet", compression="none", use_dictionary=False, **whole)
pq.write_table(table, here / "gzip.parquet", compression="gzip", row_group_size=1000)
required = pa.schema([pa.field("x", pa.float64(), nullable=False), pa.field("y", pa.int32(), nullable=False)])
pq.write_table(
    pa.table({"x": [i / 3 for i in range(rows)], "y": list(range(rows))}, schema=required),
    here / "required.parquet", compression="brotli", row_group_size=77,
    use_dictionary=False, column_encoding={"x": "BYTE_STREAM_SPLIT", "y": "DELTA_BINARY_PACKED"},
)
pq.write_table(pa.table({"tags": table["tags"]}), here / "lists-only.parquet")
pq.write_table(table.slice(0, 0), here / "no-rows.parquet")
cut = (here / "snappy.parquet").read_bytes()
(here / "cut-off.parquet").write_bytes(cut[: len(cut) // 2])

# more rows than are read together, in row groups and pages that do not end where those do
long = 40_000
pq.write_table(
    pa.table({
        "x": pa.array([((i * i) % 23) / 4 - (6 if i % 2 else 0) for i in range(long)], pa.float64()),
        "y": pa.array([None if i % 97 == 0 else (i * 7) % 5 for i in range(long)], pa.int64()),
        "kind": pa.array([["oak", "ash", "elm"][(i * i) % 3] for i in range(long)]),
        "size": pa.array([float((i * 7) % 5 + 1) for i in range(long)], pa.float32()),
    }),
    here / "long.parquet", compression="zstd", row_group_size=9_000, data_page_size=4_096,
)
