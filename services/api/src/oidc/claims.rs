//! From what a provider says of somebody to an account with roles and organizations. Nothing here asks anybody anything.

use application::people::federation::Federated;
use domain::Language;
use serde_json::{Map, Value};

use super::config::{Rule, Settings};

/// What a verified token and the provider's user information say, one beside the other. The token is signed: what it says
/// stands.
pub(super) fn joined(token: Map<String, Value>, information: Map<String, Value>) -> Map<String, Value> {
    let mut claims = information;
    claims.extend(token);
    claims
}

/// Who this is here.
pub(super) fn federated(settings: &Settings, subject: &str, claims: &Map<String, Value>) -> Federated {
    let names = &settings.claims;
    let username = text(claims, &names.username).unwrap_or_default();
    let verified = found(claims, &names.email_verified) == Some(&Value::Bool(true));
    let holds = |rule: &&Rule| has(claims, &rule.claim, &rule.value);
    let given = || settings.rules.iter().filter(holds);
    let grants = |rule: &Rule| rule.grant.clone();
    let memberships = |rule: &Rule| rule.member_of.clone();
    Federated {
        issuer: settings.issuer.as_str().to_owned(),
        subject: subject.to_owned(),
        name: text(claims, &names.name).unwrap_or(username).to_owned(),
        username: username.to_owned(),
        address: text(claims, &names.email).filter(|_| verified).map(str::to_owned),
        language: language(text(claims, &names.language)),
        grants: given().filter_map(grants).collect(),
        managed_grants: settings.rules.iter().filter_map(grants).collect(),
        organizations: given().filter_map(memberships).collect(),
        managed_organizations: settings.rules.iter().filter_map(memberships).collect(),
        creates: settings.create_accounts,
    }
}

fn found<'a>(claims: &'a Map<String, Value>, name: &str) -> Option<&'a Value> {
    match name.strip_prefix('/') {
        None => claims.get(name),
        Some(rest) => {
            let (first, below) = rest
                .split_once('/')
                .map_or((rest, None), |(first, below)| (first, Some(below)));
            let first = claims.get(&first.replace("~1", "/").replace("~0", "~"))?;
            below.map_or(Some(first), |below| first.pointer(&format!("/{below}")))
        }
    }
}

fn text<'a>(claims: &'a Map<String, Value>, name: &str) -> Option<&'a str> {
    let text = found(claims, name)?.as_str()?.trim();
    Some(text).filter(|text| text::is_filled_in(text))
}

/// A claim is the value, or a list that holds it.
fn has(claims: &Map<String, Value>, name: &str, value: &str) -> bool {
    let claim = found(claims, name);
    let alone = claim.and_then(Value::as_str) == Some(value);
    let listed = claim.and_then(Value::as_array);
    alone || listed.is_some_and(|list| list.iter().any(|one| one.as_str() == Some(value)))
}

/// The language of a tag such as `fr-FR` (BCP 47).
fn language(tag: Option<&str>) -> Language {
    let primary = tag
        .and_then(|tag| tag.split(['-', '_']).next())
        .map(str::to_ascii_lowercase);
    match primary.as_deref() {
        Some("en") => Language::En,
        Some("fr") => Language::Fr,
        Some(_) | None => Language::default(),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use domain::policy::{Grant, Role};
    use serde_json::json;

    use super::*;
    use crate::oidc::config;

    fn settings() -> Settings {
        let text = r#"
            [[provider]]
            id = "academie"
            name = "Académie"
            issuer = "https://id.example"
            client_id = "guichet"
            redirect_uri = "https://guichet.example/back"
            create_accounts = true
            [[provider.rule]]
            claim = "groups"
            value = "support"
            role = "agent"
            desk = "SUP"
            [[provider.rule]]
            claim = "/realm/ro~1les"
            value = "mayor"
            role = "local_admin"
            organization = "commune-a"
            member_of = "commune-a"
        "#;
        config::parse(text).unwrap().remove(0)
    }

    fn of(claims: Value) -> Federated {
        under(&settings(), claims)
    }

    fn under(settings: &Settings, claims: Value) -> Federated {
        let Value::Object(claims) = claims else {
            panic!("no object")
        };
        federated(settings, "subject-1", &claims)
    }

    fn agent() -> Grant {
        Grant {
            role: Role::Agent,
            desk: Some("SUP".parse().unwrap()),
            organization: None,
        }
    }

    #[test]
    fn claims_become_a_profile() {
        let who = of(json!({
            "preferred_username": " marie ", "name": "Marie", "email": "marie@id.example", "email_verified": true,
            "locale": "en-GB",
        }));
        assert_eq!((who.username.as_str(), who.name.as_str()), ("marie", "Marie"));
        assert_eq!(who.address.as_deref(), Some("marie@id.example"));
        assert_eq!(who.language, Language::En);
        assert_eq!(
            (who.issuer.as_str(), who.subject.as_str()),
            ("https://id.example", "subject-1")
        );
    }

    #[test]
    fn an_address_that_is_not_verified_is_not_believed() {
        for verified in [json!(false), json!("true"), Value::Null] {
            let who = of(json!({"email": "marie@id.example", "email_verified": verified}));
            assert_eq!(who.address, None);
        }
        assert_eq!(of(json!({"email": "marie@id.example"})).address, None);
    }

    #[test]
    fn an_address_of_another_claim_is_believed_by_that_claims_own_flag() {
        let mut settings = settings();
        settings.claims.email = "mail".to_owned();
        settings.claims.email_verified = "/mail_state/verified".to_owned();
        let claims =
            |flag: Value| json!({"mail": "marie@id.example", "email_verified": true, "mail_state": flag});
        let address = |flag| under(&settings, claims(flag)).address;
        assert_eq!(address(json!({"verified": false})), None);
        assert_eq!(address(json!({})), None);
        assert_eq!(
            address(json!({"verified": true})).as_deref(),
            Some("marie@id.example")
        );
    }

    #[test]
    fn a_name_that_is_missing_is_the_user_name() {
        assert_eq!(of(json!({"preferred_username": "marie"})).name, "marie");
        assert_eq!(of(json!({})).username, "");
    }

    #[test]
    fn a_claim_gives_what_its_rule_says_alone_or_in_a_list() {
        for groups in [json!("support"), json!(["others", "support"])] {
            let who = of(json!({"groups": groups}));
            assert_eq!(who.grants, BTreeSet::from([agent()]));
            assert_eq!(who.organizations, BTreeSet::new());
        }
        let who = of(json!({"realm": {"ro/les": ["mayor"]}}));
        assert_eq!(who.organizations, BTreeSet::from(["commune-a".parse().unwrap()]));
        assert_eq!(who.grants.len(), 1);
    }

    #[test]
    fn a_claim_gives_nothing_that_only_resembles() {
        for claims in [
            json!({"groups": "supporters"}),
            json!({"groups": ["Support"]}),
            json!({"groups": {"support": true}}),
            json!({"groups": [["support"]]}),
            json!({"group": "support"}),
            json!({"/realm/ro~1les": "mayor"}),
            json!({"roles": ["admin"]}),
        ] {
            let who = of(claims.clone());
            assert_eq!((who.grants.len(), who.organizations.len()), (0, 0), "{claims}");
        }
    }

    #[test]
    fn whatever_the_claims_all_that_rules_can_give_is_managed() {
        let who = of(json!({}));
        assert_eq!(who.managed_grants.len(), 2);
        assert!(who.managed_grants.contains(&agent()));
        assert_eq!(
            who.managed_organizations,
            BTreeSet::from(["commune-a".parse().unwrap()])
        );
    }

    #[test]
    fn what_the_token_says_stands_before_the_user_information() {
        let map = |value: Value| value.as_object().unwrap().clone();
        let claims = joined(
            map(json!({"sub": "a", "groups": ["none"]})),
            map(json!({"groups": ["support"], "name": "Marie"})),
        );
        assert_eq!(
            Value::Object(claims),
            json!({"sub": "a", "groups": ["none"], "name": "Marie"})
        );
    }
}
