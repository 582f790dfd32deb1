//! The desk's rules: pure decide and evolve over tickets, desks, accounts and organizations.
