//! The started binary, from outside. Each module is a promise of the product.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test fails by panicking"
)]

mod access;
mod api_keys;
mod arrows;
mod bad_input;
mod bad_soap;
mod bad_values;
mod caching;
mod clients;
mod clock;
mod contract;
mod cookies;
mod declaration;
mod declared;
mod desks;
mod disk;
mod distress;
mod documentation;
mod documents;
mod durability;
mod erasure;
mod examples;
mod feed;
mod generated_clients;
mod http_clients;
mod http_fields;
mod invisible_text;
mod languages;
mod last_administrator;
mod limits;
mod live_history;
mod lock_out;
mod mail;
mod oidc;
mod on_behalf;
mod operation;
mod organizations;
mod passwords;
mod process_log;
mod profiles;
mod proofs;
mod rebuild;
mod repeating;
mod restoring;
mod rights;
mod sealed;
mod searching;
mod second_factor;
mod secrets;
mod settings;
mod sign_in_timing;
mod sign_ins;
mod signed_links;
mod soap_reads;
mod soap_sets;
mod soap_settings;
mod story_operators;
mod story_school;
mod story_service_desk;
mod story_urgent_request;
mod taking_away;
mod threads;
mod time_travel;
mod tokens;
mod unsharing;
mod uploads;
mod waiting;
mod workers;
