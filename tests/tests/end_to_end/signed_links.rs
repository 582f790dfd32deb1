//! Signed links: an address that opens by itself for a few minutes, for whom it was made, and nothing else.

use std::io::Cursor;

use guichet_tests::{
    answer::{Answer, faults},
    client::Client,
    people::{PASSWORD, delete, holder, make, quick, sign_in, tokens},
};
use image::{DynamicImage, ImageFormat};
use reqwest::Method;
use serde_json::{Value, json};

use crate::tokens::{part, seconds_now, signed, signing_key, with};

fn links(client: &Client, paths: &[&str]) -> Vec<String> {
    let made = client.post("/v1/me/links", &json!({"paths": paths})).expect(200);
    let items = made["items"].as_array().unwrap();
    let given: Vec<&str> = items.iter().map(|link| link["path"].as_str().unwrap()).collect();
    assert_eq!(given, paths, "in their order, as they were given");
    let urls = items.iter().map(|link| link["url"].as_str().unwrap().to_owned());
    urls.collect()
}

fn link(client: &Client, path: &str) -> String {
    links(client, &[path]).remove(0)
}

fn opened(client: &Client) -> String {
    let ticket = json!({"desk": "SUP", "type": "question", "summary": "Une question", "description": "…"});
    client.open(&ticket)["key"].as_str().unwrap().to_owned()
}

fn attached(client: &Client, key: &str, content: &[u8]) -> String {
    let file = client.attach(key, "plan.txt", content).expect(201);
    format!("/v1/tickets/{key}/attachments/{}", file["id"].as_str().unwrap())
}

/// The token of a link.
fn token(url: &str) -> &str {
    url.split_once("link=").unwrap().1
}

fn age(answer: &Answer) -> u64 {
    let (_, age) = answer.header("cache-control").split_once("max-age=").unwrap();
    age.split(',').next().unwrap().parse().unwrap()
}

#[test]
fn a_link_opens_what_its_maker_sees_without_a_token() {
    let server = quick().start();
    let (nobody, requester) = (server.nobody(), server.client("requester-1"));
    let key = opened(&requester);
    let file = attached(&requester, &key, b"au fond du couloir");
    let mut picture = Vec::new();
    let dot = DynamicImage::new_rgb8(1, 1);
    dot.write_to(&mut Cursor::new(&mut picture), ImageFormat::Png)
        .unwrap();
    let set = requester.request(Method::PUT, "/v1/me/avatar").body(picture);
    assert_eq!(set.send().unwrap().status(), 204);
    let history = format!("/v1/tickets/{key}/history");
    let newest = format!("{history}?sort=-version&limit=1");
    let made = [&*file, "/v1/accounts/requester-1/avatar", &history, &newest];
    for (path, url) in made.into_iter().zip(links(&requester, &made)) {
        assert!(url.starts_with(path), "{url}");
        let (with_token, by_link) = (requester.get(path), nobody.get(&url));
        assert_eq!(
            (by_link.status, &by_link.bytes),
            (200, &with_token.bytes),
            "{path}"
        );
        for name in [
            "content-type",
            "etag",
            "content-digest",
            "content-disposition",
            "vary",
        ] {
            assert_eq!(by_link.header(name), with_token.header(name), "{path} {name}");
        }
        assert_eq!(by_link.header("referrer-policy"), "no-referrer");
        let head = Answer::of(nobody.request(Method::HEAD, &url).send());
        assert_eq!((head.status, head.header("etag")), (200, by_link.header("etag")));
        let again = nobody
            .request(Method::GET, &url)
            .header("If-None-Match", by_link.header("etag"));
        assert_eq!(Answer::of(again.send()).status, 304, "{path}");
    }
    // What is kept is kept no longer than the link holds.
    let (kept, by_link) = (requester.get(&file), nobody.get(&link(&requester, &file)));
    assert_eq!(age(&kept), 3_600);
    assert!(
        (290..=300).contains(&age(&by_link)),
        "{}",
        by_link.header("cache-control")
    );
    let auditor = server.client("auditor");
    let events = format!("/v1/events?stream={key}");
    assert_eq!(nobody.get(&link(&auditor, &events)).lines().len(), 2);
    let made = auditor
        .post("/v1/me/links", &json!({"paths": [events]}))
        .expect(200);
    let claims = part(token(made["items"][0]["url"].as_str().unwrap()), 1);
    let lasts = claims["exp"].as_u64().unwrap() - claims["nbf"].as_u64().unwrap();
    assert_eq!(lasts, 300);
}

#[test]
fn a_link_that_is_changed_by_anything_is_refused() {
    let server = quick().start();
    let (nobody, requester) = (server.nobody(), server.client("requester-1"));
    let key = opened(&requester);
    let (file, other) = (
        attached(&requester, &key, b"un"),
        attached(&requester, &key, b"deux"),
    );
    let history = format!("/v1/tickets/{key}/history");
    let asked = format!("{history}?limit=1&sort=version");
    let (of_file, of_history) = (link(&requester, &file), link(&requester, &asked));
    assert_eq!(
        (nobody.get(&of_file).status, nobody.get(&of_history).status),
        (200, 200)
    );
    let (f, h) = (token(&of_file), token(&of_history));
    for changed in [
        format!("{other}?link={f}"),
        format!("{}?link={f}", file.replace("SUP", "sup")),
        format!("{file}?x=1&link={f}"),
        format!("{file}?link={f}&x=1"),
        format!("{file}?link={f}&link={f}"),
        format!("{file}?Link={f}"),
        format!("{file}?link="),
        format!("{file}?link"),
        format!("{file}?link={h}"),
        format!("{file}?link={}", &f[..f.len() - 1]),
        format!("{file}?link={}", f.replace('.', "..")),
        format!("{history}?link={h}"),
        format!("{history}?limit=2&sort=version&link={h}"),
        format!("{history}?sort=version&limit=1&link={h}"),
        format!("{history}?limit=1&sort=version&link={f}"),
        format!("/v1/accounts/requester-1/avatar?link={f}"),
        // Where no link is taken, it is none.
        format!("/v1/tickets/{key}?link={h}"),
        format!("/v1/me?link={f}"),
        format!("/v1/tickets?link={f}"),
    ] {
        let _ = nobody.get(&changed).refused(401, "unauthenticated");
    }
    // Only questions are.
    let comments = format!("/v1/tickets/{key}/comments?link={h}");
    let _ = nobody
        .post(&comments, &json!({"body": "Bonjour."}))
        .refused(401, "unauthenticated");
    let _ = nobody
        .post(&of_history, &json!({}))
        .refused(405, "method-not-allowed");
    let _ = delete(&nobody, &of_file).refused(405, "method-not-allowed");
    // A link is no token, a token no link, and both together are one too many.
    let _ = nobody.with_token(f).get("/v1/me").refused(401, "unauthenticated");
    let _ = nobody.with_token(f).get(&file).refused(401, "unauthenticated");
    let by_token = format!("{file}?link={}", requester.token());
    let _ = nobody.get(&by_token).refused(401, "unauthenticated");
    for url in [&of_file, &of_history] {
        let told = faults(&requester.get(url).refused(422, "invalid"));
        assert_eq!(told[0].0, "link", "{url}");
    }
    let other_scheme = nobody.with("Authorization", "Basic eDp5").get(&of_file);
    let _ = other_scheme.refused(401, "unauthenticated");
}

#[test]
fn only_what_browsers_ask_for_by_themselves_can_be_linked() {
    let server = quick().start();
    let requester = server.client("requester-1");
    let refused = |paths: &[&str]| {
        let asked = requester.post("/v1/me/links", &json!({"paths": paths}));
        faults(&asked.refused(422, "invalid"))
    };
    let long = format!("/v1/events?actor={}", "x".repeat(1_000));
    let wrong = [
        "/v1/me",
        "/v1/tickets",
        "/v1/tickets/SUP-1",
        "/v1/tickets/SUP-1/attachments",
        "/v1/tickets/SUP-1/evidence",
        "/v1/audit/export",
        "",
        "v1/events",
        "https://elsewhere.example/v1/events",
        "//elsewhere.example/v1/events",
        "/v1/events?link=x",
        "/v1/events?a=b&link",
        "/v1/events#fragment",
        "/v1/events?actor=é",
        "/v1/events?actor=a b",
    ];
    let at_fault = refused(&wrong);
    assert_eq!(at_fault.len(), wrong.len(), "{at_fault:?}");
    assert!(at_fault.iter().all(|(_, code)| code == "value"), "{at_fault:?}");
    let length = ("/paths/1".to_owned(), "length".to_owned());
    assert_eq!(refused(&["/v1/events", &long]), [length]);
    assert_eq!(refused(&[])[0].0, "/paths");
    assert_eq!(refused(&["/v1/events"; 101])[0].0, "/paths");
    assert_eq!(links(&requester, &["/v1/events"; 100]).len(), 100);
    // Nothing is told by a link of what is there: to what one may not see, or what is not there, it leads to nothing.
    let key = opened(&requester);
    let file = attached(&requester, &key, b"un");
    let stranger = server.client("requester-3");
    let nothing = format!("/v1/tickets/{key}/attachments/0198c0de-7000-7000-8000-00000000dead");
    for (client, path) in [
        (&stranger, &*file),
        (&requester, &nothing),
        (&requester, "/v1/events"),
    ] {
        let _ = server.nobody().get(&link(client, path)).refused(404, "not-found");
    }
    let _ = server
        .nobody()
        .post("/v1/me/links", &json!({"paths": [file]}))
        .refused(401, "unauthenticated");
}

#[test]
fn a_link_ends_with_its_time_its_sign_in_its_account_and_its_sight() {
    let server = quick().start();
    let (nobody, admin) = (server.nobody(), server.client("admin"));
    let _ = make(&admin, "links", &json!([{"role": "requester"}]), &["commune-a"]);
    let first = holder(&server, &tokens(&server, "links", PASSWORD));
    let key = opened(&first);
    let file = attached(&first, &key, b"un");
    let url = link(&first, &file);
    let (header, claims) = (part(token(&url), 0), part(token(&url), 1));
    let own = signing_key(server.home());
    let forged = |members: &Value| {
        let token = signed(&own, &header, &with(&claims, members));
        nobody.get(&format!("{file}?link={token}")).status
    };
    let now = seconds_now();
    assert_eq!(forged(&json!({})), 200);
    for members in [
        json!({"exp": now - 60, "nbf": now - 360}),
        json!({"nbf": now + 60}),
        json!({"exp": null}),
        json!({"aud": "guichet-api"}),
        json!({"iss": "another"}),
        json!({"path_sha256": null}),
        json!({"sub": "0198c0de-7000-7000-8000-00000000dead"}),
        json!({"profile": "admin"}),
    ] {
        let status = forged(&members);
        assert!(
            status == 401 || (status == 403 && members["profile"] == "admin"),
            "{members}: {status}"
        );
    }
    let typed = signed(&own, &with(&header, &json!({"typ": "JWT"})), &claims);
    assert_eq!(nobody.get(&format!("{file}?link={typed}")).status, 401);

    // Of two sign-ins, that which made it.
    let second = sign_in(&server, "links", PASSWORD);
    let of_second = link(&second, &file);
    assert_eq!(delete(&first, "/v1/auth/token").status, 204);
    let _ = nobody.get(&url).refused(401, "unauthenticated");
    assert_eq!(nobody.get(&of_second).status, 200);
    let disabled = json!({"reason": "Absente."});
    let _ = admin
        .post("/v1/accounts/links/disablement", &disabled)
        .expect(200);
    let _ = nobody.get(&of_second).refused(401, "unauthenticated");

    // Rights are those of the moment when it is used.
    let (agent, other) = (server.client("agent"), server.client("requester-3"));
    let share = format!("/v1/tickets/{key}/share");
    let of_other = link(&other, &file);
    assert_eq!(nobody.get(&of_other).status, 404);
    let _ = agent
        .post(&share, &json!({"organizations": ["commune-b"]}))
        .expect(200);
    assert_eq!(nobody.get(&of_other).status, 200);
    let _ = delete(&agent, &format!("{share}/commune-b")).expect(200);
    assert_eq!(nobody.get(&of_other).status, 404);
}

#[test]
fn a_link_is_as_narrow_and_in_the_language_as_it_was_made() {
    let server = quick().start();
    let (nobody, admin) = (server.nobody(), server.client("admin"));
    let roles = json!([{"role": "agent", "desk": "SUP"}, {"role": "requester", "organization": "commune-b"}]);
    let _ = make(&admin, "both", &roles, &["commune-b"]);
    let both = sign_in(&server, "both", PASSWORD);
    let key = opened(&server.client("requester-1"));
    let history = format!("/v1/tickets/{key}/history");
    assert_eq!(nobody.get(&link(&both, &history)).status, 200);
    for narrowing in [
        ("Guichet-Profile", "requester@commune-b"),
        ("Guichet-Organization", "commune-b"),
    ] {
        let narrowed = both.with(narrowing.0, narrowing.1);
        assert_eq!(narrowed.get(&history).status, 404, "{narrowing:?}");
        let url = link(&narrowed, &history);
        assert_eq!(nobody.get(&url).status, 404, "{narrowing:?}");
        // What whoever has it sends beside does not widen it.
        let widened = nobody.with("Guichet-Profile", "agent:SUP").get(&url);
        assert_eq!(widened.status, 404, "{narrowing:?}");
    }
    let text = |answer: &Answer| answer.expect(200)["items"][0]["text"].clone();
    let english = link(&both.with("Accept-Language", "en"), &history);
    let french = text(&nobody.with("Accept-Language", "en").get(&link(&both, &history)));
    assert_eq!(
        text(&nobody.with("Accept-Language", "fr").get(&english)),
        text(&both.with("Accept-Language", "en").get(&history))
    );
    assert_eq!(french, text(&both.get(&history)));
    assert_ne!(french, text(&nobody.get(&english)));
}

#[test]
fn no_link_is_made_with_a_key_of_a_program() {
    let server = quick().start();
    let admin = server.client("admin");
    let account = json!({"kind": "service", "username": "program", "name": "Un programme", "roles": [{"role": "admin"}]});
    let _ = admin.post("/v1/accounts", &account).expect(201);
    let scopes = ["read", "write", "audit", "administer"];
    let key = json!({"label": "Une clé", "scopes": scopes, "expires_at": "2027-01-01T00:00:00Z"});
    let key = admin.post("/v1/accounts/program/keys", &key).expect(201)["key"].clone();
    let program = server.nobody().with_token(key.as_str().unwrap());
    let refused = program.post("/v1/me/links", &json!({"paths": ["/v1/events"]}));
    let _ = refused.refused(403, "scope-missing");
    // Nor is a key one.
    let _ = server
        .nobody()
        .get(&format!("/v1/events?link={}", key.as_str().unwrap()))
        .refused(401, "unauthenticated");
}
