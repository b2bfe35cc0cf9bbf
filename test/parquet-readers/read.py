"""Compares what PyArrow, pandas, polars and DuckDB read from a Parquet file with what it should hold.

    python read.py EXPECTED.json

EXPECTED.json names the file, its columns with their Arrow types and values, the NPY file of each column of vectors, and the least
number of row groups. Prints a line for each difference.
"""

import json
import sys

import duckdb
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

with open(sys.argv[1], encoding="utf-8") as file:
    expected = json.load(file)
path = expected["file"]
columns = {column["name"]: column for column in expected["columns"]}
vectors = {name: np.load(column["npy"]) for name, column in columns.items() if "npy" in column}
plain = {name: column["values"] for name, column in columns.items() if "values" in column}
for name, values in plain.items():
    if columns[name]["type"] in ("float", "double"):  # JSON does not tell 1 from 1.0
        plain[name] = [None if value is None else float(value) for value in values]


def differ(reader, what, read, wanted):
    """Prints where a value differs."""
    print(f"{reader}: {what}: read {str(read)[:300]!r}, expected {str(wanted)[:300]!r}")


def compare_values(reader, name, values, wanted=None):
    wanted = plain[name] if wanted is None else wanted
    if len(values) != len(wanted):
        differ(reader, f"rows of {name!r}", len(values), len(wanted))
        return
    for row, (value, one) in enumerate(zip(values, wanted)):
        if value != one or type(value) is not type(one):
            differ(reader, f"row {row} of {name!r}", repr(value), repr(one))
            return


def compare_vectors(reader, name, array, dtype=None):
    wanted = vectors[name]
    if len(wanted) == 0 and len(array) == 0:
        return
    if array.shape != wanted.shape or array.dtype != (dtype or wanted.dtype):
        differ(reader, f"array {name!r}", (array.shape, array.dtype), (wanted.shape, wanted.dtype))
    elif not np.array_equal(array.astype(wanted.dtype), wanted, equal_nan=True):
        differ(reader, f"array {name!r}", "other values", "those of NPY")


def arrow_type(column):
    elements = {"float32": pa.float32(), "float16": pa.float16()}
    kinds = {
        "string": pa.string(),
        "label": pa.dictionary(pa.int32(), pa.string()),
        "int32": pa.int32(),
        "int64": pa.int64(),
        "float": pa.float32(),
        "double": pa.float64(),
        "boolean": pa.bool_(),
    }
    if "npy" in column:
        return pa.list_(pa.field("element", elements[column["type"]], nullable=False), column["length"])
    return kinds[column["type"]]


def check_pyarrow():
    table = pq.read_table(path)
    if table.column_names != list(columns):
        differ("PyArrow", "columns", table.column_names, list(columns))
    for name, column in columns.items():
        kind = table.schema.field(name).type
        if kind != arrow_type(column):
            differ("PyArrow", f"type of {name!r}", kind, arrow_type(column))
        if name in vectors:
            if table[name].null_count > 0:
                differ("PyArrow", f"nulls in {name!r}", table[name].null_count, 0)
            flat = table[name].combine_chunks().flatten()
            compare_vectors("PyArrow", name, np.asarray(flat).reshape(-1, column["length"]))
        else:
            compare_values("PyArrow", name, table[name].to_pylist())
    file = pq.ParquetFile(path)
    if file.metadata.num_row_groups < expected["groups"]:
        differ("PyArrow", "row groups", file.metadata.num_row_groups, expected["groups"])
    batches = sum(batch.num_rows for batch in file.iter_batches(batch_size=1000))
    if batches != table.num_rows:
        differ("PyArrow", "rows of batches", batches, table.num_rows)
    one = pq.read_table(path, columns=["path"])
    compare_values("PyArrow, one column", "path", one["path"].to_pylist())


def check_pandas():
    frame = pd.read_parquet(path)
    for name, column in columns.items():
        if name in vectors:
            rows = frame[name].to_list()
            empty = np.empty((0, column["length"]), vectors[name].dtype)
            compare_vectors("pandas", name, np.stack(rows) if rows else empty)
            continue
        if column["type"] == "label" and not isinstance(frame[name].dtype, pd.CategoricalDtype):
            differ("pandas", f"type of {name!r}", frame[name].dtype, "category")
        values = frame[name].astype(object)
        read = [None if pd.isna(value) else value.item() if hasattr(value, "item") else value for value in values]
        wanted = plain[name]
        if column["type"] == "int64" and None in wanted:  # pandas has floats then
            wanted = [None if value is None else float(value) for value in wanted]
        if column["type"] == "int32" and None in wanted:
            wanted = [None if value is None else float(value) for value in wanted]
        compare_values("pandas", name, read, wanted)


def check_polars():
    frame = pl.read_parquet(path)
    for name, column in columns.items():
        if name not in vectors:
            compare_values("polars", name, frame[name].to_list())
            continue
        if frame.schema[name] != pl.Array(getattr(pl, column["type"].capitalize()), column["length"]):
            differ("polars", f"type of {name!r}", frame.schema[name], f"Array of {column['length']}")
        compare_vectors("polars", name, frame[name].to_numpy())


def check_duckdb():
    relation = duckdb.read_parquet(path)
    for name, column in columns.items():
        found = duckdb.sql('SELECT "' + name.replace('"', '""') + '" AS value FROM relation')
        if name not in vectors:
            compare_values("DuckDB", name, [row[0] for row in found.fetchall()])
            continue
        if str(found.types[0]) != "FLOAT[]":
            differ("DuckDB", f"type of {name!r}", found.types[0], "FLOAT[]")
        values = duckdb.sql("SELECT unnest(value) AS value FROM found").fetchnumpy()["value"]
        array = np.asarray(values).reshape(-1, column["length"])
        compare_vectors("DuckDB", name, array, np.dtype("float32"))


READERS = {"PyArrow": check_pyarrow, "pandas": check_pandas, "polars": check_polars, "DuckDB": check_duckdb}
for reader, check in READERS.items():
    try:
        check()
    except Exception as error:  # a reader that fails is a difference
        print(f"{reader}: cannot read it: {type(error).__name__}: {str(error)[:300]}")
