//! What the log asks for, and what was handed over.

use std::collections::{BTreeMap, BTreeSet};

use guichet_tests::{mail::Mail, server::Server};

const INVITATION: &str = "Votre compte est ouvert";
const PASSWORD: &str = "Votre mot de passe a changé";
const FACTOR: &str = "Votre double authentification a changé";
const ADDRESS: &str = "Vos notifications vont ailleurs";

/// The types of events that are looked at.
const TYPES: [&str; 6] = [
    "account-created.v1",
    "account-password-set.v1",
    "account-password-changed.v1",
    "account-second-factor-enrolled.v1",
    "account-second-factor-removed.v1",
    "account-address-set.v1",
];
/// How many findings are printed.
const PRINTED_MAX: usize = 10;

/// Of whom, and which kind of mail.
type Kind = (String, &'static str);

/// How many mails of each kind the log asks for.
pub(crate) type Owed = BTreeMap<Kind, usize>;

/// The mails under each `Message-ID`.
#[derive(Default)]
pub(crate) struct Received {
    mails: BTreeMap<String, (Kind, String)>,
    count: usize,
    /// Under one `Message-ID` and not the same.
    unlike: Vec<String>,
}

/// The events after a position that ask for a mail, as position, stream and kind. What a command wrote is there as a whole.
fn asking(server: &Server, mut after: u64) -> Vec<(u64, String, &'static str)> {
    let auditor = server.client("auditor");
    let types: Vec<String> = TYPES.iter().map(|name| format!("&type={name}")).collect();
    let mut all = Vec::new();
    loop {
        let page = auditor
            .get(&format!("/v1/events?limit=1000&after={after}{}", types.concat()))
            .lines();
        for line in &page {
            let text = |name: &str| line["event"][name].as_str().unwrap().to_owned();
            after = line["position"].as_u64().unwrap();
            all.push((after, text("stream"), text("type")));
        }
        if page.is_empty() {
            break;
        }
    }
    let with_password: BTreeSet<&String> = all
        .iter()
        .filter(|(_, _, name)| name == "account-password-set.v1")
        .map(|(_, stream, _)| stream)
        .collect();
    let mut made = BTreeSet::new();
    let mut asking = Vec::new();
    for (position, stream, name) in &all {
        let kind = match name.as_str() {
            "account-created.v1" => {
                made.insert(stream);
                (!with_password.contains(stream)).then_some(INVITATION)
            }
            "account-password-changed.v1" => Some(PASSWORD),
            "account-second-factor-enrolled.v1" | "account-second-factor-removed.v1" => Some(FACTOR),
            // The first address comes with the account.
            "account-address-set.v1" => (!made.remove(stream)).then_some(ADDRESS),
            _ => None,
        };
        asking.extend(kind.map(|kind| (*position, stream.clone(), kind)));
    }
    asking
}

/// Whether an event asks for a mail after a position, up to another.
pub(crate) fn is_asked(server: &Server, after: u64, through: u64) -> bool {
    asking(server, after)
        .iter()
        .any(|(position, _, _)| *position <= through)
}

/// The user name of each account, by its stream.
fn names(server: &Server) -> BTreeMap<String, String> {
    let admin = server.client("admin");
    let (mut names, mut cursor) = (BTreeMap::new(), String::new());
    loop {
        let page = admin.get(&format!("/v1/accounts?limit=200{cursor}")).expect(200);
        for account in page["items"].as_array().unwrap() {
            let text = |name: &str| account[name].as_str().unwrap();
            names.insert(format!("account-{}", text("id")), text("username").to_owned());
        }
        let Some(next) = page["next_cursor"].as_str() else {
            return names;
        };
        cursor = format!("&cursor={next}");
    }
}

/// What the log asks for, as it is now.
pub(crate) fn owed(server: &Server) -> Owed {
    let names = names(server);
    let mut owed = Owed::new();
    for (_, stream, kind) in asking(server, 0) {
        if let Some(holder) = names.get(&stream).filter(|name| is_ours(name)) {
            *owed.entry((holder.clone(), kind)).or_default() += 1;
        }
    }
    owed
}

/// Those of the demo world have no mailbox here.
fn is_ours(username: &str) -> bool {
    ["invited-", "changer-", "factor-", "moved-"]
        .iter()
        .any(|prefix| username.starts_with(prefix))
}

impl Received {
    pub(crate) fn add(&mut self, mail: Mail) {
        let kinds = [INVITATION, PASSWORD, FACTOR, ADDRESS];
        let kind = kinds.into_iter().find(|kind| *kind == mail.subject);
        let holder = mail.to.split(['+', '@']).next().unwrap().to_owned();
        let said = (
            (holder, kind.unwrap_or("?")),
            format!("{} {}", mail.to, mail.text),
        );
        self.count += 1;
        let known = self
            .mails
            .entry(mail.message_id.clone())
            .or_insert_with(|| said.clone());
        if *known != said {
            self.unlike
                .push(format!("{}: {known:?}, {said:?}", mail.message_id));
        }
    }

    fn kinds(&self) -> Owed {
        let mut kinds = Owed::new();
        for (kind, _) in self.mails.values() {
            *kinds.entry(kind.clone()).or_default() += 1;
        }
        kinds
    }

    /// Whether all that is owed has come.
    pub(crate) fn has(&self, owed: &Owed) -> bool {
        self.mails.len() >= owed.values().sum() && self.kinds() == *owed
    }

    /// Prints the counts; whether everything is as it should be.
    pub(crate) fn tell(&self, owed: &Owed) -> bool {
        for kind in [INVITATION, PASSWORD, FACTOR, ADDRESS] {
            let of_kind = owed.iter().filter(|((_, of), _)| *of == kind);
            println!(
                "asked for, {kind:?}: {}",
                of_kind.map(|(_, count)| count).sum::<usize>()
            );
        }
        let kinds = self.kinds();
        let lacks = |have: &Owed, want: &Owed| {
            let count = |(kind, wanted): (&Kind, &usize)| {
                let less = wanted.saturating_sub(have.get(kind).copied().unwrap_or_default());
                (less > 0).then(|| format!("{less} × {kind:?}"))
            };
            want.iter().filter_map(count).collect::<Vec<_>>()
        };
        let (missing, beyond) = (lacks(&kinds, owed), lacks(owed, &kinds));
        println!(
            "asked for: {}; received: {}, under {} Message-IDs; {} came again under theirs",
            owed.values().sum::<usize>(),
            self.count,
            self.mails.len(),
            self.count - self.mails.len()
        );
        println!(
            "accounts with a mail missing: {}; with one under another Message-ID, or that nothing asked for: {}; unlike under one: {}",
            missing.len(),
            beyond.len(),
            self.unlike.len()
        );
        for (what, found) in [
            ("MISSING", &missing),
            ("BEYOND", &beyond),
            ("UNLIKE", &self.unlike),
        ] {
            for one in found.iter().take(PRINTED_MAX) {
                println!("{what}: {one}");
            }
        }
        missing.is_empty() && beyond.is_empty() && self.unlike.is_empty()
    }
}
