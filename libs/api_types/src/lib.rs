//! The wire: requests, answers and problems of the REST contract. No rules.
