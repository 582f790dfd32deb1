use super::*;
use crate::tree;

fn header(xml: &str) -> Vec<Element> {
    tree::read(&format!("<h xmlns:w='{WSSE}'>{xml}</h>"))
        .unwrap()
        .children
}

fn found(xml: &str, authorization: Option<&str>) -> Option<(String, String)> {
    Credentials::find(&header(xml), authorization)
        .ok()
        .map(|found| (found.login, found.password))
}

fn pair(login: &str, password: &str) -> Option<(String, String)> {
    Some((login.to_owned(), password.to_owned()))
}

#[test]
fn the_own_header_is_read_whatever_its_namespace() {
    let xml = "<v:TroubleTicketHeaderRequest xmlns:v='urn:v'><v:LoginName> oc </v:LoginName>\
               <v:Password> p&amp;w </v:Password></v:TroubleTicketHeaderRequest>";
    assert_eq!(found(xml, None), pair("oc", " p&w "));
}

#[test]
fn a_username_token_is_read_and_a_digest_is_refused_by_name() {
    let token = |kind: &str| {
        format!(
            "<w:Security><w:UsernameToken><w:Username>oc</w:Username>\
             <w:Password{kind}>pw</w:Password></w:UsernameToken></w:Security>"
        )
    };
    assert_eq!(found(&token(""), None), pair("oc", "pw"));
    assert_eq!(
        found(&token(" Type='urn:profile-1.0#PasswordText'"), None),
        pair("oc", "pw")
    );
    let digest = header(&token(" Type='urn:profile-1.0#PasswordDigest'"));
    let fault = Credentials::find(&digest, None).err().unwrap();
    assert_eq!(
        fault.text,
        "Seul un mot de passe de type PasswordText est accepté"
    );
}

/// Fault B4: where two logins stand, none is taken for the one that is meant.
#[test]
fn doubled_credentials_are_refused_and_those_for_another_node_passed_over() {
    const SOAP: &str = "xmlns:s='http://schemas.xmlsoap.org/soap/envelope/'";
    let inside = |login: &str| format!("<LoginName>{login}</LoginName><Password>p</Password>");
    let own = |actor: &str, inside: &str| {
        format!("<TroubleTicketHeaderRequest {SOAP} {actor}>{inside}</TroubleTicketHeaderRequest>")
    };
    let security = |actor: &str, inside: &str| {
        format!("<w:Security {SOAP} {actor}><w:UsernameToken>{inside}</w:UsernameToken></w:Security>")
    };
    let named = |login: &str| format!("<w:Username>{login}</w:Username><w:Password>p</w:Password>");
    for (xml, name) in [
        (
            own("", &inside("a")) + &own("", &inside("b")),
            "TroubleTicketHeaderRequest",
        ),
        (
            own("", &inside("a")) + &own("s:actor=''", &inside("a")),
            "TroubleTicketHeaderRequest",
        ),
        (own("", &format!("<LoginName/>{}", inside("a"))), "LoginName"),
        (
            own("", &format!("{}<Password>q</Password>", inside("a"))),
            "Password",
        ),
        (security("", &named("a")) + &security("", &named("b")), "Security"),
        (
            own("", &inside("a")) + &security("", &named("a")) + &security("", &named("b")),
            "Security",
        ),
        (
            format!(
                "<w:Security><w:UsernameToken>{0}</w:UsernameToken><w:UsernameToken>{0}</w:UsernameToken></w:Security>",
                named("a")
            ),
            "UsernameToken",
        ),
        (
            security("", &(named("a") + "<w:Username>b</w:Username>")),
            "Username",
        ),
        (
            security("", &(named("a") + "<w:Password>q</w:Password>")),
            "Password",
        ),
    ] {
        let fault = Credentials::find(&header(&xml), None).err().unwrap();
        assert_eq!(
            fault.text,
            format!("{name} est en double dans l'en-tête SOAP"),
            "{xml}"
        );
    }
    let other = "s:actor='urn:somebody-else'";
    let next = "s:actor='http://schemas.xmlsoap.org/soap/actor/next'";
    assert_eq!(
        found(&(own(other, &inside("a")) + &own(next, &inside("b"))), None),
        pair("b", "p")
    );
    assert_eq!(
        found(&(security("", &named("a")) + &security(other, &named("b"))), None),
        pair("a", "p")
    );
    // The header of another node signs nobody in.
    assert_eq!(found(&own(other, &inside("a")), None), None);
    assert_eq!(
        found(&(own(other, &inside("a")) + &security("", &named("b"))), None),
        pair("b", "p")
    );
}

#[test]
fn http_basic_is_read_with_colons_in_the_password() {
    // oc:p:é
    assert_eq!(found("", Some("Basic b2M6cDrDqQ==")), pair("oc", "p:é"));
    assert_eq!(found("", Some("basic b2M6cDrDqQ==")), pair("oc", "p:é"));
    assert_eq!(found("", Some("Bearer b2M6cDrDqQ==")), None);
    assert_eq!(found("", Some("Basic ???")), None);
}

#[test]
fn missing_empty_and_endless_credentials_are_all_the_same_fault() {
    let long = "x".repeat(CREDENTIAL_BYTES_MAX + 1);
    let own = |login: &str, password: &str| {
        format!("<{OWN_HEADER}><LoginName>{login}</LoginName><Password>{password}</Password></{OWN_HEADER}>")
    };
    for xml in [
        String::new(),
        own("", "p"),
        own("l", ""),
        own(&long, "p"),
        own("l", &long),
        format!("<{OWN_HEADER}/>"),
    ] {
        let fault = Credentials::find(&header(&xml), None).err().unwrap();
        assert_eq!(fault, Fault::credentials());
        assert_eq!(fault.detail, None);
    }
}

#[test]
fn a_sign_in_is_known_by_both_halves_and_by_this_process_alone() {
    let sign_ins = SignIns::new();
    let id = |login: &str, password: &str| sign_ins.id(&Credentials::new(login, password).unwrap());
    assert!(id("oc", "pw") == id("oc", "pw"));
    assert!(id("oc", "pw") != id("oc", "pX"));
    assert!(id("oc", "pw") != id("o", "cpw"));
    assert!(SignIns::new().id(&Credentials::new("oc", "pw").unwrap()) != id("oc", "pw"));
}

#[test]
fn the_sign_ins_kept_are_bounded() {
    let sign_ins = SignIns::new();
    for number in 0..=SIGN_INS_MAX {
        let mut id = [0; 32];
        id[..8].copy_from_slice(&(number as u64).to_be_bytes());
        sign_ins.slot(SignInId(id));
        assert!(sign_ins.slots.lock().len() <= SIGN_INS_MAX);
    }
    assert_eq!(sign_ins.slots.lock().len(), 1);
}

/// Fault P16: who is locked out, held up or asked for a code is not told that the password is wrong.
#[test]
fn what_is_no_wrong_password_is_not_told_as_one() {
    let request_id = Uuid::from_u128(7);
    let caller = Caller {
        address: None,
        request_id,
    };
    let fault = |status: u16, code: Option<&str>, retry_after_s: Option<u64>| {
        let problem = code.map(|code| {
            Box::new(
                serde_json::from_value(serde_json::json!({
                    "type": "about:blank", "title": "", "status": status, "code": code,
                    "request_id": Uuid::nil(), "retry_after_s": retry_after_s,
                }))
                .unwrap(),
            )
        });
        fault_of_sign_in(caller, &CallError::Refused { status, problem })
    };
    assert_eq!(fault(401, None, None), Fault::credentials());
    assert_eq!(fault(401, Some("wrong-credentials"), None), Fault::credentials());
    assert_eq!(fault(422, Some("invalid"), None), Fault::credentials());
    let reference = "(référence 00000000-0000-0000-0000-000000000007)";
    for (status, code, wait, server, text) in [
        (
            429,
            Some("sign-in-locked"),
            Some(30),
            false,
            "Identifiant verrouillé après trop d'essais infructueux, réessayez dans 30 s",
        ),
        (
            429,
            Some("too-many-requests"),
            Some(2),
            true,
            "Trop de connexions depuis cette adresse, réessayez dans 2 s",
        ),
        (
            429,
            Some("too-many-requests"),
            None,
            true,
            "Trop de connexions depuis cette adresse, réessayez plus tard",
        ),
        (
            401,
            Some("second-factor-required"),
            None,
            false,
            "Cet identifiant demande un code de vérification, que ce protocole ne transporte pas",
        ),
        (429, None, None, true, "Erreur technique"),
        (423, None, None, true, "Erreur technique"),
        (503, None, None, true, "Erreur technique"),
    ] {
        let fault = fault(status, code, wait);
        assert_eq!(fault.text, format!("{text} {reference}"));
        assert_eq!(fault.code.name() == "Server", server, "{text}");
        assert_eq!(fault.detail, None, "{text}");
    }
}

/// Fault P16: a burst of one login ends in a fault that says so, and never reaches the API.
#[tokio::test]
async fn sign_ins_are_counted_by_login_before_the_api_is_asked() {
    let client = Client::new("http://127.0.0.1:9", None, None).unwrap();
    let sign_ins = SignIns::new();
    let caller = Caller {
        address: "192.0.2.1".parse().ok(),
        request_id: Uuid::nil(),
    };
    let text_for = async |login: &str| {
        let credentials = Credentials::new(login, "pw").unwrap();
        sign_ins
            .session(&client, caller, credentials)
            .await
            .err()
            .unwrap()
            .text
    };
    for _ in 0..60 {
        assert!(text_for("one").await.starts_with("Erreur technique"));
    }
    let held_up = text_for("one").await;
    assert!(
        held_up.starts_with("Trop de connexions avec cet identifiant"),
        "{held_up}"
    );
    assert!(text_for("other").await.starts_with("Erreur technique"));
}
