//! What is not history: refresh tokens and failure counters, in SQLite.
