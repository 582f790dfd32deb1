//! The door over real HTTP, with nobody behind it: what it serves, refuses and says when the API is away.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use reqwest::{Method, Response, StatusCode, header};
use soap::{BODY_BYTES_MAX, BindError, Bound, PATH, SoapConfig, TlsFiles};
use std::net::SocketAddr;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

const SOAP_11: &str = "http://schemas.xmlsoap.org/soap/envelope/";
const XML: &str = "text/xml; charset=utf-8";

/// Settings before an address that nobody listens on: its port was free a moment ago and is not taken again.
fn config() -> SoapConfig {
    let nobody = std::net::TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    let mut config = SoapConfig::new("127.0.0.1:0".parse().unwrap(), format!("http://{nobody}"));
    config.workers = Some(1);
    config
}

/// Opens a door that is served until the test ends.
async fn open(config: SoapConfig) -> SocketAddr {
    let bound: Bound = soap::bind(config).await.unwrap();
    let address = bound.address();
    assert_eq!(bound.url(), format!("http://{address}"));
    tokio::spawn(bound.run(std::future::pending()));
    address
}

/// The build brings TLS without a choice of cryptography.
fn client() -> reqwest::Client {
    let _ = rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::builder().no_proxy().build().unwrap()
}

async fn post(address: SocketAddr, content_type: &str, body: String) -> Response {
    client()
        .post(format!("http://{address}{PATH}"))
        .header(header::CONTENT_TYPE, content_type)
        .body(body)
        .send()
        .await
        .unwrap()
}

async fn ask(address: SocketAddr, method: Method, path: &str) -> Response {
    client()
        .request(method, format!("http://{address}{path}"))
        .send()
        .await
        .unwrap()
}

fn envelope(body: &str) -> String {
    format!(
        "<s:Envelope xmlns:s='{SOAP_11}'><s:Header><TroubleTicketHeaderRequest><LoginName>oc</LoginName>\
         <Password>Secret-Word-1</Password></TroubleTicketHeaderRequest></s:Header><s:Body>{body}</s:Body></s:Envelope>"
    )
}

fn content_type(response: &Response) -> &str {
    response.headers()[header::CONTENT_TYPE].to_str().unwrap()
}

#[tokio::test]
async fn the_wsdl_is_served_in_any_case_with_the_host_that_was_asked() {
    let address = open(config()).await;
    for query in ["?wsdl", "?WSDL", "?wsdl=1", "?x=1&WsDl"] {
        let response = ask(address, Method::GET, &format!("{PATH}{query}")).await;
        assert_eq!(
            (response.status(), content_type(&response)),
            (StatusCode::OK, XML),
            "{query}"
        );
        let text = response.text().await.unwrap();
        let location = format!("<soap:address location=\"http://{address}{PATH}\"/>");
        assert!(text.contains(&location), "{query}");
    }
    assert_eq!(
        ask(address, Method::HEAD, &format!("{PATH}?wsdl")).await.status(),
        StatusCode::OK
    );
}

/// Fault B3: monitors and load balancers probe with HEAD.
#[tokio::test]
async fn health_is_told_to_head_as_to_get() {
    let address = open(config()).await;
    let get = ask(address, Method::GET, "/healthz").await;
    let head = ask(address, Method::HEAD, "/healthz").await;
    for response in [&get, &head] {
        assert_eq!(response.status(), StatusCode::OK);
        assert_eq!(content_type(response), "text/plain; charset=utf-8");
        assert_eq!(response.headers()[header::CONTENT_LENGTH], "3");
    }
    assert_eq!(get.text().await.unwrap(), "ok\n");
    assert_eq!(head.text().await.unwrap(), "");
    for method in [
        Method::POST,
        Method::PUT,
        Method::DELETE,
        Method::OPTIONS,
        Method::PATCH,
    ] {
        let response = ask(address, method.clone(), "/healthz").await;
        assert_eq!(response.status(), StatusCode::METHOD_NOT_ALLOWED, "{method}");
        assert_eq!(response.headers()[header::ALLOW], "GET, HEAD", "{method}");
    }
    assert_eq!(
        ask(address, Method::HEAD, PATH).await.status(),
        StatusCode::METHOD_NOT_ALLOWED
    );
    assert_eq!(
        ask(address, Method::HEAD, "/nowhere").await.status(),
        StatusCode::NOT_FOUND
    );
}

/// Fault B27: a charset inside a quoted string is none.
#[tokio::test]
async fn a_content_type_with_a_quoted_parameter_is_read() {
    let address = open(config()).await;
    let quoted = "text/xml; action=\"a;charset=x\"; charset=utf-8";
    let text = post(address, quoted, envelope("<op/>"))
        .await
        .text()
        .await
        .unwrap();
    assert!(text.contains("Opération inconnue : op"), "{text}");
}

#[tokio::test]
async fn the_wsdl_names_the_public_url_when_there_is_one() {
    let mut config = config();
    config.public_url = Some("https://ws.example.org".into());
    let address = open(config).await;
    let text = ask(address, Method::GET, &format!("{PATH}?wsdl"))
        .await
        .text()
        .await
        .unwrap();
    assert!(text.contains(&format!("location=\"https://ws.example.org{PATH}\"")));
}

#[tokio::test]
async fn other_methods_and_media_types_are_refused_without_a_fault() {
    let address = open(config()).await;
    for method in [Method::GET, Method::PUT, Method::DELETE, Method::OPTIONS] {
        let response = ask(address, method.clone(), PATH).await;
        assert_eq!(response.status(), StatusCode::METHOD_NOT_ALLOWED, "{method}");
        assert_eq!(response.headers()[header::ALLOW], "POST, GET, HEAD");
    }
    for content_type in [
        "application/xml",
        "application/soap+xml; charset=utf-8",
        "multipart/related",
    ] {
        let response = post(address, content_type, envelope("<op/>")).await;
        assert_eq!(
            response.status(),
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "{content_type}"
        );
        assert!(!response.text().await.unwrap().contains("Fault"));
    }
}

#[tokio::test]
async fn a_body_may_be_large_but_not_larger_than_the_limit() {
    let address = open(config()).await;
    let padded = |bytes: usize| {
        let text = envelope("<op/>");
        format!("{text}{}", " ".repeat(bytes - text.len()))
    };
    let largest = post(address, XML, padded(BODY_BYTES_MAX)).await;
    assert_eq!(largest.status(), StatusCode::INTERNAL_SERVER_ERROR);
    assert!(largest.text().await.unwrap().contains("Opération inconnue : op"));
    let larger = post(address, XML, padded(BODY_BYTES_MAX + 1)).await;
    assert_eq!(larger.status(), StatusCode::PAYLOAD_TOO_LARGE);
}

#[tokio::test]
async fn what_is_no_xml_is_a_bad_request_and_ill_formed_xml_is_a_fault() {
    let address = open(config()).await;
    assert_eq!(
        post(address, XML, "{}".into()).await.status(),
        StatusCode::BAD_REQUEST
    );
    assert_eq!(
        post(address, XML, String::new()).await.status(),
        StatusCode::BAD_REQUEST
    );
    let response = post(address, XML, "<s:Envelope>".into()).await;
    assert_eq!(
        (response.status(), content_type(&response)),
        (StatusCode::INTERNAL_SERVER_ERROR, XML)
    );
    assert!(
        response
            .text()
            .await
            .unwrap()
            .contains("<faultcode>soapenv:Client</faultcode>")
    );
}

#[tokio::test]
async fn soap_1_2_is_answered_by_a_version_mismatch_of_soap_1_1() {
    let address = open(config()).await;
    let body = envelope("<op/>").replace(SOAP_11, "http://www.w3.org/2003/05/soap-envelope");
    let response = post(address, XML, body).await;
    assert_eq!(response.status(), StatusCode::INTERNAL_SERVER_ERROR);
    let text = response.text().await.unwrap();
    assert!(
        text.contains("<faultcode>soapenv:VersionMismatch</faultcode>"),
        "{text}"
    );
    assert!(text.contains(SOAP_11), "{text}");
}

#[tokio::test]
async fn an_api_that_is_away_is_a_server_fault_that_tells_neither_cause_nor_password() {
    let address = open(config()).await;
    let response = post(address, XML, envelope("<createTroubleTicketByValueRequest/>")).await;
    assert_eq!(
        (response.status(), content_type(&response)),
        (StatusCode::INTERNAL_SERVER_ERROR, XML)
    );
    let text = response.text().await.unwrap();
    // Fault P16: a technical error carries a reference to quote, before the body is looked at too.
    let start = "<faultcode>soapenv:Server</faultcode><faultstring>Erreur technique (référence ";
    let (_, rest) = text.split_once(start).unwrap_or_else(|| panic!("{text}"));
    let (reference, _) = rest.split_once(")</faultstring>").unwrap();
    assert_eq!(reference.len(), 36, "{reference}");
    for secret in ["Secret-Word-1", "127.0.0.1", "detail"] {
        assert!(!text.contains(secret), "{text}");
    }
}

#[tokio::test]
async fn a_client_that_closes_is_told_that_the_connection_closes() {
    let address = open(config()).await;
    let body = envelope("<op/>");
    let mut stream = tokio::net::TcpStream::connect(address).await.unwrap();
    let request = format!(
        "POST {PATH} HTTP/1.1\r\nHost: {address}\r\nContent-Type: text/xml\r\nConnection: close\r\n\
         Content-Length: {}\r\n\r\n{body}",
        body.len()
    );
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 500 "), "{answer}");
    assert!(
        answer.to_ascii_lowercase().contains("\r\nconnection: close\r\n"),
        "{answer}"
    );
    assert!(answer.ends_with("</soapenv:Envelope>\n"), "{answer}");
}

#[tokio::test]
async fn it_stops_when_it_is_told_to() {
    let bound = soap::bind(config()).await.unwrap();
    let address = bound.address();
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let running = tokio::spawn(bound.run(async move { stopped.await.unwrap_or_default() }));
    assert_eq!(
        ask(address, Method::GET, "/healthz").await.status(),
        StatusCode::OK
    );
    stop.send(()).unwrap();
    running.await.unwrap().unwrap();
    assert!(tokio::net::TcpStream::connect(address).await.is_err());
}

/// Fault P6: a wrong setting is named before anything listens.
#[tokio::test]
async fn settings_that_cannot_be_used_are_named() {
    let refusal = |config: SoapConfig| async { soap::bind(config).await.unwrap_err() };
    let mut open_to_all = config();
    open_to_all.listen = "0.0.0.0:0".parse().unwrap();
    assert!(matches!(refusal(open_to_all).await, BindError::PlainHttp(_)));

    let mut without_certificate = config();
    without_certificate.tls = Some(TlsFiles {
        cert: "/nowhere/cert.pem".into(),
        key: "/nowhere/key.pem".into(),
    });
    let error = refusal(without_certificate).await;
    assert!(
        matches!(&error, BindError::Pem { path, .. } if path == "/nowhere/cert.pem"),
        "{error}"
    );

    let mut without_address = config();
    without_address.api_url = "127.0.0.1".into();
    assert!(matches!(refusal(without_address).await, BindError::Client(_)));

    for siren in ["", "12345678", "1234567890", "12345678a", "123 456 782"] {
        let mut nobody = config();
        nobody.supplier_siren = Some(siren.to_owned());
        assert!(matches!(refusal(nobody).await, BindError::SupplierSiren(given) if given == siren));
    }
    for namespace in ["", "v1", "http://a b", " urn:a", "urn:é"] {
        let mut nowhere = config();
        nowhere.namespace = namespace.to_owned();
        assert!(matches!(refusal(nowhere).await, BindError::Namespace(given) if given == namespace));
    }
    for url in [
        "",
        "ws.example.org",
        "ftp://ws.example.org",
        "https://",
        "https://ws.example.org /x",
    ] {
        let mut nowhere = config();
        nowhere.public_url = Some(url.to_owned());
        assert!(
            matches!(refusal(nowhere).await, BindError::PublicUrl(given) if given == url),
            "{url}"
        );
    }
    let mut without_words = config();
    without_words.vocabulary = Some("/nowhere/words.toml".into());
    let error = refusal(without_words).await;
    assert!(matches!(&error, BindError::Vocabulary(_)), "{error}");
    let mut without_codes = config();
    without_codes.return_codes = Some("/nowhere/codes.toml".into());
    let error = refusal(without_codes).await;
    assert!(matches!(&error, BindError::Vocabulary(_)), "{error}");

    let mut without_both = config();
    without_both.vocabulary = Some("/nowhere/words.toml".into());
    without_both.return_codes = Some("/nowhere/codes.toml".into());
    let error = refusal(without_both).await;
    assert!(
        matches!(&error, BindError::Settings(faults) if faults.len() == 2),
        "{error}"
    );

    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let mut twice = config();
    twice.listen = taken.local_addr().unwrap();
    assert!(matches!(refusal(twice).await, BindError::Listen { .. }));
}
