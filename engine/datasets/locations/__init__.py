"""Data that is no local file: files of web servers and object stores, and tables of databases."""
