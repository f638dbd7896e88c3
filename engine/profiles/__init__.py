"""Profiles: the ratings of the people who use this program, apart from any data set."""
