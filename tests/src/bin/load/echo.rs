//! The reference: the same web server, which reads the same body behind the same check of the token, and answers it.
//! It runs as a process of its own, as the server does.

use std::{
    collections::HashSet,
    env,
    io::{BufRead, BufReader, Write},
    net::{SocketAddr, TcpListener},
    process::{Child, Command, Stdio},
};

use actix_web::{App, HttpRequest, HttpResponse, HttpServer, http::header, web};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use parking_lot::RwLock;
use serde_json::Value;
use sha2::{Digest, Sha256};

/// An echo under way. Dropping it ends it.
pub(crate) struct Echo {
    child: Child,
    address: SocketAddr,
}

impl Echo {
    /// Where it listens.
    #[must_use]
    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }
}

impl Drop for Echo {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Starts an echo for the tokens of this key. One that remembers verifies each token once, as our server does.
#[must_use]
pub(crate) fn start(public_key: &str, token: &str, remembers: bool) -> Echo {
    let claims = token.split('.').nth(1).unwrap();
    let claims: Value = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(claims).unwrap()).unwrap();
    let text = |name: &str| claims[name].as_str().unwrap().to_owned();
    let mut child = Command::new(env::current_exe().unwrap())
        .args([
            "echo",
            public_key,
            &text("iss"),
            &text("aud"),
            if remembers { "remembers" } else { "verifies" },
        ])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap())
        .read_line(&mut line)
        .unwrap();
    Echo {
        child,
        address: line.trim().parse().unwrap(),
    }
}

/// The check of a token.
struct Check {
    key: DecodingKey,
    validation: Validation,
    remembered: Option<RwLock<HashSet<[u8; 32]>>>,
}

impl Check {
    fn holds(&self, token: &str) -> bool {
        let Some(remembered) = &self.remembered else {
            return self.verifies(token);
        };
        let digest: [u8; 32] = Sha256::digest(token.as_bytes()).into();
        if remembered.read().contains(&digest) {
            return true;
        }
        let verified = self.verifies(token);
        if verified {
            remembered.write().insert(digest);
        }
        verified
    }

    fn verifies(&self, token: &str) -> bool {
        jsonwebtoken::decode::<Value>(token, &self.key, &self.validation).is_ok()
    }
}

/// Serves until it is killed.
pub(crate) fn serve(arguments: Vec<String>) {
    let [public_key, issuer, audience, memory] = <[String; 4]>::try_from(arguments).unwrap();
    let mut validation = Validation::new(Algorithm::EdDSA);
    validation.set_issuer(&[issuer]);
    validation.set_audience(&[audience]);
    let check = web::Data::new(Check {
        key: DecodingKey::from_ed_components(&public_key).unwrap(),
        validation,
        remembered: (memory == "remembers").then(RwLock::default),
    });
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    println!("{}", listener.local_addr().unwrap());
    std::io::stdout().flush().unwrap();
    let app = move || {
        App::new()
            .app_data(check.clone())
            .route("/v1/tickets", web::post().to(echo))
    };
    let served = async { HttpServer::new(app).listen(listener)?.run().await };
    actix_web::rt::System::new().block_on(served).unwrap();
}

async fn echo(request: HttpRequest, body: web::Bytes, check: web::Data<Check>) -> HttpResponse {
    let shown = request
        .headers()
        .get(header::AUTHORIZATION)
        .and_then(|value| value.to_str().ok());
    if !shown
        .and_then(|shown| shown.strip_prefix("Bearer "))
        .is_some_and(|token| check.holds(token))
    {
        return HttpResponse::Unauthorized().finish();
    }
    match serde_json::from_slice::<Value>(&body) {
        Ok(body) => HttpResponse::Created().json(body),
        Err(_) => HttpResponse::BadRequest().finish(),
    }
}
