//! The SOAP 1.1 door: a client of the REST API.
