//! End to end: the started binary, its real clients and its files.
