//! Who plays which role. This is the one place that knows how the accounts are made: today the demo world brings them.

use guichet_tests::{client::Client, home::DEMO_PASSWORD, server::Server};

use super::expected::Role;

/// What every one of these accounts signs in with.
pub(super) const PASSWORD: &str = DEMO_PASSWORD;

/// Signs an account in, once for all that it asks.
pub(super) fn sign_in(server: &Server, username: &str) -> Client {
    server.client(username)
}

/// A desk that tickets of this test stand on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Desk {
    /// The service desk.
    Sup,
    /// Trouble tickets between operators.
    Sav,
}

impl Desk {
    pub(super) fn key(self) -> &'static str {
        match self {
            Desk::Sup => "SUP",
            Desk::Sav => "SAV",
        }
    }

    /// A request type of it.
    pub(super) fn request_type(self) -> &'static str {
        match self {
            Desk::Sup => "question",
            Desk::Sav => "signalisation",
        }
    }
}

/// An account that plays a role, and those around it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Caller {
    pub(super) username: &'static str,
    /// The desk of its own tickets, where its role holds.
    pub(super) home: Desk,
    /// The one organization it is a member of.
    pub(super) organization: Option<&'static str>,
    /// Whose tickets are those of a colleague, once they stand in `organization`.
    pub(super) colleague: &'static str,
    /// Somebody of another organization, on the same desk.
    pub(super) stranger: &'static str,
    /// Another desk, and somebody of another organization who has tickets there.
    pub(super) elsewhere: Option<(Desk, &'static str)>,
    /// It has a role on that other desk as well, which changes nothing for tickets of strangers there, but it sees the
    /// desk and may open tickets on it.
    pub(super) has_role_elsewhere: bool,
    /// Its role holds on every desk, as the file takes it for granted.
    pub(super) holds_everywhere: bool,
}

/// The account that prepares tickets for all others.
pub(super) const PREPARER: &str = "admin";

/// Who plays a role; somebody who is not signed in looks at the tickets of the requester.
pub(super) fn caller(role: Role) -> Caller {
    let of_sup = Caller {
        username: "",
        home: Desk::Sup,
        organization: None,
        colleague: "requester-3",
        stranger: "requester-1",
        elsewhere: Some((Desk::Sav, "oc-alpha")),
        has_role_elsewhere: true,
        holds_everywhere: false,
    };
    let of_sav = Caller {
        home: Desk::Sav,
        elsewhere: Some((Desk::Sup, "requester-1")),
        has_role_elsewhere: false,
        ..of_sup
    };
    match role {
        Role::Anonymous | Role::Requester => Caller {
            username: "requester-1",
            organization: Some("commune-a"),
            colleague: "requester-2",
            stranger: "requester-3",
            ..of_sup
        },
        // The demo's agent treats the tickets of all desks, so nobody plays an agent of another desk.
        Role::Agent => Caller {
            username: "agent",
            elsewhere: None,
            ..of_sup
        },
        Role::LocalAdmin => Caller {
            username: "referent",
            organization: Some("lycee-a"),
            colleague: "teacher",
            ..of_sup
        },
        Role::Operator => Caller {
            username: "oc-alpha",
            organization: Some("oc-alpha"),
            colleague: "oc-beta",
            stranger: "oc-beta",
            ..of_sav
        },
        Role::Supplier => Caller {
            username: "oi",
            organization: Some("oi"),
            colleague: "oc-alpha",
            stranger: "oc-alpha",
            ..of_sav
        },
        Role::Auditor => Caller {
            username: "auditor",
            holds_everywhere: true,
            ..of_sup
        },
        Role::Admin => Caller {
            username: "admin",
            holds_everywhere: true,
            ..of_sup
        },
    }
}
