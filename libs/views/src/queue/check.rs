//! What can be wrong with a query: every fault at once (seed 004 §2.5, F198).

use std::collections::BTreeSet;

use domain::{Fault, fault::FaultCode};

use super::{
    FIELDS_MAX, LIMIT_MAX, QueueQuery, SEARCH_BYTES_MAX, SEARCH_TERMS_MAX, SORT_COLUMNS_MAX, STATUSES_MAX,
    order, search,
};

/// Every fault of a query, with the parameter that it is found in.
pub(super) fn faults(query: &QueueQuery) -> Vec<Fault> {
    let mut faults = Vec::new();
    if query.limit == 0 || query.limit > LIMIT_MAX {
        let detail = format!("is between 1 and {LIMIT_MAX}");
        faults.push(Fault::new("/limit", FaultCode::Length, detail));
    }
    if query.sort.len() > SORT_COLUMNS_MAX {
        let detail = format!("names at most {SORT_COLUMNS_MAX} columns");
        faults.push(Fault::new("/sort", FaultCode::Length, detail));
    }
    let mut seen = BTreeSet::new();
    for sort in &query.sort {
        if !order::is_column(&sort.column) {
            let detail = format!("{:?} is not a column of the queue", sort.column);
            faults.push(Fault::new("/sort", FaultCode::Unknown, detail));
        } else if !seen.insert(&sort.column) {
            let detail = format!("names {:?} twice", sort.column);
            faults.push(Fault::new("/sort", FaultCode::Value, detail));
        }
    }
    for (pointer, count, max) in [
        ("/status", query.status.len(), STATUSES_MAX),
        ("/fields", query.fields.len(), FIELDS_MAX),
    ] {
        if count > max {
            faults.push(Fault::new(
                pointer,
                FaultCode::Length,
                format!("holds at most {max} values"),
            ));
        }
    }
    if let Some(q) = &query.q {
        faults.extend(search_fault(q));
    }
    faults
}

fn search_fault(q: &str) -> Option<Fault> {
    let fault = |code, detail| Some(Fault::new("/q", code, detail));
    if q.len() > SEARCH_BYTES_MAX {
        return fault(
            FaultCode::Length,
            format!("holds at most {SEARCH_BYTES_MAX} bytes of UTF-8"),
        );
    }
    let terms = search::terms(q);
    if terms.len() > SEARCH_TERMS_MAX {
        return fault(
            FaultCode::Length,
            format!("holds at most {SEARCH_TERMS_MAX} words and phrases"),
        );
    }
    // What cannot be seen was not asked for.
    if terms.is_empty() && q.chars().any(text::is_visible) {
        return fault(
            FaultCode::Value,
            "holds no letter and no digit to search for".to_owned(),
        );
    }
    None
}
