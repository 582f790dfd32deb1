//! The counter: execute a command, ask a view. The only crate that knows rules, log, vault and views.
