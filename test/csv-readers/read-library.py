"""Prints the records of a CSV file, compressed or not, as JSON, as pandas or polars reads them: all cells as text."""

import json
import sys

library, file = sys.argv[1:]
if library == "pandas":
    import pandas

    table = pandas.read_csv(file, header=None, dtype=str, keep_default_na=False)
    rows = table.values.tolist()
else:
    import polars

    table = polars.read_csv(file, has_header=False, infer_schema=False, missing_utf8_is_empty_string=True)
    rows = [list(row) for row in table.iter_rows()]
json.dump(rows, sys.stdout)
