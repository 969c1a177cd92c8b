"""Reads values of one schema, end to end, from standard input as fastavro sees
them and writes them back to standard output.

usage: fastavro_batch.py SCHEMA < values > values
"""

import io
import json
import sys

import fastavro

schema = fastavro.parse_schema(json.loads(sys.argv[1]))
data = sys.stdin.buffer.read()
values = io.BytesIO(data)
while values.tell() < len(data):
    fastavro.schemaless_writer(sys.stdout.buffer, schema, fastavro.schemaless_reader(values, schema))
