//! Privacy: per-person keys that seal personal values inside events; destroying a key erases the person.
