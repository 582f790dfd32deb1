use super::*;
use crate::tree::{self, Element};

fn read(fault: &Fault) -> Element {
    tree::read(&fault.to_xml("urn:n"))
        .unwrap()
        .children
        .remove(0)
        .children
        .remove(0)
}

#[test]
fn the_children_of_a_fault_are_unqualified_and_its_code_has_a_declared_prefix() {
    let fault = read(&Fault::credentials());
    assert_eq!(fault.name, "Fault");
    let children: Vec<(&str, &str, &str)> = fault
        .children
        .iter()
        .map(|child| (child.namespace.as_str(), child.name.as_str(), child.text.as_str()))
        .collect();
    assert_eq!(
        children,
        [
            ("", "faultcode", "soapenv:Client"),
            ("", "faultstring", "Identifiant ou mot de passe incorrect")
        ]
    );
}

#[test]
fn a_fault_of_the_body_carries_the_operations_typed_detail() {
    let fault = Fault::of_body(Operation::Set, Exception::ResyncRequired, "relire <le> ticket");
    let detail = read(&fault).children.remove(2);
    assert_eq!(detail.name, "detail");
    let exception = &detail.children[0];
    assert_eq!(
        (exception.namespace.as_str(), exception.name.as_str()),
        ("urn:n", "setTroubleTicketByValueException")
    );
    assert_eq!(exception.children[0].name, "resyncRequiredException");
    assert_eq!(
        exception.children[0].child("message").unwrap().text,
        "relire <le> ticket"
    );
}

#[test]
fn every_exception_that_is_raised_is_in_the_schema_of_its_operation() {
    for (operation, exception) in [
        (Operation::Create, Exception::Remote),
        (Operation::Set, Exception::Remote),
        (Operation::Set, Exception::ResyncRequired),
        (Operation::Get, Exception::Remote),
        (Operation::Get, Exception::ObjectNotFound),
        (Operation::Get, Exception::IllegalArgument),
    ] {
        assert!(
            operation.exceptions().contains(&exception),
            "{operation:?} {exception:?}"
        );
    }
}

#[test]
fn a_technical_error_tells_a_reference_and_no_cause() {
    let error = CallError::Refused {
        status: 500,
        problem: None,
    };
    let fault = Fault::server(Some(Operation::Create), Uuid::nil(), &error);
    let xml = fault.to_xml("urn:n");
    // Fault P16: the reference stands where every client shows it, with a detail or without.
    let text = "Erreur technique (référence 00000000-0000-0000-0000-000000000000)";
    assert!(xml.contains(&format!(
        "<faultcode>soapenv:Server</faultcode><faultstring>{text}</faultstring>"
    )));
    assert_eq!(Fault::server(None, Uuid::nil(), &error).text, text);
    assert!(xml.contains("<v1:remoteException><v1:message>Erreur technique (référence 00000000-"));
    assert!(!xml.contains("500"));
}

/// Fault P12: one sentence, one language.
#[test]
fn an_unreadable_document_is_told_in_french() {
    let deep = "<a>".repeat(tree::DEPTH_MAX + 1);
    let many = format!("<a>{}</a>", "<b/>".repeat(tree::ELEMENTS_MAX));
    let attributes: String = (0..=tree::ATTRIBUTES_MAX).map(|i| format!(" a{i}=''")).collect();
    for (body, text) in [
        ("<a><b></a>", "Requête XML illisible : le document est mal formé"),
        ("<a", "Requête XML illisible : le document est mal formé"),
        (
            "<a b='1' b='2'/>",
            "Requête XML illisible : un attribut est mal formé",
        ),
        ("<a>", "Requête XML illisible : un élément n'est pas fermé"),
        (
            "<a/><b/>",
            "Requête XML illisible : le document a plus d'une racine",
        ),
        (
            "<a/>b",
            "Requête XML illisible : il y a du texte hors de l'élément racine",
        ),
        ("<x:a/>", "Requête XML illisible : un préfixe n'est pas déclaré"),
        (
            "<a>&b;</a>",
            "Requête XML illisible : une entité n'est pas déclarée",
        ),
        (
            "<a>&#1;</a>",
            "Requête XML illisible : un caractère est interdit en XML",
        ),
        (
            "<!-- -->",
            "Requête XML illisible : il n'y a pas d'élément racine",
        ),
        (
            " <?xml version='1.0'?><a/>",
            "Requête XML illisible : la déclaration XML n'est pas au début",
        ),
        (
            "<!DOCTYPE a><a/>",
            "Requête XML illisible : il contient un DOCTYPE, ce que SOAP interdit",
        ),
        (
            "<a><?b c?></a>",
            "Requête XML illisible : il contient une instruction de traitement, ce que SOAP interdit",
        ),
        (
            deep.as_str(),
            "Requête XML illisible : le document contient plus de 16 niveaux d'éléments",
        ),
        (
            many.as_str(),
            "Requête XML illisible : le document contient plus de 1000 éléments",
        ),
        (
            &format!("<a{attributes}/>"),
            "Requête XML illisible : le document contient plus de 64 attributs sur un élément",
        ),
        ("<html/>", "L'élément racine html n'est pas une enveloppe SOAP"),
    ] {
        let error = envelope::read(body.as_bytes(), None).unwrap_err();
        assert_eq!(Fault::of_envelope(&error).unwrap().text, text, "{body}");
    }
}

/// Fault P12: the same of what is no text.
#[test]
fn an_encoding_that_does_not_hold_is_told_in_french() {
    let error = envelope::read(b"<a>\xE9</a>", None).unwrap_err();
    assert_eq!(
        Fault::of_envelope(&error).unwrap().text,
        "La requête n'est pas en UTF-8 valide"
    );
    let error = envelope::read(b"\xFF\xFE<\0a", None).unwrap_err();
    assert_eq!(
        Fault::of_envelope(&error).unwrap().text,
        "La requête n'est pas en UTF-16 valide"
    );
}

#[test]
fn each_reading_error_has_its_code() {
    let code = |error: ReadEnvelopeError| Fault::of_envelope(&error).map(|fault| fault.code);
    assert_eq!(code(ReadEnvelopeError::NotXml), None);
    assert_eq!(code(ReadEnvelopeError::Version), Some(FaultCode::VersionMismatch));
    assert_eq!(
        code(ReadEnvelopeError::MustUnderstand("X".into())),
        Some(FaultCode::MustUnderstand)
    );
    assert_eq!(code(ReadEnvelopeError::Operations(2)), Some(FaultCode::Client));
}
