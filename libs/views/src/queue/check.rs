//! What can be wrong with a query: every fault at once (seed 004 §2.5, F198).

use std::collections::BTreeSet;

use domain::{Fault, FaultText, fault::NAMED_CHARS_MAX};

use super::{
    FIELDS_MAX, LIMIT_MAX, QueueQuery, SEARCH_BYTES_MAX, SEARCH_TERMS_MAX, SORT_COLUMNS_MAX, STATUSES_MAX,
    order, search,
};

/// Every fault of a query, with the parameter that it is found in.
pub(super) fn faults(query: &QueueQuery) -> Vec<Fault> {
    let mut faults = Vec::new();
    if query.limit == 0 || query.limit > LIMIT_MAX {
        faults.push(Fault::new(
            "/limit",
            FaultText::NumberBetween {
                min: 1,
                max: u64::from(LIMIT_MAX),
            },
        ));
    }
    if query.sort.len() > SORT_COLUMNS_MAX {
        faults.push(Fault::new(
            "/sort",
            FaultText::ColumnsMax {
                max: SORT_COLUMNS_MAX,
            },
        ));
    }
    let mut seen = BTreeSet::new();
    for sort in &query.sort {
        if !order::is_column(&sort.column) {
            faults.push(Fault::new(
                "/sort",
                FaultText::NotAColumn {
                    column: text::shown(&sort.column, NAMED_CHARS_MAX),
                },
            ));
        } else if !seen.insert(&sort.column) {
            faults.push(Fault::new(
                "/sort",
                FaultText::NamesTwice {
                    name: text::shown(&sort.column, NAMED_CHARS_MAX),
                },
            ));
        }
    }
    for (pointer, count, max) in [
        ("/status", query.status.len(), STATUSES_MAX),
        ("/fields", query.fields.len(), FIELDS_MAX),
    ] {
        if count > max {
            faults.push(Fault::new(pointer, FaultText::ItemsMax { max }));
        }
    }
    if let Some(q) = &query.q {
        faults.extend(search_fault(q));
    }
    faults
}

fn search_fault(q: &str) -> Option<Fault> {
    let fault = |text| Some(Fault::new("/q", text));
    if q.len() > SEARCH_BYTES_MAX {
        return fault(FaultText::BytesMax {
            max: SEARCH_BYTES_MAX,
        });
    }
    let terms = search::terms(q);
    if terms.len() > SEARCH_TERMS_MAX {
        return fault(FaultText::TermsMax {
            max: SEARCH_TERMS_MAX,
        });
    }
    // What cannot be seen was not asked for.
    if terms.is_empty() && q.chars().any(text::is_visible) {
        return fault(FaultText::NothingToSearch);
    }
    None
}
