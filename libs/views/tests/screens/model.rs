//! The queue told again, slowly and without SQLite: every ticket is asked of the policy, filtered, sorted in memory.

use std::{cmp::Ordering, collections::BTreeMap, sync::Arc};

use domain::{
    AccountId, TicketKey,
    desk::Desk,
    policy::{self, Operation, Scope, Viewer},
    ticket::{
        Document, Stamp, TicketEvent, Visibility,
        event::{CommentBody, Commented},
    },
};
use serde_json::Value;
use views::{AssigneeFilter, QueueQuery, Sort};

/// A ticket as the model has it.
#[derive(Clone)]
pub(crate) struct Told {
    pub(crate) key: TicketKey,
    pub(crate) document: Document,
    opened_at_position: u64,
    said: Vec<(Visibility, String)>,
}

#[derive(Clone, Default)]
pub(crate) struct Model {
    pub(crate) tickets: BTreeMap<String, Told>,
    pub(crate) names: BTreeMap<AccountId, &'static str>,
    pub(crate) organizations: BTreeMap<&'static str, &'static str>,
    pub(crate) desks: Arc<Vec<Desk>>,
}

/// Lower case without accents: as far as the vocabulary of the tests goes.
pub(crate) fn plain(text: &str) -> String {
    text.to_lowercase()
        .chars()
        .map(|c| if matches!(c, 'é' | 'è') { 'e' } else { c })
        .collect()
}

fn tokens(text: &str) -> Vec<String> {
    let plain = plain(text);
    plain
        .split(|c: char| !c.is_alphanumeric())
        .filter(|token| !token.is_empty())
        .map(str::to_owned)
        .collect()
}

impl Told {
    fn scope(&self) -> Scope<'_> {
        let document = &self.document;
        Scope {
            desk: &document.desk,
            requester: document.requester,
            created_by: document.created_by,
            organization: document.organization.as_ref(),
            private: document.private,
            shared_with: &document.shared_with,
        }
    }

    fn reads_internal(&self, viewer: &Viewer) -> bool {
        policy::may(viewer, Operation::ReadInternal, &self.scope())
    }

    fn event_count(&self, reads: bool) -> u64 {
        if reads {
            self.document.version
        } else {
            self.document.public_events
        }
    }

    fn texts(&self, reads: bool) -> Vec<String> {
        let document = &self.document;
        let mut texts = vec![format!(
            "{} {}",
            self.key,
            document.summary.as_deref().unwrap_or_default()
        )];
        texts.extend(document.description.clone());
        let fields: Vec<&str> = document.fields.values().filter_map(Value::as_str).collect();
        texts.push(fields.join("\n"));
        let said = self
            .said
            .iter()
            .filter(|(visibility, _)| reads || *visibility == Visibility::Public);
        texts.extend(said.map(|(_, words)| words.clone()));
        texts
    }

    /// Words apart, `"phrases"` together, the last word may go on.
    fn matches(&self, reads: bool, q: &str) -> bool {
        let texts: Vec<Vec<String>> = self.texts(reads).iter().map(|text| tokens(text)).collect();
        let phrase = q.starts_with('"') || TicketKey::from_typed(q).is_ok();
        let terms: Vec<&str> = if phrase {
            vec![q]
        } else {
            q.split_whitespace().collect()
        };
        let last = terms.len() - 1;
        terms.iter().enumerate().all(|(index, term)| {
            let wanted = tokens(term);
            texts.iter().any(|text| {
                text.windows(wanted.len()).any(|window| {
                    window.iter().zip(&wanted).enumerate().all(|(at, (have, want))| {
                        let goes_on = !phrase && index == last && at + 1 == wanted.len();
                        if goes_on {
                            have.starts_with(want)
                        } else {
                            have == want
                        }
                    })
                })
            })
        })
    }
}

impl Model {
    /// Takes an event in.
    pub(crate) fn happened(&mut self, key: &TicketKey, stamp: &Stamp, event: &TicketEvent) {
        let before = self.tickets.remove(key.as_str());
        let (document, opened_at_position, mut said) = match before {
            Some(told) => (Some(told.document), told.opened_at_position, told.said),
            None => (None, stamp.position, Vec::new()),
        };
        let Some(document) = Document::evolve(document, stamp, event) else {
            return;
        };
        let words = match event {
            TicketEvent::Commented(Commented {
                visibility,
                body: CommentBody::Words(words),
                ..
            }) => Some((*visibility, words.value.clone())),
            TicketEvent::Attached(attached) => Some((Visibility::Public, attached.name.value.clone())),
            TicketEvent::ApprovalRequested(asked) => Some((Visibility::Public, asked.proposal.value.clone())),
            TicketEvent::Reopened { reason, .. } => Some((Visibility::Public, reason.value.clone())),
            TicketEvent::Opened(_)
            | TicketEvent::Described { .. }
            | TicketEvent::Commented(_)
            | TicketEvent::Transitioned(_)
            | TicketEvent::Assigned { .. }
            | TicketEvent::Edited(_)
            | TicketEvent::ApprovalWithdrawn { .. }
            | TicketEvent::ApprovalDecided(_)
            | TicketEvent::Shared { .. }
            | TicketEvent::Unshared { .. } => None,
        };
        said.extend(words.and_then(|(visibility, words)| Some((visibility, words?))));
        let told = Told {
            key: key.clone(),
            document,
            opened_at_position,
            said,
        };
        self.tickets.insert(key.to_string(), told);
    }

    /// What a viewer gets of a query, in its order, when what may be seen of a ticket is what it is in `now`.
    pub(crate) fn queue(&self, now: &Model, viewer: &Viewer, query: &QueueQuery) -> Vec<&Told> {
        let reads = |told: &Told| now.tickets[told.key.as_str()].reads_internal(viewer);
        let mut found: Vec<&Told> = self
            .tickets
            .values()
            .filter(|told| policy::may(viewer, Operation::Read, &now.tickets[told.key.as_str()].scope()))
            .filter(|told| self.passes(told, query))
            .filter(|told| query.q.as_deref().is_none_or(|q| told.matches(reads(told), q)))
            .collect();
        let by_default = [Sort {
            column: "updated_at".to_owned(),
            descending: true,
        }];
        let sort = if query.sort.is_empty() {
            &by_default[..]
        } else {
            &query.sort
        };
        found.sort_by(|a, b| {
            let columns = sort.iter().map(|sort| {
                let order =
                    self.values(a, reads(a), &sort.column)
                        .cmp(&self.values(b, reads(b), &sort.column));
                directed(order, sort.descending)
            });
            let ties = directed(
                a.opened_at_position.cmp(&b.opened_at_position),
                sort[sort.len() - 1].descending,
            );
            columns.fold(Ordering::Equal, Ordering::then).then(ties)
        });
        found
    }

    /// How many events of a ticket a viewer may see.
    pub(crate) fn event_count(&self, now: &Model, viewer: &Viewer, told: &Told) -> u64 {
        told.event_count(now.tickets[told.key.as_str()].reads_internal(viewer))
    }

    fn passes(&self, told: &Told, query: &QueueQuery) -> bool {
        let document = &told.document;
        let status = self.desk(document).status(&document.status).unwrap();
        let assignee = match query.assignee {
            None => true,
            Some(AssigneeFilter::Nobody) => document.assignee.is_none(),
            Some(AssigneeFilter::Account(account)) => document.assignee == Some(account),
        };
        assignee
            && query.desk.as_ref().is_none_or(|desk| *desk == document.desk)
            && (query.status.is_empty() || query.status.iter().any(|id| *id == document.status.as_str()))
            && query.category.is_none_or(|category| category == status.category)
            && query
                .response_required
                .is_none_or(|required| required == status.response_required)
            && query
                .requester
                .is_none_or(|account| account == document.requester)
            && query
                .created_by
                .is_none_or(|account| account == document.created_by)
            && query
                .organization
                .as_ref()
                .is_none_or(|own| Some(own) == document.organization.as_ref())
            && query
                .priority
                .as_ref()
                .is_none_or(|priority| *priority == document.priority)
            && query.private.is_none_or(|private| private == document.private)
            && query
                .updated_after
                .is_none_or(|after| document.updated_at >= after)
            && query
                .created_before
                .is_none_or(|before| document.created_at < before)
            && query.lookup.as_deref().is_none_or(|wanted| {
                document.fields.get("technicalId").and_then(Value::as_str) == Some(wanted)
            })
    }

    fn desk(&self, document: &Document) -> &Desk {
        self.desks
            .iter()
            .find(|desk| desk.definition().key == document.desk)
            .unwrap()
    }

    fn values(&self, told: &Told, reads: bool, column: &str) -> Vec<Option<(i64, String)>> {
        let document = &told.document;
        let definition = self.desk(document).definition();
        let text = |text: &str| Some((0, text.to_owned()));
        let number = |number: i64| Some((number, String::new()));
        let name = |account: AccountId| self.names.get(&account).map(|name| (0, plain(name)));
        let rank = |index: Option<usize>| index.map(|index| (i64::try_from(index).unwrap(), String::new()));
        let one = match column {
            "key" => {
                return vec![
                    text(document.desk.as_str()),
                    number(told.key.number().cast_signed()),
                ];
            }
            "desk" => text(document.desk.as_str()),
            "type" => text(&document.request_type),
            "summary" => document.summary.as_ref().map(|summary| (0, plain(summary))),
            "status" => rank(
                definition
                    .statuses
                    .iter()
                    .position(|status| status.id == document.status),
            ),
            "priority" => rank(
                definition
                    .priorities
                    .iter()
                    .position(|choice| choice.id == document.priority),
            ),
            "urgency" => rank(
                definition
                    .urgencies
                    .iter()
                    .position(|choice| choice.id == document.urgency),
            ),
            "requester" => name(document.requester),
            "created_by" => name(document.created_by),
            "assignee" => document.assignee.and_then(name),
            "organization" => document.organization.as_ref().map(|id| {
                (
                    0,
                    self.organizations
                        .get(id.as_str())
                        .map_or(id.to_string(), |name| plain(name)),
                )
            }),
            "created_at" => number(document.created_at.timestamp_micros()),
            "updated_at" => number(document.updated_at.timestamp_micros()),
            "response_required" => number(
                definition
                    .status(&document.status)
                    .unwrap()
                    .response_required
                    .into(),
            ),
            "version" => number(document.version.cast_signed()),
            "event_count" => number(told.event_count(reads).cast_signed()),
            "private" => number(document.private.into()),
            other => panic!("{other} is no column"),
        };
        vec![one]
    }
}

fn directed(order: Ordering, descending: bool) -> Ordering {
    if descending { order.reverse() } else { order }
}
