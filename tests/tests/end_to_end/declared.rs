//! Every operation that declares a refusal answers it: one kind of wrong request is sent to all of them in turn. What other tests see
//! beside is compared with the contract by `make answers`.

use std::{collections::BTreeSet, io::Cursor};

use guichet_tests::{
    answer::Answer,
    client::Client,
    contract::{Contract, Operation},
    home::{DEMO_PASSWORD, Home},
    people::{make, quick, sign_in, until},
    server::Server,
};
use image::{DynamicImage, ImageFormat};
use reqwest::{
    Method,
    blocking::{RequestBuilder, multipart},
};
use serde_json::{Value, json};

/// What nobody has for an id.
const NOBODYS: &str = "0198c0de-7000-7000-8000-00000000dead";
/// The key that the courier shows.
const COURIER_KEY: &str = "the-courier-of-this-test";
/// Larger than any body, picture or, in these tests, file may be, bytes.
const TOO_LARGE_BYTES: usize = 6 * 1024 * 1024;
/// How large a file may be in these tests, bytes.
const FILE_BYTES_MAX: &str = "1048576";

/// Commands that this world has nothing to write for: what they would change is not there, their example names what cannot be, or they
/// are about sign-ins, which lie beside the log.
const NOTHING_TO_DO: [&str; 28] = [
    "begin_federated_sign_in",
    "begin_second_factor",
    "confirm_address",
    "confirm_second_factor",
    "confirm_sign_up",
    "create_api_key",
    "create_challenge",
    "create_cookie",
    "create_federated_token",
    "create_membership",
    "create_token",
    "delete_api_key",
    "delete_avatar",
    "delete_second_factor",
    "delete_sign_in",
    "delete_token",
    "enable_account",
    "list_identity_providers",
    "refresh_cookie",
    "refresh_token",
    "remove_second_factor",
    "request_address",
    "request_password_reset",
    "request_username_reminder",
    "reset_password",
    "revoke_role",
    "sign_up",
    "unlock_account",
];

/// A server, and the contract that it serves.
struct World {
    server: Server,
    contract: Contract,
    /// A ticket of the demo world's first requester.
    ticket: String,
    /// A contract of that requester's organization.
    signed: String,
    /// A file on the ticket.
    file: String,
    /// Somebody whom nothing else is about.
    person: String,
}

impl World {
    fn on(home: Home) -> World {
        let home = home
            .with("GUICHET_COURIER_KEY", COURIER_KEY)
            .with("GUICHET_FILE_BYTES_MAX", FILE_BYTES_MAX);
        let server = home.start();
        let contract = Contract::served(&server.nobody());
        let terms = json!({
            "reference": "C-1", "level": "gold", "valid_from": "2026-01-01", "valid_to": "2099-12-31",
        });
        let admin = server.client("admin");
        let organization = admin
            .post("/v1/organizations/commune-a/contracts", &terms)
            .expect(200);
        let signed = organization["contracts"][0]["id"].as_str().unwrap().to_owned();
        let pictured = server.client("requester-2").request(Method::PUT, "/v1/me/avatar");
        let picture = Answer::of(
            pictured
                .header("content-type", "image/png")
                .body(picture())
                .send(),
        );
        assert_eq!(picture.status, 204, "{}", picture.text());
        let person = make(&admin, "to-be-erased", &json!([]), &[])["id"]
            .as_str()
            .unwrap()
            .to_owned();
        // Last: nothing that stands in it changes after it.
        let requester = server.client("requester-1");
        let ticket = requester.open(&json!({
            "desk": "SUP", "type": "question", "summary": "Une demande", "description": "Longue.",
        }));
        let ticket = ticket["key"].as_str().unwrap().to_owned();
        let file = requester.attach(&ticket, "mots.txt", b"des mots").expect(201)["id"].clone();
        let file = file.as_str().unwrap().to_owned();
        World {
            server,
            contract,
            ticket,
            signed,
            file,
            person,
        }
    }

    /// Operations that declare this code with this status.
    fn declaring(&self, status: u16, code: &str) -> Vec<Operation> {
        let all = self.contract.operations().into_iter();
        let declaring = all.filter(|operation| self.contract.codes(operation, status).contains(&code));
        let declaring: Vec<Operation> = declaring.collect();
        assert!(!declaring.is_empty(), "nothing declares {status} {code}");
        declaring
    }

    /// Whoever may call the operation.
    fn caller(&self, operation: &Operation) -> Client {
        if operation.is_signed_in() {
            // One of its own for each: some end it.
            return sign_in(&self.server, "admin", DEMO_PASSWORD);
        }
        let nobody = self.server.nobody();
        let is_service = operation.declared["security"][0].get("service").is_some();
        match is_service {
            true => nobody.with("Guichet-Service-Key", COURIER_KEY),
            false => nobody,
        }
    }

    /// The path, about what there is.
    fn path(&self, operation: &Operation) -> String {
        let path = operation
            .path
            .replace("/tickets/{key}", &format!("/tickets/{}", self.ticket))
            .replace("/attachments/{id}", &format!("/attachments/{}", self.file))
            .replace("/desks/{key}", "/desks/SUP")
            .replace("{type}", "question")
            .replace("/lists/{list}", "/lists/location")
            .replace("/transitions/{id}", "/transitions/resolve")
            .replace("/accounts/{id}", "/accounts/requester-2")
            .replace("/organizations/{id}", "/organizations/commune-a")
            .replace("/share/{organization}", "/share/commune-b")
            .replace("{organization}", "commune-a")
            .replace("/persons/{id}", &format!("/persons/{}", self.person))
            .replace("{contract}", &self.signed)
            .replace("{profile}", "requester@commune-a");
        nobodys(&path)
    }

    /// A request that has the operation's form, about what its path names.
    fn request(&self, operation: &Operation, path: &str) -> RequestBuilder {
        self.request_of(&self.caller(operation), operation, path)
    }

    fn request_of(&self, caller: &Client, operation: &Operation, path: &str) -> RequestBuilder {
        let mut request = caller.request(operation.method.clone(), path);
        for parameter in operation.declared["parameters"].as_array().into_iter().flatten() {
            if parameter["required"] == true && parameter["in"] == "query" {
                let is_day = parameter["schema"]["format"] == "date";
                let name = parameter["name"].as_str().unwrap();
                request = request.query(&[(name, if is_day { "2026-01-01" } else { "1" })]);
            }
        }
        if operation.id == "refresh_cookie" {
            request = request.header("Guichet-Refresh", "cookie");
        }
        if let Some(body) = self.contract.body(operation) {
            return request.json(body);
        }
        match operation.id.as_str() {
            "create_attachment" => {
                let part = multipart::Part::bytes(b"words".to_vec()).file_name("words.txt");
                request.multipart(multipart::Form::new().part("file", part))
            }
            "set_avatar" => request.header("content-type", "image/png").body(picture()),
            _ => request,
        }
    }

    /// What of these operations was answered otherwise.
    fn otherwise(
        &self,
        (status, code): (u16, &str),
        wrong: impl Fn(&Operation) -> RequestBuilder,
    ) -> Vec<String> {
        let operations = self.declaring(status, code).into_iter();
        let otherwise = operations.filter_map(|operation| {
            let answer = Answer::of(wrong(&operation).send());
            let told = serde_json::from_slice::<Value>(&answer.bytes).unwrap_or_default()["code"].clone();
            let is_told = answer.status == status && told == code;
            (!is_told).then(|| format!("{}: {} {}", operation.id, answer.status, answer.text()))
        });
        otherwise.collect()
    }
}

/// A picture of one dot.
fn picture() -> Vec<u8> {
    let mut bytes = Vec::new();
    let dot = DynamicImage::new_rgb8(1, 1);
    dot.write_to(&mut Cursor::new(&mut bytes), ImageFormat::Png)
        .unwrap();
    bytes
}

/// The path with ids of nobody where it has parameters.
fn nobodys(path: &str) -> String {
    let part = |part: &str| match part.starts_with('{') {
        true => NOBODYS.to_owned(),
        false => part.to_owned(),
    };
    path.split('/').map(part).collect::<Vec<_>>().join("/")
}

fn has_body(operation: &Operation) -> bool {
    operation.declared.get("requestBody").is_some()
}

fn none() -> Vec<String> {
    Vec::new()
}

#[test]
fn what_cannot_be_read_is_refused_by_every_operation_that_reads() {
    let world = World::on(quick());
    let otherwise = world.otherwise((400, "malformed-request"), |operation| {
        let caller = world.caller(operation);
        let request = caller.request(operation.method.clone(), &world.path(operation));
        match operation.is_signed_in() {
            true => request
                .header("Guichet-Profile", "admin")
                .header("Guichet-Profile", "admin"),
            false => request.header("content-type", "application/json").body("{"),
        }
    });
    assert_eq!(otherwise, none());
}

#[test]
fn who_is_not_signed_in_or_names_a_profile_of_another_is_told_so_by_every_operation() {
    let world = World::on(quick());
    let as_nobody = world.otherwise((401, "unauthenticated"), |operation| {
        let nobody = world.server.nobody();
        nobody.request(operation.method.clone(), &world.path(operation))
    });
    assert_eq!(as_nobody, none());
    let as_another = world.otherwise((403, "profile-not-held"), |operation| {
        let request = world.request(operation, &world.path(operation));
        request.header("Guichet-Profile", "supplier")
    });
    assert_eq!(as_another, none());
}

#[test]
fn what_is_nobodys_is_found_by_no_operation() {
    let world = World::on(quick());
    let otherwise = world.otherwise((404, "not-found"), |operation| {
        // What has no id is not there at all for most: somebody who only asks.
        let caller = match operation.path.contains('{') || !operation.is_signed_in() {
            true => world.caller(operation),
            false => world.server.client("requester-1"),
        };
        let path = nobodys(&operation.path);
        // A place that the log has not reached.
        let place = match operation.id.as_str() {
            "get_consistency_proof" => "from",
            "get_inclusion_proof" => "position",
            _ => return world.request_of(&caller, operation, &path),
        };
        caller
            .request(operation.method.clone(), &path)
            .query(&[(place, "999999")])
    });
    assert_eq!(otherwise, none());
}

#[test]
fn a_body_of_another_media_type_or_of_no_size_is_refused_by_every_operation_that_takes_one() {
    let world = World::on(quick());
    let of_another_type = world.otherwise((415, "wrong-media-type"), |operation| {
        let request = world.request(operation, &world.path(operation));
        request.header("Content-Encoding", "gzip")
    });
    assert_eq!(of_another_type, none());
    let too_large = world.otherwise((413, "too-large"), |operation| {
        let caller = world.caller(operation);
        let request = caller.request(operation.method.clone(), &world.path(operation));
        let words = "x".repeat(TOO_LARGE_BYTES);
        match operation.id.as_str() {
            "create_attachment" => {
                let part = multipart::Part::bytes(words.into_bytes()).file_name("words.txt");
                request.multipart(multipart::Form::new().part("file", part))
            }
            "set_avatar" => request.header("content-type", "image/png").body(words),
            _ => request.json(&json!({"words": words})),
        }
    });
    assert_eq!(too_large, none());
}

#[test]
fn what_no_operation_knows_is_named_by_each() {
    let world = World::on(quick());
    let otherwise = world.otherwise((422, "invalid"), |operation| {
        let caller = world.caller(operation);
        let request = caller.request(operation.method.clone(), &world.path(operation));
        match operation.id.as_str() {
            "create_attachment" => request.multipart(multipart::Form::new().text("nonsense", "1")),
            "set_avatar" => request.header("content-type", "image/png").body("no picture"),
            "get_attachment" | "get_avatar" => request.query(&[("link", "beside a token")]),
            "get_me" | "unshare_ticket" => request.header("Guichet-On-Behalf-Of", "nobody-of-that-name"),
            _ if has_body(operation) => request.json(&json!({"nonsense": 1})),
            _ => request.query(&[("nonsense", "1")]),
        }
    });
    assert_eq!(otherwise, none());
}

#[test]
fn a_version_that_is_not_the_newest_is_refused_by_every_operation_that_reads_one_and_by_no_other() {
    let world = World::on(quick());
    let otherwise = world.otherwise((412, "stale-version"), |operation| {
        let request = world.request(operation, &world.path(operation));
        request.header("If-Match", "\"999999\"")
    });
    assert_eq!(otherwise, none());
    let mut operations = world.contract.operations();
    operations.retain(|operation| !operation.statuses().contains(&412));
    // Nobody else signs in after it.
    operations.sort_by_key(|operation| operation.id == "change_password");
    assert!(operations.len() > 40, "{}", operations.len());
    operations.retain(|operation| {
        let request = world.request(operation, &world.path(operation));
        let answer = Answer::of(request.header("If-Match", "\"999999\"").send());
        answer.status == 412
    });
    let undeclared: Vec<&str> = operations.iter().map(|operation| &*operation.id).collect();
    assert_eq!(
        undeclared,
        Vec::<&str>::new(),
        "they read If-Match, and do not say so"
    );
}

#[test]
fn what_the_caller_has_is_not_sent_again_by_any_operation_that_says_so() {
    let world = World::on(quick());
    let mut operations = world.contract.operations();
    operations.retain(|operation| operation.statuses().contains(&304));
    assert!(operations.len() >= 20, "{operations:?}");
    let admin = world.server.client("admin");
    // An account changes in it, which the ticket may tell of: last.
    operations.sort_by_key(|operation| operation.id == "get_erasure");
    let mut otherwise = Vec::new();
    for operation in operations {
        // Under one sign-in: some answers tell of it.
        let path = world.path(&operation);
        if operation.id == "get_erasure" {
            let _ = admin.post(&path, &json!({"reason": "Demande."}));
            until("the erasure", || admin.get(&path).expect(200)["state"] == "done");
        }
        let first = Answer::of(world.request_of(&admin, &operation, &path).send());
        let tag = first.header("etag").to_owned();
        let again = world.request_of(&admin, &operation, &path);
        let again = Answer::of(again.header("If-None-Match", &tag).send());
        let told = (first.status, again.status, again.bytes.len());
        if told != (200, 304, 0) || again.header("etag") != tag || tag.is_empty() {
            otherwise.push(format!("{}: {told:?} {tag} {}", operation.id, first.text()));
        }
        // Kept by whom it is for alone, and only as that one asked for it.
        assert!(
            first.header("cache-control").starts_with("private"),
            "{}",
            operation.id
        );
        let vary = format!("{:?}", first.headers.get_all("vary").iter().collect::<Vec<_>>());
        assert!(vary.contains("Authorization"), "{}: {vary}", operation.id);
        assert_eq!(again.header("cache-control"), first.header("cache-control"));
    }
    assert_eq!(otherwise, none());
}

#[test]
fn a_key_of_another_command_is_refused_by_every_operation_that_reads_one() {
    let world = World::on(quick());
    let admin = world.server.client("admin").with("Idempotency-Key", "the-same");
    let _ = admin
        .patch("/v1/me", &json!({"time_zone": "Europe/Paris"}))
        .expect(200);
    let otherwise = world.otherwise((422, "idempotency-key-reused"), |operation| {
        world
            .request(operation, &world.path(operation))
            .header("Idempotency-Key", "the-same")
    });
    assert_eq!(otherwise, none());
}

#[test]
fn an_account_that_has_written_too_much_is_told_so_by_every_operation_that_writes() {
    let world = World::on(quick().with("GUICHET_WRITES_PER_MINUTE", "2"));
    // The administrator has made a contract and an account.
    let otherwise = world.otherwise((429, "too-much-written"), |operation| {
        world.request(operation, &world.path(operation))
    });
    assert_eq!(otherwise, none());
}

#[test]
fn an_address_that_asks_too_often_is_told_so_by_every_operation_of_strangers() {
    let world = World::on(
        quick()
            .with("GUICHET_STRANGER_BURST", "3")
            .with("GUICHET_STRANGER_PER_MINUTE", "1"),
    );
    for _ in 0..3 {
        let _ = world.server.nobody().get("/v1/auth/providers");
    }
    let otherwise = world.otherwise((429, "too-many-requests"), |operation| {
        world.request(operation, &world.path(operation))
    });
    assert_eq!(otherwise, none());
}

#[test]
fn commands_on_a_disk_that_fails_are_not_taken_by_any_operation_that_writes() {
    let world = World::on(quick());
    let server = world
        .server
        .stop()
        .with("FAILPOINTS", "event_log::put=return")
        .start();
    let world = World { server, ..world };
    let otherwise = world.otherwise((503, "unavailable"), |operation| {
        world.request(operation, &world.path(operation))
    });
    // Where there is nothing to take away, or an example names what cannot be, that is said first.
    let not_taken: BTreeSet<&str> = otherwise
        .iter()
        .filter_map(|told| told.split(": ").next())
        .collect();
    assert_eq!(not_taken, BTreeSet::from(NOTHING_TO_DO), "{otherwise:?}");
}
