"""Sources to a data set: read, clean, review, split, and say where every row came from."""
