//! The pages that say what there is: made once for all workers, and never again for a request.

use actix_web::{
    HttpRequest, HttpResponse,
    http::header,
    web::{self, Bytes, Data, Path, ServiceConfig},
};
use pulldown_cmark::{Options, Parser};
use sha2::{Digest, Sha256};
use utoipa::openapi::OpenApi;
use utoipa_swagger_ui::{Config, SwaggerUi};

use crate::{
    header::prefers,
    refusal::{KINDS, NOT_FOUND, Refusal},
};

/// The list of all problems.
const ERRORS: &str = include_str!("../../../docs/errors.md");

/// The page of the reference: Swagger UI with a sign-in above it.
const REFERENCE: &str = include_str!("../pages/reference.html");
const REFERENCE_SCRIPT: &str = include_str!("../pages/reference.js");
const REFERENCE_STYLE: &str = include_str!("../pages/reference.css");
/// What the pages under `/docs/` may load and do: nothing of anybody else, and no script that stands in them.
pub(crate) const REFERENCE_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; \
                                connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// What `GET /` says to who came without knowing where to.
const WELCOME: &str = "Guichet\n\nREST API    /v1\nreference   /docs/\ncontract    /openapi.json\nerrors      \
                       /docs/errors\nalive?      /healthz\nready?      /readyz\n";

/// The contract as it is served. Clones share the bytes.
#[derive(Clone)]
pub(crate) struct Contract {
    json: Bytes,
    tag: String,
}

impl Contract {
    /// Writes the contract.
    ///
    /// # Errors
    /// When it cannot be written as JSON.
    pub(crate) fn of(contract: &OpenApi) -> Result<Contract, serde_json::Error> {
        let json = serde_json::to_vec(contract)?;
        let digest = Sha256::digest(&json);
        let short: String = digest.iter().take(16).map(|byte| format!("{byte:02x}")).collect();
        Ok(Contract {
            json: json.into(),
            tag: format!("\"{short}\""),
        })
    }
}

/// Registers the pages.
pub(crate) fn register(config: &mut ServiceConfig) {
    config
        .route("/", web::get().to(welcome))
        .route("/docs", web::get().to(to_reference))
        .route("/docs/", web::get().to(reference))
        .route("/docs/reference.js", web::get().to(reference_script))
        .route("/docs/reference.css", web::get().to(reference_style))
        .route("/docs/errors", web::get().to(errors))
        .route("/docs/errors/{code}", web::get().to(error))
        .route("/openapi.json", web::get().to(contract))
        .route("/docs/openapi.json", web::get().to(contract))
        .service(SwaggerUi::new("/docs/{_:.*}").config(Config::new(["/openapi.json"])));
}

/// People who open the address see the reference; programs see where things are.
async fn welcome() -> HttpResponse {
    HttpResponse::SeeOther()
        .insert_header((header::LOCATION, "/docs/"))
        .content_type("text/plain; charset=utf-8")
        .body(WELCOME)
}

async fn to_reference() -> HttpResponse {
    HttpResponse::SeeOther()
        .insert_header((header::LOCATION, "/docs/"))
        .finish()
}

async fn reference() -> HttpResponse {
    page("text/html; charset=utf-8", REFERENCE)
}

async fn reference_script() -> HttpResponse {
    page("text/javascript; charset=utf-8", REFERENCE_SCRIPT)
}

async fn reference_style() -> HttpResponse {
    page("text/css; charset=utf-8", REFERENCE_STYLE)
}

fn page(content_type: &str, text: &'static str) -> HttpResponse {
    HttpResponse::Ok()
        .content_type(content_type)
        .insert_header((header::CACHE_CONTROL, "no-cache"))
        .body(text)
}

async fn errors(request: HttpRequest) -> HttpResponse {
    written(&request, ERRORS)
}

/// The page that the `type` of a problem leads to.
async fn error(request: HttpRequest, code: Path<String>) -> Result<HttpResponse, Refusal> {
    // Links between the pages are those of the files.
    let code = code.strip_suffix(".md").unwrap_or(&code);
    let kind = KINDS.iter().find(|kind| kind.code == code);
    let kind = kind.ok_or_else(|| Refusal::new(&NOT_FOUND))?;
    Ok(written(&request, kind.page))
}

/// A page in Markdown: as it stands, or as HTML for whom asks for that.
fn written(request: &HttpRequest, page: &str) -> HttpResponse {
    let mut answer = HttpResponse::Ok();
    let answer = answer.insert_header((header::VARY, "Accept"));
    if !prefers(request.headers(), "text/html", &["text/markdown"]) {
        return answer
            .content_type("text/markdown; charset=utf-8")
            .body(page.to_owned());
    }
    let title = page.lines().next().unwrap_or_default().trim_start_matches("# ");
    let mut html = format!(
        "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\">\
         <title>{title}</title><link rel=\"stylesheet\" href=\"/docs/reference.css\"><main class=\"text\">"
    );
    pulldown_cmark::html::push_html(&mut html, Parser::new_ext(page, Options::ENABLE_TABLES));
    answer
        .content_type("text/html; charset=utf-8")
        .body(html + "</main></html>")
}

async fn contract(request: HttpRequest) -> HttpResponse {
    let Some(contract) = request.app_data::<Data<Contract>>() else {
        return HttpResponse::InternalServerError().finish();
    };
    HttpResponse::Ok()
        .content_type("application/json")
        // To be kept, and asked for again with the tag.
        .insert_header((header::CACHE_CONTROL, "no-cache"))
        .insert_header((header::ETAG, contract.tag.clone()))
        .body(contract.json.clone())
}
