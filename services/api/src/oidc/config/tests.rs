//! What is at fault with a configuration.

use super::*;

const WHOLE: &str = r#"
    [[provider]]
    id = "academie"
    name = "Académie"
    issuer = "https://id.example"
    client_id = "guichet"
    redirect_uri = "http://127.0.0.1:3000/back"
    scopes = ["openid", "groups"]
    create_accounts = true

    [provider.claims]
    username = "uid"

    [[provider.rule]]
    claim = "groups"
    value = "support"
    role = "agent"
    desk = "SUP"

    [[provider.rule]]
    claim = "/realm/roles"
    value = "commune"
    role = "local_admin"
    organization = "commune-a"
    member_of = "commune-a"
"#;

fn faults(from: &str, to: &str) -> Vec<String> {
    let text = WHOLE.replace(from, to);
    assert_ne!(text, WHOLE, "nothing was replaced");
    parse(&text).unwrap_err()
}

#[test]
fn a_whole_file_is_read() {
    let providers = parse(WHOLE).unwrap();
    let [provider] = &providers[..] else {
        panic!("{} providers", providers.len())
    };
    assert_eq!(provider.id, "academie");
    assert_eq!(provider.issuer.as_str(), "https://id.example");
    assert_eq!(provider.scopes, ["groups"]);
    assert!(provider.create_accounts && provider.client_secret.is_none());
    assert_eq!(provider.claims.username, "uid");
    assert_eq!(provider.claims.email, "email");
    assert_eq!(
        provider.rules[1],
        Rule {
            claim: "/realm/roles".to_owned(),
            value: "commune".to_owned(),
            grant: Some(Grant {
                role: Role::LocalAdmin,
                desk: None,
                organization: Some("commune-a".parse().unwrap()),
            }),
            member_of: Some("commune-a".parse().unwrap()),
        }
    );
}

#[test]
fn every_fault_is_named_at_once() {
    let text = WHOLE
        .replace("https://id.example", "http://id.example")
        .replace("name = \"Académie\"", "names = 1")
        .replace("scopes = [", "scopes = [1, ")
        .replace("create_accounts = true", "create_accounts = \"yes\"")
        .replace("username = \"uid\"", "user = \"uid\"\n    email = \"mail\"")
        .replace("\"agent\"", "\"king\"")
        .replace("desk = \"SUP\"", "desk = 1")
        .replace("member_of = \"commune-a\"", "members = 1");
    assert_eq!(
        parse(&text).unwrap_err(),
        [
            "provider \"academie\": name is missing",
            "provider \"academie\": issuer is plain http on an address that is not loopback",
            "provider \"academie\": create_accounts: invalid type: string \"yes\", expected a boolean",
            "provider \"academie\": scopes: invalid type: integer `1`, expected a string",
            "provider \"academie\": names is no key of this table",
            "provider \"academie\": claims: email names another claim, and email_verified does not say which claim tells that it is verified",
            "provider \"academie\": claims: user is no key of this table",
            "provider \"academie\": rule 1: role is not one of: requester, agent, local_admin, operator, supplier, auditor, admin",
            "provider \"academie\": rule 1: desk: invalid type: integer `1`, expected a string",
            "provider \"academie\": rule 2: members is no key of this table",
        ]
    );
}

#[test]
fn what_cannot_be_meant_is_refused() {
    let whole = faults("id = \"academie\"", "id = \"Académie\"");
    assert_eq!(
        whole,
        ["provider \"Académie\": id is not 1 to 32 of a to z, 0 to 9 and -"]
    );
    let nothing = faults("role = \"agent\"\n    desk = \"SUP\"", "");
    assert_eq!(
        nothing,
        ["provider \"academie\": rule 1: gives neither role nor member_of"]
    );
    let both = faults(
        "client_id =",
        "client_secret_file = \"a\"\nclient_secret_env = \"B\"\nclient_id =",
    );
    assert_eq!(
        both,
        ["provider \"academie\": client_secret_file and client_secret_env are both given"]
    );
    let unset = faults(
        "client_id =",
        "client_secret_env = \"GUICHET_NO_SUCH\"\nclient_id =",
    );
    assert_eq!(
        unset,
        ["provider \"academie\": client_secret_env names GUICHET_NO_SUCH, which is not set"]
    );
    let twice = parse(&format!("{WHOLE}{WHOLE}")).unwrap_err();
    assert_eq!(
        twice,
        [
            "provider \"academie\": id is another provider's already",
            "provider \"academie\": issuer is another provider's already",
        ]
    );
    assert_eq!(
        parse("providers = 1").unwrap_err(),
        ["there is no [[provider]]", "providers is no key of this table"]
    );
    assert_eq!(
        parse("provider = [1]").unwrap_err()[0],
        "provider 1: is no table but integer"
    );
}

#[test]
fn plain_http_stays_on_the_machine() {
    for fine in [
        "https://id.example/realms/a",
        "http://127.0.0.1:9",
        "http://[::1]:9",
        "http://localhost",
    ] {
        assert_eq!(address(fine), Ok(()), "{fine}");
    }
    for not in [
        "http://192.0.2.1",
        "http://localhost.example",
        "ftp://127.0.0.1",
        "id.example",
    ] {
        assert!(address(not).is_err(), "{not}");
    }
}
