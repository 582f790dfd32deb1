//! Pages of what a ticket has in the order of its versions.

use actix_web::HttpRequest;
use api_types::HistoryPage;
use application::{
    Application, Loaded, Position, Reader, Version,
    tickets::{as_of::AsOf, threads::Start},
};
use domain::FaultText;

use crate::{answer, caller::Caller, parameters::Parameters, refusal::Refusal};

/// What a page is asked for with.
pub(super) struct Asked {
    pub(super) limit: usize,
    pub(super) start: Start,
    pub(super) at_least: Option<Position>,
    pub(super) as_of: Option<AsOf>,
}

impl Asked {
    pub(super) fn read(
        caller: &Caller,
        request: &HttpRequest,
        (limit, limit_max): (usize, usize),
        is_live: bool,
    ) -> Result<Asked, Refusal> {
        let mut parameters = Parameters::read(request)?;
        if is_live {
            refuse_of_live(&mut parameters);
        }
        let limit = parameters.limit(limit, limit_max);
        let start = start(&mut parameters);
        let at_least: Option<u64> = parameters.parsed("at_least", FaultText::NotAPosition);
        let as_of = parameters.as_of(caller.application.head());
        parameters.end()?;
        Ok(Asked {
            limit,
            start,
            at_least: at_least.map(Position),
            as_of,
        })
    }
}

/// A live stream is of now, and its order is that of the log.
fn refuse_of_live(parameters: &mut Parameters) {
    for name in ["as_of", "cursor"] {
        if parameters.text(name).is_some() {
            parameters.fault(name, FaultText::NotWhenLive);
        }
    }
    if parameters.value("sort").is_some_and(|sort| sort != "version") {
        parameters.fault("sort", FaultText::NotWhenLive);
    }
}

/// Where a page starts, by its order and its cursor: a version, with a `-` before it when the newest come first, so that no cursor
/// passes for one of the other order.
fn start(parameters: &mut Parameters) -> Start {
    let is_forward = match parameters.value("sort").as_deref() {
        None | Some("version") => true,
        Some("-version") => false,
        Some(_) => {
            parameters.fault("sort", FaultText::NotASort);
            true
        }
    };
    let after = parameters.whole("after");
    let cursor = parameters.text("cursor");
    if after.is_some() && (cursor.is_some() || !is_forward) {
        parameters.fault("after", FaultText::OnlyWithoutCursor);
    }
    let Some(cursor) = cursor else {
        return match is_forward {
            true => Start::After(Version(after.unwrap_or(0))),
            false => Start::Before(None),
        };
    };
    let (is_of_forward, version) = match cursor.strip_prefix('-') {
        Some(version) => (false, version),
        None => (true, cursor.as_str()),
    };
    let version = version.parse().ok().filter(|_| !version.starts_with('+'));
    if version.is_none() {
        parameters.fault("cursor", FaultText::NotACursor);
    } else if is_of_forward != is_forward {
        parameters.fault("cursor", FaultText::CursorOfTheOtherOrder);
    }
    let version = Version(version.unwrap_or_default());
    match is_forward {
        true => Start::After(version),
        false => Start::Before(Some(version)),
    }
}

/// Where the next page starts, as a client gives it back.
pub(super) fn cursor(next: Start) -> String {
    match next {
        Start::After(version) => version.0.to_string(),
        Start::Before(version) => format!("-{}", version.map_or(u64::MAX, |version| version.0)),
    }
}

/// A page of a ticket's history.
pub(crate) fn history(
    caller: &Caller,
    reader: &Reader<'_, Application>,
    loaded: &Loaded,
    page: (Start, usize),
) -> Result<HistoryPage, Refusal> {
    let found = reader
        .tickets()
        .history(caller.viewer(), loaded, caller.language, page)?;
    let items = found.items.into_iter();
    Ok(HistoryPage {
        items: items
            .map(|entry| answer::history_entry(reader.directory(), entry))
            .collect(),
        next_cursor: found.next.map(cursor),
    })
}
