"""File formats: reading delimited text, Parquet and JSON as rows of columns, and telling the formats apart."""
