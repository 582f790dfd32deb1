//! Who there is and which desks there are: a small view in memory, folded from the log alone.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    sync::Arc,
};

use domain::{
    AccountId, DeskKey, Event, OrganizationId,
    account::{
        Account, AccountEvent,
        profile::{is_plain_username, look_alike_keys, username_key},
    },
    desk::{Desk, DeskEvent, definition::Choice, lists::LongList},
    ids::ApiKeyId,
    organization::{Organization, OrganizationEvent, Tree},
    person::PersonEvent,
    policy::Viewer,
};
use event_log::{EventLog, Position, Recorded};
use parking_lot::{Mutex, RwLock};
use uuid::Uuid;
use vault::Vault;

use crate::kernel::{
    codec,
    error::{ReadError, chain},
};

/// The categories of streams that the directory is made of.
const CATEGORIES: [&str; 4] = ["account", "organization", "desk", "person"];

/// Accounts, organizations and desks. Reads take what is there; [`Directory::refresh`] folds what the log has more.
#[derive(Default)]
pub struct Directory {
    inside: RwLock<Inside>,
    /// The event that it cannot go beyond.
    stopped_at: Mutex<Option<Unreadable>>,
}

/// An event that accounts, organizations and desks cannot be made from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unreadable {
    /// Where it stands in the log.
    pub position: Position,
    /// What is the matter with it.
    pub reason: String,
}

/// The same as an error.
#[derive(Debug, thiserror::Error)]
#[error("the event at position {position} cannot be read")]
struct EventError {
    position: Position,
    #[source]
    source: ReadError,
}

#[derive(Default)]
struct Inside {
    /// The last position folded.
    position: Position,
    accounts: HashMap<AccountId, Arc<Account>>,
    by_username: HashMap<String, AccountId>,
    /// Who has a user name of that look (`look_alike_keys`).
    by_look: HashMap<String, BTreeSet<AccountId>>,
    by_api_key: HashMap<ApiKeyId, AccountId>,
    organizations: BTreeMap<OrganizationId, Arc<Organization>>,
    tree: Arc<Tree>,
    /// What the policy sees of accounts, made when asked for and dropped when anything of it may have changed.
    viewers: HashMap<AccountId, Arc<Viewer>>,
    desks: BTreeMap<DeskKey, Vec<Arc<Desk>>>,
    /// The lists that stand apart, with how many events each has.
    lists: BTreeMap<(DeskKey, String), (u64, Arc<LongList>)>,
}

impl Directory {
    /// Folds what the log has beyond what is known. Reads only the streams it is made of, and keeps nobody waiting
    /// meanwhile. Two at once do no harm: each event is folded once, in the order of the log.
    ///
    /// # Errors
    /// [`ReadError::Internal`] when the log cannot be read or an event not be understood.
    pub fn refresh(&self, log: &EventLog, vault: &Vault) -> Result<(), ReadError> {
        let followed = self.follow(log, vault);
        *self.stopped_at.lock() = match &followed {
            Ok(()) | Err(FollowError::Log(_)) => None,
            Err(FollowError::Event(error)) => Some(Unreadable {
                position: error.position,
                reason: chain(error),
            }),
        };
        followed.map_err(|error| match error {
            FollowError::Log(error) => error,
            FollowError::Event(error) => ReadError::internal(error),
        })
    }

    /// The event that stopped the last [`Directory::refresh`], when one did.
    #[must_use]
    pub fn stopped_at(&self) -> Option<Unreadable> {
        self.stopped_at.lock().clone()
    }

    fn follow(&self, log: &EventLog, vault: &Vault) -> Result<(), FollowError> {
        let known = self.inside.read().position;
        let head = log.head();
        let mut events: Vec<Recorded> = Vec::new();
        for category in CATEGORIES {
            let found = log.read_category(category, known);
            events.extend(found.map_err(|error| FollowError::Log(ReadError::internal(error)))?);
        }
        // What came after the head was read is not complete over the three categories: the next turn takes it.
        events.retain(|recorded| recorded.position <= head);
        events.sort_by_key(|recorded| recorded.position);
        let decoded = events
            .iter()
            .map(|recorded| codec::decode(vault, recorded).map_err(at(recorded)));
        let decoded: Vec<Event> = decoded.collect::<Result<_, _>>()?;
        let mut inside = self.inside.write();
        for (recorded, event) in events.iter().zip(decoded) {
            if recorded.position > inside.position {
                inside.fold(recorded, event).map_err(at(recorded))?;
                inside.position = recorded.position;
            }
        }
        inside.position = inside.position.max(head);
        Ok(())
    }

    /// The account of that id.
    #[must_use]
    pub fn account(&self, id: AccountId) -> Option<Arc<Account>> {
        self.inside.read().accounts.get(&id).cloned()
    }

    /// The account that signs in under that name.
    #[must_use]
    pub fn account_by_username(&self, username: &str) -> Option<Arc<Account>> {
        let inside = self.inside.read();
        let id = inside.by_username.get(&username_key(username))?;
        inside.accounts.get(id).cloned()
    }

    /// Some account has a user name that people cannot tell from this one. Plain names never look alike.
    #[must_use]
    pub fn looks_like_another(&self, username: &str) -> bool {
        let plain = is_plain_username(username);
        let inside = self.inside.read();
        let stands = |id: &AccountId| {
            let name = inside
                .accounts
                .get(id)
                .and_then(|account| account.username.as_deref());
            name.is_some_and(|name| !plain || !is_plain_username(name))
        };
        look_alike_keys(username)
            .iter()
            .filter_map(|key| inside.by_look.get(key))
            .flatten()
            .any(stands)
    }

    /// The account that an API key is of.
    #[must_use]
    pub fn account_of_key(&self, key: ApiKeyId) -> Option<Arc<Account>> {
        let inside = self.inside.read();
        inside.accounts.get(inside.by_api_key.get(&key)?).cloned()
    }

    /// An account as the policy sees it, with what its organizations' tree adds.
    #[must_use]
    pub fn viewer(&self, id: AccountId) -> Option<Arc<Viewer>> {
        if let Some(known) = self.inside.read().viewers.get(&id) {
            return Some(known.clone());
        }
        let mut inside = self.inside.write();
        let viewer = Arc::new(inside.accounts.get(&id)?.viewer(&inside.tree));
        inside.viewers.insert(id, viewer.clone());
        Some(viewer)
    }

    /// Accounts for which this holds, by id. Looks at every account.
    #[must_use]
    pub fn accounts(&self, wanted: impl Fn(&Account) -> bool) -> Vec<Arc<Account>> {
        let inside = self.inside.read();
        let mut found: Vec<_> = inside
            .accounts
            .values()
            .filter(|account| wanted(account))
            .cloned()
            .collect();
        drop(inside);
        found.sort_by_key(|account| account.id);
        found
    }

    /// All organizations, by id.
    #[must_use]
    pub fn organizations(&self) -> Vec<Arc<Organization>> {
        self.inside.read().organizations.values().cloned().collect()
    }

    /// The tree of organizations.
    #[must_use]
    pub fn tree(&self) -> Arc<Tree> {
        self.inside.read().tree.clone()
    }

    /// An organization and what it is part of, up to the top.
    #[must_use]
    pub fn upwards(&self, id: &OrganizationId) -> Vec<Arc<Organization>> {
        let inside = self.inside.read();
        let chain = inside.tree.upwards(id);
        chain
            .iter()
            .filter_map(|id| inside.organizations.get(id).cloned())
            .collect()
    }

    /// The account that a caller means: by id or by user name.
    #[must_use]
    pub fn account_meant(&self, text: &str) -> Option<Arc<Account>> {
        match Uuid::parse_str(text) {
            Ok(id) => self.account(AccountId(id)),
            Err(_) => self.account_by_username(text),
        }
    }

    /// The organization of that id.
    #[must_use]
    pub fn organization(&self, id: &OrganizationId) -> Option<Arc<Organization>> {
        self.inside.read().organizations.get(id).cloned()
    }

    /// The organization that a caller names, if there is one.
    #[must_use]
    pub fn organization_named(&self, text: &str) -> Option<Arc<Organization>> {
        self.organization(&text.parse().ok()?)
    }

    /// The newest definition of a desk.
    #[must_use]
    pub fn desk(&self, key: &DeskKey) -> Option<Arc<Desk>> {
        self.inside.read().desks.get(key)?.last().cloned()
    }

    /// The definition of a desk that a ticket was opened under.
    #[must_use]
    pub fn desk_version(&self, key: &DeskKey, version: u32) -> Option<Arc<Desk>> {
        let inside = self.inside.read();
        inside
            .desks
            .get(key)?
            .iter()
            .find(|desk| desk.definition().version == version)
            .cloned()
    }

    /// The versions of a desk that were published, in the order of the log.
    #[must_use]
    pub fn desk_versions(&self, key: &DeskKey) -> Vec<u32> {
        let inside = self.inside.read();
        let versions = inside.desks.get(key).into_iter().flatten();
        versions.map(|desk| desk.definition().version).collect()
    }

    /// A list of a desk that stands apart, and how many events it has.
    #[must_use]
    pub fn list(&self, desk: &DeskKey, name: &str) -> (u64, Arc<LongList>) {
        let known = self
            .inside
            .read()
            .lists
            .get(&(desk.clone(), name.to_owned()))
            .cloned();
        known.unwrap_or_default()
    }

    /// The newest definitions of all desks, by key.
    #[must_use]
    pub fn desks(&self) -> Vec<Arc<Desk>> {
        self.inside
            .read()
            .desks
            .values()
            .filter_map(|versions| versions.last().cloned())
            .collect()
    }

    /// Whether there is an account for which this holds. Looks at every account until one is found.
    #[must_use]
    pub fn any_account(&self, wanted: impl Fn(&Account) -> bool) -> bool {
        self.inside
            .read()
            .accounts
            .values()
            .any(|account| wanted(account))
    }

    /// Nobody has an account yet.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.inside.read().accounts.is_empty()
    }
}

impl Inside {
    fn fold(&mut self, recorded: &Recorded, event: Event) -> Result<(), ReadError> {
        match event {
            Event::Account(event) => self.fold_account(recorded, event),
            Event::Organization(event) => {
                self.fold_organization(recorded, event);
                Ok(())
            }
            Event::Desk(DeskEvent::Published { definition }) => {
                let desk = Desk::load(*definition).map_err(ReadError::internal)?;
                self.publish(desk);
                Ok(())
            }
            Event::Desk(DeskEvent::ListChanged { desk, list, values }) => {
                self.change_list(desk, list, &values);
                Ok(())
            }
            Event::Person(PersonEvent::Erased { .. }) => self.erase(recorded),
            Event::Ticket(_) | Event::Name(_) | Event::Log(_) | Event::Audit(_) => Ok(()),
        }
    }

    fn publish(&mut self, desk: Desk) {
        let key = desk.definition().key.clone();
        let lists = self.lists.iter().filter(|((of, _), _)| *of == key);
        let desk = lists.fold(desk, |desk, ((_, name), (_, list))| desk.with_list(name, list));
        self.desks.entry(key).or_default().push(Arc::new(desk));
    }

    /// Every version of the desk chooses from the list as it is now.
    fn change_list(&mut self, key: DeskKey, name: String, values: &[Choice]) {
        let (events, list) = self.lists.entry((key.clone(), name.clone())).or_default();
        *events += 1;
        *list = Arc::new(list.evolve(values));
        for desk in self.desks.get_mut(&key).into_iter().flatten() {
            *desk = Arc::new(desk.with_list(&name, list));
        }
    }

    /// What is kept of an account whose person is erased is its id. Nobody finds it by anything else.
    fn erase(&mut self, recorded: &Recorded) -> Result<(), ReadError> {
        let id = AccountId(id_in(recorded, "person-")?);
        let Some(account) = self.accounts.get(&id).cloned() else {
            return Ok(());
        };
        self.forget_username(id, account.username.as_deref());
        for key in account.api_keys.keys() {
            self.by_api_key.remove(key);
        }
        self.accounts.insert(id, Arc::new(account.erased()));
        self.viewers.remove(&id);
        Ok(())
    }

    fn know_username(&mut self, id: AccountId, username: Option<&str>) {
        let Some(username) = username else { return };
        self.by_username.insert(username_key(username), id);
        for key in look_alike_keys(username) {
            self.by_look.entry(key).or_default().insert(id);
        }
    }

    fn forget_username(&mut self, id: AccountId, username: Option<&str>) {
        let Some(username) = username else { return };
        self.by_username.remove(&username_key(username));
        for key in look_alike_keys(username) {
            let left = self.by_look.get_mut(&key).is_some_and(|of| {
                of.remove(&id);
                !of.is_empty()
            });
            if !left {
                self.by_look.remove(&key);
            }
        }
    }

    fn fold_organization(&mut self, recorded: &Recorded, event: OrganizationEvent) {
        let name = recorded.envelope.stream.as_str().strip_prefix("organization-");
        let Some(Ok(id)) = name.map(str::parse::<OrganizationId>) else {
            return;
        };
        let before = self
            .organizations
            .get(&id)
            .map(|known| Organization::clone(known));
        if let Some(organization) = Organization::evolve(before, event) {
            Arc::make_mut(&mut self.tree).place(&id, organization.parent.as_ref());
            self.organizations.insert(id, Arc::new(organization));
            self.viewers.clear();
        }
    }

    fn fold_account(&mut self, recorded: &Recorded, event: AccountEvent) -> Result<(), ReadError> {
        let id = AccountId(id_in(recorded, "account-")?);
        let before = self.accounts.remove(&id).map(Arc::unwrap_or_clone);
        let username = before.as_ref().and_then(|account| account.username.clone());
        for key in before.iter().flat_map(|account| account.api_keys.keys()) {
            self.by_api_key.remove(key);
        }
        self.viewers.remove(&id);
        let after = Account::evolve(before, id, recorded.envelope.at, event);
        let named = after.as_ref().and_then(|account| account.username.clone());
        if named != username {
            self.forget_username(id, username.as_deref());
            self.know_username(id, named.as_deref());
        }
        if let Some(account) = after {
            self.by_api_key
                .extend(account.api_keys.keys().map(|key| (*key, id)));
            self.accounts.insert(id, Arc::new(account));
        }
        Ok(())
    }
}

/// Why the log is not followed.
enum FollowError {
    /// It cannot be read now.
    Log(ReadError),
    /// An event of it cannot be read.
    Event(EventError),
}

/// For `map_err`: at which event.
fn at(recorded: &Recorded) -> impl FnOnce(ReadError) -> FollowError + use<> {
    let position = recorded.position;
    move |source| FollowError::Event(EventError { position, source })
}

/// The id that the name of a stream ends with.
fn id_in(recorded: &Recorded, prefix: &str) -> Result<Uuid, ReadError> {
    let id = recorded.envelope.stream.as_str().strip_prefix(prefix);
    Uuid::parse_str(id.unwrap_or_default()).map_err(ReadError::internal)
}
