//! Screens: queue and search on SQLite, history in words; disposable and rebuilt from the log.
