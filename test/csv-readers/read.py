"""Prints the records of a CSV file as JSON, read by Python's csv as its documentation recommends."""

import csv
import json
import sys

with open(sys.argv[1], newline="", encoding="utf-8") as file:
    json.dump(list(csv.reader(file)), sys.stdout)
