//! A real log and real views in a temporary directory, with a clock that ticks one second per commit.

use std::{
    collections::BTreeMap,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use chrono::{DateTime, TimeDelta, Utc};
use domain::{
    AccountId, Event, OrganizationId, PersonId, Personal, TicketKey,
    account::{AccountCreated, AccountEvent, AccountKind},
    desk::{DeskDefinition, DeskEvent},
    label::Language,
    organization::{OrganizationCreated, OrganizationEvent},
    policy::{Side, Visible},
    ticket::{
        FieldValue, Stamp, TicketEvent, Visibility,
        event::{CommentBody, Commented, Opened},
    },
};
use event_log::{
    Appended, Channel, CommandId, Commit, EventDraft, EventId, EventLog, Expected, Position, Recorded,
    StreamWrite, Target,
};
use serde_json::{Value, value::to_raw_value};
use tempfile::TempDir;
use uuid::Uuid;
use views::{Open, Options, QueueError, QueuePage, QueueQuery, Views, digest::Offline};

/// How long a test waits for the view, which it never needs.
const PATIENCE: Duration = Duration::from_secs(60);

pub(crate) struct World {
    pub(crate) log: EventLog,
    pub(crate) views: Views,
    pub(crate) open: Open,
    pub(crate) dir: TempDir,
    pub(crate) options: Options,
    runtime: tokio::runtime::Runtime,
    commits: u64,
    later: TimeDelta,
}

pub(crate) fn account(number: u128) -> AccountId {
    AccountId(Uuid::from_u128(number))
}

pub(crate) fn organization(id: &str) -> OrganizationId {
    id.parse().unwrap()
}

pub(crate) fn personal(words: &str) -> Personal<String> {
    Personal::new(PersonId(Uuid::from_u128(1)), words.to_owned())
}

pub(crate) fn erased() -> Personal<String> {
    Personal {
        subject: PersonId(Uuid::from_u128(1)),
        value: None,
        commitment: None,
    }
}

/// Opens every value, with what stands for it in its sealed form: here its place in its event.
pub(crate) fn keyed() -> Open {
    Arc::new(|id, data| {
        each_mark(data, &id.to_string(), &mut |place, mark| {
            mark.insert("commitment".to_owned(), place.into());
        });
        Ok(())
    })
}

/// Opens every value, but of one person only until they are gone.
pub(crate) fn without(person: u128, gone: &Arc<AtomicBool>) -> Open {
    let (subject, gone) = (Uuid::from_u128(person).to_string(), Arc::clone(gone));
    Arc::new(move |id, data| {
        let is_gone = gone.load(Ordering::SeqCst);
        each_mark(data, &id.to_string(), &mut |place, mark| {
            mark.insert("commitment".to_owned(), place.into());
            if is_gone && mark.get("subject").and_then(Value::as_str) == Some(&subject) {
                mark.remove("value");
                mark.insert("erased".to_owned(), true.into());
            }
        });
        Ok(())
    })
}

/// Has no key: every value is erased, and what stands for it is there.
pub(crate) fn keyless() -> Open {
    Arc::new(|id, data| {
        each_mark(data, &id.to_string(), &mut |place, mark| {
            mark.insert("commitment".to_owned(), place.into());
            mark.remove("value");
            mark.insert("erased".to_owned(), true.into());
        });
        Ok(())
    })
}

fn each_mark(
    value: &mut Value,
    place: &str,
    tell: &mut impl FnMut(&str, &mut serde_json::Map<String, Value>),
) {
    match value {
        Value::Object(members) => match members.get_mut("personal") {
            Some(Value::Object(mark)) => tell(place, mark),
            _ => members
                .iter_mut()
                .for_each(|(name, member)| each_mark(member, &format!("{place}/{name}"), tell)),
        },
        Value::Array(_) | Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// An opening on `SUP` for account 1; change what matters.
pub(crate) fn opened(summary: &str) -> Opened {
    Opened {
        side: Side::Requester,
        desk: "SUP".parse().unwrap(),
        desk_version: 1,
        request_type: "question".to_owned(),
        summary: personal(summary),
        description: None,
        status: "open".parse().unwrap(),
        priority: "normal".to_owned(),
        urgency: "medium".to_owned(),
        requester: account(1),
        customer: None,
        organization: None,
        private: false,
        shared_with: Default::default(),
        notify: true,
        fields: BTreeMap::new(),
    }
}

pub(crate) fn comment(words: &str, visibility: Visibility) -> TicketEvent {
    TicketEvent::Commented(Commented {
        side: Side::Agent,
        comment: domain::CommentId(Uuid::from_u128(5)),
        visibility,
        body: CommentBody::Words(personal(words)),
    })
}

pub(crate) fn open_field(text: &str) -> FieldValue {
    FieldValue::Open(Value::from(text))
}

/// The viewer who sees everything.
pub(crate) fn everything() -> Visible {
    Visible {
        all: true,
        internal: true,
        ..Visible::default()
    }
}

pub(crate) fn stamp(recorded: &Recorded) -> Stamp {
    Stamp {
        position: recorded.position.0,
        version: recorded.envelope.version.0,
        command: recorded.envelope.command_id.0,
        at: recorded.envelope.at,
        occurred_at: recorded.envelope.occurred_at,
        sent_at: recorded.envelope.sent_at,
        by: AccountId(recorded.envelope.by),
        on_behalf_of: recorded.envelope.on_behalf_of.map(AccountId),
    }
}

pub(crate) fn start() -> DateTime<Utc> {
    "2026-03-02T09:00:00Z".parse().unwrap()
}

pub(crate) fn keys(page: &QueuePage) -> Vec<String> {
    page.rows.iter().map(|row| row.key.to_string()).collect()
}

impl World {
    /// An empty log, with views on it.
    pub(crate) fn empty(options: Options) -> World {
        let dir = TempDir::new().unwrap();
        let log = EventLog::open(&dir.path().join("log"), event_log::Options::default()).unwrap();
        let open = keyed();
        let views = Views::open(
            &dir.path().join("views"),
            log.clone(),
            open.clone(),
            options.clone(),
        )
        .unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .build()
            .unwrap();
        World {
            log,
            views,
            open,
            dir,
            options,
            runtime,
            commits: 0,
            later: TimeDelta::zero(),
        }
    }

    /// A log with the shipped desks, four accounts and two organizations.
    pub(crate) fn new() -> World {
        World::with(Options::default())
    }

    pub(crate) fn with(options: Options) -> World {
        let mut world = World::empty(options);
        for desk in domain::desk::shipped().unwrap() {
            // Whichever version ships, the tickets here are opened under the first.
            let definition = Box::new(DeskDefinition {
                version: 1,
                ..desk.definition().clone()
            });
            let stream = format!("desk-{}", definition.key);
            world.append(
                &stream,
                account(9),
                vec![Event::Desk(DeskEvent::Published { definition })],
            );
        }
        for (number, name) in [(1, "Zoé"), (2, "Émile"), (3, "Anne"), (4, "emma")] {
            world.name(account(number), name);
        }
        for (id, name) in [("commune-a", "Ville de Zwin"), ("commune-b", "Athènes")] {
            let created = OrganizationCreated {
                id: organization(id),
                name: name.to_owned(),
                siren: None,
                parent: None,
            };
            let event = Event::Organization(OrganizationEvent::Created(created));
            world.append(&format!("organization-{id}"), account(9), vec![event]);
        }
        world
    }

    fn name(&mut self, id: AccountId, name: &str) {
        let created = AccountCreated {
            kind: AccountKind::Person,
            username: personal(name),
            name: personal(name),
            language: Language::Fr,
        };
        let event = Event::Account(AccountEvent::Created(created));
        self.append(&format!("account-{id}"), account(9), vec![event]);
    }

    fn draft(&self, index: usize, by: AccountId, event: &Event) -> EventDraft {
        let (event_type, data) = event.encode().unwrap();
        let id = u128::from(self.commits) << 32 | index as u128;
        EventDraft {
            id: EventId(Uuid::from_u128(id)),
            event_type: event_type.to_owned(),
            at: start() + self.later + TimeDelta::seconds(i64::try_from(self.commits).unwrap()),
            occurred_at: None,
            sent_at: None,
            by: by.0,
            on_behalf_of: None,
            channel: Channel::Rest,
            correlation_id: Uuid::from_u128(id),
            causation_id: None,
            data: to_raw_value(&data).unwrap(),
        }
    }

    fn commit(&mut self, target: Target, by: AccountId, events: &[Event]) -> Appended {
        self.commits += 1;
        let drafts = events
            .iter()
            .enumerate()
            .map(|(index, event)| self.draft(index, by, event))
            .collect();
        let commit = Commit {
            command_id: CommandId(Uuid::from_u128(self.commits.into())),
            command_digest: [0; 32],
            writes: vec![StreamWrite {
                target,
                expected: Expected::Any,
                events: drafts,
            }],
        };
        self.runtime.block_on(self.log.append(commit)).unwrap()
    }

    /// Appends to a stream.
    pub(crate) fn append(&mut self, stream: &str, by: AccountId, events: Vec<Event>) -> Appended {
        self.commit(Target::Stream(stream.parse().unwrap()), by, &events)
    }

    /// Opens a ticket, by its requester.
    pub(crate) fn ticket(&mut self, opened: Opened) -> TicketKey {
        let by = opened.requester;
        self.ticket_by(by, opened)
    }

    /// Opens a ticket by somebody.
    pub(crate) fn ticket_by(&mut self, by: AccountId, opened: Opened) -> TicketKey {
        let prefix = opened.desk.as_str().parse().unwrap();
        let event = Event::Ticket(TicketEvent::Opened(Box::new(opened)));
        let appended = self.commit(Target::NextIn(prefix), by, &[event]);
        appended.events[0].envelope.stream.as_str().parse().unwrap()
    }

    /// Something happens to a ticket, by account 3.
    pub(crate) fn happens(&mut self, key: &TicketKey, event: TicketEvent) {
        self.append(key.as_str(), account(3), vec![Event::Ticket(event)]);
    }

    /// Waits until the views of the product have all that the log has.
    pub(crate) fn catch_up(&self) {
        self.wait_for(self.log.head());
        self.wait_for_view("series", self.log.head());
    }

    pub(crate) fn wait_for_view(&self, view: &str, position: Position) {
        assert!(
            self.is_view_at(view, position, PATIENCE),
            "{view} does not follow"
        );
    }

    pub(crate) fn is_view_at(&self, view: &str, position: Position, timeout: Duration) -> bool {
        self.runtime
            .block_on(self.views.view_is_at(view, position, timeout))
    }

    pub(crate) fn wait_for(&self, position: Position) {
        assert!(
            self.runtime.block_on(self.views.at_least(position, PATIENCE)),
            "the view does not follow"
        );
    }

    pub(crate) fn is_at_least(&self, position: Position, timeout: Duration) -> bool {
        self.runtime.block_on(self.views.at_least(position, timeout))
    }

    /// Asks, with all that the log has.
    pub(crate) fn queue(&self, viewer: &Visible, query: &QueueQuery) -> QueuePage {
        self.catch_up();
        self.views.queue(viewer, query).unwrap()
    }

    /// The error of a query.
    pub(crate) fn refused(&self, query: &QueueQuery) -> QueueError {
        self.catch_up();
        self.views.queue(&everything(), query).unwrap_err()
    }

    /// What a search finds, for who sees everything.
    pub(crate) fn found(&self, q: &str) -> Vec<String> {
        self.found_by(&everything(), q)
    }

    pub(crate) fn found_by(&self, viewer: &Visible, q: &str) -> Vec<String> {
        let query = QueueQuery {
            q: Some(q.to_owned()),
            sort: views::Sort::list("key"),
            ..QueueQuery::default()
        };
        keys(&self.queue(viewer, &query))
    }

    pub(crate) fn dump(&self) -> String {
        self.catch_up();
        self.views.dump().unwrap()
    }

    /// The digest of the file, which has all that the log has.
    pub(crate) fn digest(&self) -> String {
        self.catch_up();
        let (position, digest) = self.views.digest().unwrap();
        assert_eq!(position, self.log.head());
        digest
    }

    /// The digest of a fold without a file, over the log up to a position.
    pub(crate) fn offline(&self, open: Open, until: Position) -> String {
        let mut offline = Offline::new(open);
        for recorded in self
            .log
            .read(Position(0), usize::try_from(until.0).unwrap())
            .unwrap()
        {
            offline.fold(recorded.position, &recorded.envelope);
        }
        assert_eq!((offline.position(), offline.skipped()), (until, 0));
        offline.finish().unwrap()
    }

    /// Waits until the person of [`personal`] is erased, whose values can no more be opened.
    pub(crate) fn erase(&self) {
        assert!(self.is_done(self.erasing(1)));
    }

    /// Begins to take a person out of the files.
    pub(crate) fn erasing(&self, person: u128) -> views::Work {
        let subject = format!("\"subject\":\"{}\"", Uuid::from_u128(person));
        let events = self.log.read(Position(0), usize::MAX).unwrap().into_iter();
        let theirs = events.filter(|event| event.envelope.data.get().contains(&subject));
        self.views
            .erase(theirs.map(|event| event.envelope.stream).collect())
    }

    /// Waits for work on the files; whether it was done.
    pub(crate) fn is_done(&self, work: views::Work) -> bool {
        self.runtime.block_on(work.done())
    }

    /// Waits until a renewal that begins now is done.
    pub(crate) fn renew(&self) {
        let renewal = self.views.renew();
        assert!(self.runtime.block_on(renewal.done()));
    }

    pub(crate) fn name_account(&mut self, number: u128, name: &str) {
        self.name(account(number), name);
    }

    /// Lets the clock run.
    pub(crate) fn pass(&mut self, time: TimeDelta) {
        self.later += time;
    }

    pub(crate) fn views_dir(&self) -> std::path::PathBuf {
        self.dir.path().join("views")
    }

    /// Closes the views, does something to their directory, and opens them again.
    pub(crate) fn reopen(&mut self, meanwhile: impl FnOnce(&Path)) {
        self.views.clone().close();
        meanwhile(&self.views_dir());
        let views = Views::open(
            &self.views_dir(),
            self.log.clone(),
            self.open.clone(),
            self.options.clone(),
        );
        self.views = views.unwrap();
    }
}
